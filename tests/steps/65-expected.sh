#!/bin/bash
# The independent scripts agree with the stated values of the public data, and an altered copy is
# reproducible and gives other answers. Needs the shared data and python3; no program is run here.
. tests/step.sh

SHARED=${ZH_SHARED:-../shared}
EXPECTED=tests/fixture/expected
if [ ! -d "$SHARED/data" ]; then
    echo "skipped: no public data in $SHARED"
    finish
fi
export PYTHONDONTWRITEBYTECODE=1

check "answers of the public data" sh -c "python3 $EXPECTED/compute.py '$SHARED/data' >'$STEP_DIR/answers'"
python3 $EXPECTED/agree.py $EXPECTED/published.json "$STEP_DIR/answers" >"$STEP_DIR/agree"
grep -v ' passed, ' "$STEP_DIR/agree"
if [[ $(tail -n 1 "$STEP_DIR/agree") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    STEP_PASSED=$((STEP_PASSED + BASH_REMATCH[1]))
    STEP_FAILED=$((STEP_FAILED + BASH_REMATCH[2]))
else
    bad "comparison with the stated values" "$STEP_DIR/agree"
fi

# Small sets are enough here; the whole copy is made where the program reads it.
for set in cn-uscc cn-samr-food-summary cn-food-noncompliance us-recalls eu-rasff; do
    mkdir -p "$STEP_DIR/some"
    ln -s "$(realpath "$SHARED/data/$set")" "$STEP_DIR/some/$set"
done
check "an altered copy" sh -c "python3 $EXPECTED/alter.py '$STEP_DIR/some' '$STEP_DIR/one' 7 >'$STEP_DIR/list'"
check "the same copy again" sh -c "python3 $EXPECTED/alter.py '$STEP_DIR/some' '$STEP_DIR/two' 7"
check "equal for the same seed" diff -r "$STEP_DIR/one" "$STEP_DIR/two"
check "answers of the copy" sh -c "python3 $EXPECTED/compute.py '$STEP_DIR/one' >'$STEP_DIR/other'"
if cmp -s "$STEP_DIR/answers" "$STEP_DIR/other"; then
    bad "the altered copy gives the same answers"
else
    ok
fi
finish
