#!/bin/bash
# The pages in a real browser: journeys of an analyst, a leader and a newcomer; every page wide and on
# a phone, light and dark, at 200 % and on paper, with axe; every page that can be reached, in English.
# Data are those of `zhiheng demo`.
# ZH_SHOTS=1 writes the pictures of doc/shots; ZH_E2E_URL takes a server that is already running.
. tests/step.sh
. tool/packages.sh

folder=$STEP_DIR/work
mkdir "$folder"
SERVER=""
# Waited for, lest the shell says "Killed" after the closing line.
trap '[ -z "$SERVER" ] || { kill "$SERVER" && wait "$SERVER"; } 2>/dev/null; rm -rf "$STEP_DIR"' EXIT

# A node that is there is used from 18 on; the pinned packages run on it.
node_is_new() {
    [ "$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)" -ge 18 ]
}
check "chromium and poppler" install_missing chromium fonts-noto-cjk poppler-utils
node_is_new || check "node" install_missing nodejs npm
# They are kept outside the tree that the checks of the source read.
packages() {
    local to=build/e2e
    cmp -s tests/e2e/package-lock.json $to/node_modules/.pinned && return
    mkdir -p $to && cp tests/e2e/package.json tests/e2e/package-lock.json $to &&
        (cd $to && npm ci --ignore-scripts --no-audit --no-fund) &&
        cp tests/e2e/package-lock.json $to/node_modules/.pinned
}
check "packages of package-lock.json" packages

serve() {
    local i program=build/release-gcc/zhiheng
    check "release build" build release all
    check "data of the demo" "$program" demo --data "$STEP_DIR/data" --no-serve
    "$program" demo --data "$STEP_DIR/data" --listen 127.0.0.1:0 \
        >"$STEP_DIR/serve.out" 2>"$STEP_DIR/serve.err" &
    SERVER=$!
    for i in $(seq 1200); do
        URL=$(sed -n 's/^质衡：\(http:.*\)\/$/\1/p' "$STEP_DIR/serve.out")
        [ -z "$URL" ] || return 0
        kill -0 "$SERVER" 2>/dev/null || break
        sleep 0.05
    done
    bad "the server starts" "$STEP_DIR/serve.err"
    finish
}
URL=${ZH_E2E_URL:-}
[ -n "$URL" ] || serve

sample=build/release-gcc/tests/proof/sample
check "build of the sample proofs" build release $sample
check "sample proofs" $sample "$folder/proof" 40
check "the workbook" python3 -B tests/e2e/workbook.py "$folder"
# What the command said, and its counts.
part() {
    local name=$1 closing
    shift
    "$@" >"$STEP_DIR/said" 2>&1
    closing=$(tail -n 1 "$STEP_DIR/said")
    if [[ $closing =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
        sed '$d' "$STEP_DIR/said"
        STEP_PASSED=$((STEP_PASSED + BASH_REMATCH[1]))
        STEP_FAILED=$((STEP_FAILED + BASH_REMATCH[2]))
    else
        bad "$name ended without their closing line" "$STEP_DIR/said"
    fi
}
part "the browser tests" env NODE_PATH="$PWD/build/e2e/node_modules" node tests/e2e/main.mjs "$URL" "$folder"
part "the English pages" python3 -B tests/e2e/english.py "$URL"
finish
