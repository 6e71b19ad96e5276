#!/bin/bash
# A recorded sequence of writes and syncs, cut at 24 points spread over it; with ZH_LONG=1 at every
# point. cut.py says what must hold.
. tests/step.sh

points=$([ "${ZH_LONG:-0}" = 1 ] && echo 0 || echo 24)
program=build/release-gcc/zhiheng
writes=build/release-gcc/tests/load/writes
sealer=build/release-gcc/tests/ledger/sealer
if ! build release all "$writes" "$sealer" >"$STEP_DIR/build" 2>&1 ||
    ! gcc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -shared -fPIC -O1 -o "$STEP_DIR/record.so" \
        tests/order/record.c >>"$STEP_DIR/build" 2>&1; then
    bad "build" "$STEP_DIR/build"
    finish
fi
python3 -B tests/order/cut.py "$program" "$writes" "$sealer" "$STEP_DIR/record.so" "$STEP_DIR" "$points" \
    >"$STEP_DIR/said" 2>&1
closing=$(tail -n 1 "$STEP_DIR/said")
if [[ $closing =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    sed '$d' "$STEP_DIR/said" | head -n 60
    STEP_PASSED=${BASH_REMATCH[1]}
    STEP_FAILED=${BASH_REMATCH[2]}
else
    bad "cut.py ended without its closing line" "$STEP_DIR/said"
fi
finish
