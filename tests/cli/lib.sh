# shellcheck shell=bash
# What the tests of the program's outside share. Sourced after tests/step.sh.
#
#   run ARGS...          runs the program; its output is in $OUT, $ERR, its exit code in $CODE
#   expect NAME CODE ARGS...   runs it and checks the exit code
#   has NAME TEXT        the last output (stdout or stderr) contains the text
#   json NAME PYTHON     the last stdout is JSON; the expression over `d` is true

build_program() {
    local mode=${ZH_MODE:-asan} compiler
    compiler=$(basename "${CC:-gcc}")
    check "build ($mode)" build "$mode" \
        "build/$mode-$compiler/zhiheng"
    ZHIHENG=$PWD/build/$mode-$compiler/zhiheng
    [ -x "$ZHIHENG" ] || finish
    # fontconfig keeps what it parsed of its configuration, cairo 1.16 an array per embedded font.
    printf 'leak:libfontconfig\nleak:libcairo\n' >"$STEP_DIR/suppressions"
    export LSAN_OPTIONS=suppressions=$STEP_DIR/suppressions:print_suppressions=0
    export ASAN_OPTIONS=detect_leaks=1:exitcode=99 UBSAN_OPTIONS=print_stacktrace=1:exitcode=99
}

OUT=$STEP_DIR/stdout
ERR=$STEP_DIR/stderr

run() {
    timeout 120 "$ZHIHENG" "$@" >"$OUT" 2>"$ERR" </dev/null
    CODE=$?
}

expect() {
    local name=$1 code=$2
    shift 2
    run "$@"
    if [ "$CODE" = "$code" ]; then
        ok
    else
        { echo "exit $CODE, expected $code: zhiheng $*"; cat "$OUT" "$ERR"; } >"$STEP_DIR/why"
        bad "$name" "$STEP_DIR/why"
    fi
}

has() {
    if grep -qF -- "$2" "$OUT" "$ERR"; then
        ok
    else
        { echo "lacks: $2"; cat "$OUT" "$ERR"; } >"$STEP_DIR/why"
        bad "$1" "$STEP_DIR/why"
    fi
}

json() {
    if python3 -ISB -c '
import json, sys
d = json.load(open(sys.argv[1]))
sys.exit(0 if eval(sys.argv[2]) else 1)' "$OUT" "$2" >"$STEP_DIR/python" 2>&1; then
        ok
    else
        { echo "not: $2"; cat "$OUT" "$ERR" "$STEP_DIR/python"; } >"$STEP_DIR/why"
        bad "$1" "$STEP_DIR/why"
    fi
}
