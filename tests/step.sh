# shellcheck shell=bash
# Counting for the steps of ./test. Sourced by every step.
#
#   ok NAME            counts a pass
#   bad NAME [FILE]    counts a failure and shows the file that explains it
#   check NAME CMD...  runs a command; its output is shown only when it fails
#   build MODE TARGET...  make, one at a time in a mode: steps run beside each other
#   finish             prints the closing line that ./test sums, and exits

set -uo pipefail
STEP_PASSED=0
STEP_FAILED=0
STEP_DIR=$(mktemp -d)
trap 'rm -rf "$STEP_DIR"' EXIT
# shellcheck disable=SC2034  # for the steps
JOBS=$(nproc)

ok() {
    STEP_PASSED=$((STEP_PASSED + 1))
}

bad() {
    STEP_FAILED=$((STEP_FAILED + 1))
    echo "FAILED: $1"
    [ $# -lt 2 ] || tail -n 60 "$2" | sed 's/^/    /'
}

check() {
    local name=$1
    shift
    if "$@" >"$STEP_DIR/output" 2>&1; then
        ok "$name"
    else
        bad "$name" "$STEP_DIR/output"
    fi
}

build() {
    local mode=$1
    shift
    mkdir -p build
    flock "build/$mode-$(basename "${CC:-gcc}").lock" \
        make -j"$JOBS" -s --no-print-directory MODE="$mode" "$@"
}

finish() {
    echo "$STEP_PASSED passed, $STEP_FAILED failed"
    [ "$STEP_FAILED" = 0 ]
    exit
}
