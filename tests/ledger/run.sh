#!/bin/bash
# The ledger cannot be changed unnoticed and loses nothing: attacks (attack.py), 50 kills at its
# numbered steps and at random, 1,000 with ZH_LONG=1 (kill.py).
. tests/step.sh

kills=$([ "${ZH_LONG:-0}" = 1 ] && echo 1000 || echo 50)
program=build/release-gcc/zhiheng
sealer=build/release-gcc/tests/ledger/sealer
if ! build release all "$sealer" >"$STEP_DIR/build" 2>&1; then
    bad "release build" "$STEP_DIR/build"
    finish
fi
# A clock that can be set back for one program.
gcc -shared -fPIC -O1 -x c -o "$STEP_DIR/clock.so" - <<'C'
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t clock, struct timespec *out)
{
    const char *shift = getenv("SHIFT_SECONDS");
    int rc = (int)syscall(SYS_clock_gettime, clock, out);
    out->tv_sec += clock == CLOCK_REALTIME && shift ? atol(shift) : 0;
    return rc;
}
C

tally() { # NAME COMMAND...: its last line is "N passed, N failed"
    local closing
    "${@:2}" >"$STEP_DIR/said" 2>&1
    closing=$(tail -n 1 "$STEP_DIR/said")
    if [[ $closing =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
        sed '$d' "$STEP_DIR/said"
        STEP_PASSED=$((STEP_PASSED + BASH_REMATCH[1]))
        STEP_FAILED=$((STEP_FAILED + BASH_REMATCH[2]))
    else
        bad "$1 ended without its closing line" "$STEP_DIR/said"
    fi
}

mkdir "$STEP_DIR/attacks" "$STEP_DIR/kills"
tally attack.py python3 -B tests/ledger/attack.py "$program" "$STEP_DIR/attacks" "$STEP_DIR/clock.so"
tally kill.py python3 -B tests/ledger/kill.py "$program" "$sealer" "$STEP_DIR/kills" "$kills"
finish
