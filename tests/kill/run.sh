#!/bin/bash
# Nothing acknowledged is lost and nothing is doubled when the program is killed at any instant: 50
# kills, 600 with ZH_LONG=1. tests/kill/kill.py says what is checked.
. tests/step.sh

kills=$([ "${ZH_LONG:-0}" = 1 ] && echo 600 || echo 50)
program=build/release-gcc/zhiheng
writes=build/release-gcc/tests/load/writes
if ! build release all "$writes" >"$STEP_DIR/build" 2>&1; then
    bad "release build" "$STEP_DIR/build"
    finish
fi
python3 -B tests/kill/kill.py "$program" "$writes" "$STEP_DIR" "$kills" >"$STEP_DIR/said" 2>&1
closing=$(tail -n 1 "$STEP_DIR/said")
if [[ $closing =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    sed '$d' "$STEP_DIR/said"
    STEP_PASSED=${BASH_REMATCH[1]}
    STEP_FAILED=${BASH_REMATCH[2]}
else
    bad "kill.py ended without its closing line" "$STEP_DIR/said"
fi
finish
