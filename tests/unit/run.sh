#!/bin/bash
# Unit tests under AddressSanitizer and UndefinedBehaviorSanitizer; every single test counts.
# ZH_MODE (asan) and CC choose another build; arguments choose tests (tests/unit/test_x.c ...).
. tests/step.sh

mode=${ZH_MODE:-asan}
compiler=$(basename "${CC:-gcc}")
[ $# -gt 0 ] || set -- tests/unit/test_*.c
programs=("${@%.c}")
if ! build "$mode" \
    "${programs[@]/#/build/$mode-$compiler/}" >"$STEP_DIR/build" 2>&1; then
    bad "build of the unit tests ($mode)" "$STEP_DIR/build"
    finish
fi
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1

limit=${ZH_UNIT_TIMEOUT:-$([ "${ZH_LONG:-0}" = 1 ] && echo 10800 || echo 300)}
run_one() {
    timeout "$limit" "build/$mode-$compiler/tests/unit/$1" >"$STEP_DIR/$1.output" 2>&1
    echo $? >"$STEP_DIR/$1.status"
}

# cmocka ends with "[  PASSED  ] N test(s)." and, when some failed, "[  FAILED  ] N test(s)...".
count() {
    sed -n "s/^\[  $1  \] \([0-9]*\) test(s).*/\1/p" "$STEP_DIR/$2.output" | tail -n 1
}

report_one() {
    local name=$1 status passed failed
    status=$(cat "$STEP_DIR/$name.status")
    passed=$(count PASSED "$name")
    failed=$(count FAILED "$name")
    if [ "$status" = 0 ] && [ "${passed:-0}" -gt 0 ] && [ "${failed:-0}" = 0 ]; then
        STEP_PASSED=$((STEP_PASSED + passed))
        # What a test says about being skipped or about its seed stays visible.
        grep -E '^(skipped|seed)' "$STEP_DIR/$name.output" | sort -u | sed "s/^/$name: /"
    else
        # A crash (a sanitizer report, say) is one failure, whatever was counted before it.
        failed=$((${failed:-0} > 0 ? failed : 1))
        STEP_PASSED=$((STEP_PASSED + ${passed:-0}))
        STEP_FAILED=$((STEP_FAILED + failed))
        echo "FAILED: $name ($failed tests, exit $status)"
        tail -n 60 "$STEP_DIR/$name.output" | sed 's/^/    /'
    fi
}

# Two at a time: they wait for the database's disk as long as they compute.
for source in "$@"; do
    while [ "$(jobs -rp | wc -l)" -ge 2 ]; do
        wait -n
    done
    run_one "$(basename "$source" .c)" &
done
wait
for source in "$@"; do
    report_one "$(basename "$source" .c)"
done
finish
