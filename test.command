#!/bin/bash
# Tests of 质衡.
#
#   ./test                everything, under 15 minutes; the last line is "N passed, N failed"
#   ./test long           the same steps at full size (ZH_LONG=1), hours; see doc/testing.md
#   ./test only NAME      one step, for example "./test only unit"
#   ./test vectors DIR    runs the test vectors below DIR
#
# A step is an executable tests/steps/NN-NAME.sh or tests/NAME/run.sh. It runs in the root of the
# tree, says what failed, and its last line is "N passed, N failed". Its environment:
# ZH_TEST_PG_URL, an empty PostgreSQL 15; ZH_SHARED, the shared data; ZH_LONG, 1 in the long run.
set -uo pipefail
cd "$(dirname "$0")" || exit 1

. tool/packages.sh
# shellcheck disable=SC2086  # lists of words
install_missing $BUILD_PACKAGES ${TEST_PACKAGES} || exit 1

if [ "${1:-}" = vectors ]; then
    [ $# = 2 ] || { echo "usage: ./test vectors DIR" >&2; exit 2; }
    make -j"$(nproc)" -s --no-print-directory MODE=release >&2 || exit 1
    exec build/vectors "$2"
fi

only=""
case "${1:-}" in
"") ;;
long) export ZH_LONG=1 ;;
only) only=${2:?"usage: ./test only NAME"} ;;
*) sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
export ZH_LONG=${ZH_LONG:-0} ZH_SHARED=${ZH_SHARED:-../shared}
export LC_ALL=C.UTF-8
step_seconds=$([ "$ZH_LONG" = 1 ] && echo 86400 || echo 900)

. tests/pg/cluster.sh
log=$(mktemp)
trap 'pg_stop; rm -f "$log"' EXIT
trap 'exit 130' INT TERM

passed=0
failed=0
begun=$SECONDS

# name_of tests/steps/10-source.sh: source; of tests/unit/run.sh: unit
name_of() {
    local name
    case $1 in
    tests/steps/*) name=$(basename "$1" .sh); echo "${name#[0-9][0-9]-}" ;;
    *) basename "$(dirname "$1")" ;;
    esac
}

run_step() {
    local step=$1 name since=$SECONDS status closing
    name=$(name_of "$step")
    echo "== $name"
    timeout -k 10 "$step_seconds" "$step" 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    closing=$(tail -n 1 "$log")
    if [[ $closing =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed(,\ .*)?$ ]]; then
        passed=$((passed + BASH_REMATCH[1]))
        failed=$((failed + BASH_REMATCH[2]))
        # A step that ends badly without counting a failure is one.
        if [ "$status" != 0 ] && [ "${BASH_REMATCH[2]}" = 0 ]; then
            echo "FAILED: $name ended with exit $status"
            failed=$((failed + 1))
        fi
    else
        echo "FAILED: $name ended (exit $status) without its closing line"
        failed=$((failed + 1))
    fi
    echo "-- $name: $((SECONDS - since)) s"
}

if ! pg_start; then
    echo "FAILED: no PostgreSQL for the tests"
    failed=$((failed + 1))
fi
found=0
for step in tests/steps/*.sh tests/*/run.sh; do
    [ -x "$step" ] || continue
    [ -z "$only" ] || [ "$only" = "$(name_of "$step")" ] || continue
    found=$((found + 1))
    run_step "$step"
done
if [ "$found" = 0 ]; then
    echo "FAILED: no step${only:+ named $only}"
    failed=$((failed + 1))
fi
echo "time: $((SECONDS - begun)) s"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
