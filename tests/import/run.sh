#!/bin/bash
# Imports through the browser's door: a real server, real multipart posts, numbers read from pages.
. tests/step.sh
. tests/cli/lib.sh
build_program
python3 tests/import/wizard.py "$ZHIHENG" "$STEP_DIR" >"$STEP_DIR/wizard" 2>&1
code=$?
sed '$d' "$STEP_DIR/wizard"
STEP_PASSED=$((STEP_PASSED + $(tail -n 1 "$STEP_DIR/wizard" | sed -n 's/^\([0-9]*\) passed.*/\1/p' | grep . || echo 0)))
[ "$code" = 0 ] || bad "import wizard" "$STEP_DIR/wizard"
finish
