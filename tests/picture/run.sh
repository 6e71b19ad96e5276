#!/bin/bash
# The pictures of the method sheets are what their program draws, and every sheet has one that exists.
. tests/step.sh

picture=build/release-gcc/tests/picture/picture
if ! build release all $picture >"$STEP_DIR/build" 2>&1; then
    bad "build" "$STEP_DIR/build"
    finish
fi
for name in distributions survey scan scorecard indices numeric; do
    $picture "$name" >"$STEP_DIR/$name.svg" 2>"$STEP_DIR/error" || bad "$name" "$STEP_DIR/error"
    check "$name is as drawn" cmp "$STEP_DIR/$name.svg" "doc/engine/picture/$name.svg"
done
for sheet in doc/engine/*.md; do
    drawn=$(grep -oE 'picture/[a-z-]+\.svg' "$sheet" | sort -u)
    if [ -z "$drawn" ]; then
        echo "$sheet has no picture" >"$STEP_DIR/none"
        bad "$sheet" "$STEP_DIR/none"
    fi
    for file in $drawn; do
        check "$sheet: $file" test -s "doc/engine/$file"
    done
done
finish
