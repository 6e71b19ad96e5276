#!/bin/bash
# Time limits of the program against a second implementation in another language, written from the
# rule sheets (tests/clocks/rules.py): 5,000 random cases, 200,000 in ./test long. ZH_SEED repeats a
# run.
. tests/step.sh

replay=build/release-gcc/tests/clocks/replay
if ! build release "$replay" >"$STEP_DIR/build" 2>&1; then
    bad "release build" "$STEP_DIR/build"
    finish
fi
export PYTHONDONTWRITEBYTECODE=1
cases=5000
[ "${ZH_LONG:-0}" = 1 ] && cases=200000
for round in 1 2 3 4 5; do
    seed=${ZH_SEED:-$((RANDOM * 32768 + RANDOM))}
    python3 tests/clocks/compare.py "$replay" packs/foundation/calendar/cn.txt "$STEP_DIR/$round" \
        "$((cases / 5))" "$seed" >"$STEP_DIR/said" 2>&1
    if [[ $(tail -n 1 "$STEP_DIR/said") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
        STEP_PASSED=$((STEP_PASSED + BASH_REMATCH[1]))
        STEP_FAILED=$((STEP_FAILED + BASH_REMATCH[2]))
        [ "${BASH_REMATCH[2]}" = 0 ] && grep '^seed' "$STEP_DIR/said" || cat "$STEP_DIR/said"
    else
        bad "comparison, seed $seed" "$STEP_DIR/said"
    fi
done
finish
