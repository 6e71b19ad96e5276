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

# cmocka ends with "[  PASSED  ] N test(s)." and, when some failed, "[  FAILED  ] N test(s)...".
count() {
    sed -n "s/^\[  $1  \] \([0-9]*\) test(s).*/\1/p" "$STEP_DIR/output" | tail -n 1
}

for source in "$@"; do
    name=$(basename "$source" .c)
    timeout "${ZH_UNIT_TIMEOUT:-$([ "${ZH_LONG:-0}" = 1 ] && echo 3600 || echo 300)}" "build/$mode-$compiler/tests/unit/$name" \
        >"$STEP_DIR/output" 2>&1
    status=$?
    passed=$(count PASSED)
    failed=$(count FAILED)
    if [ "$status" = 0 ] && [ "${passed:-0}" -gt 0 ] && [ "${failed:-0}" = 0 ]; then
        STEP_PASSED=$((STEP_PASSED + passed))
        # What a test says about being skipped or about its seed stays visible.
        grep -E '^(skipped|seed)' "$STEP_DIR/output" | sed "s/^/$name: /"
    else
        # A crash (a sanitizer report, say) is one failure, whatever was counted before it.
        failed=$((${failed:-0} > 0 ? failed : 1))
        STEP_PASSED=$((STEP_PASSED + ${passed:-0}))
        STEP_FAILED=$((STEP_FAILED + failed))
        echo "FAILED: $name ($failed tests, exit $status)"
        tail -n 60 "$STEP_DIR/output" | sed 's/^/    /'
    fi
done
finish
