#!/bin/bash
# The outside programs: zhiheng-verify and the browser's verifier accept what a log hands out and
# refuse every single change of it, without any database code; zhiheng-witness is played against by an
# independent client.
. tests/step.sh

sample=build/release-gcc/tests/proof/sample
verify=build/zhiheng-verify
witness=build/zhiheng-witness
if ! build release all $sample >"$STEP_DIR/build" 2>&1; then
    bad "build" "$STEP_DIR/build"
    finish
fi
at=$STEP_DIR/log
check "sample" $sample "$at" 700

# ---- what they are linked with ----
for program in $verify $witness; do
    ldd $program >"$STEP_DIR/libraries"
    nm -D --undefined-only $program >>"$STEP_DIR/libraries"
    nm $program | grep -iE 'sqlite3_|PQexec|zh_store_|zh_conn_' >>"$STEP_DIR/libraries"
    if grep -qiE 'sqlite|libpq|PQconnect|zh_store_|zh_conn_' "$STEP_DIR/libraries"; then
        bad "$program has database code" "$STEP_DIR/libraries"
    else
        ok
    fi
done
if ldd $verify | grep -qE 'microhttpd|libssl|libcurl' || nm -D $verify | grep -qwE 'connect|socket'; then
    bad "$verify can speak to a network"
else
    ok
fi

# ---- zhiheng-verify: what holds ----
policy=(--policy "$at/policy")
check "proof and disclosure" $verify "${policy[@]}" "$at/0.json" "$at/0.tlog-proof"
check "the last record" $verify "${policy[@]}" "$at/699.json" "$at/699.tlog-proof"
check "both in one file, then the proof alone" $verify "${policy[@]}" "$at/both.json" "$at/350.tlog-proof"
check "both in one file" $verify "${policy[@]}" --show "$at/both.json"
check "figure" $verify "${policy[@]}" --show "$at/sample.figure.json"
check "log" $verify "${policy[@]}" "$at/pub"
check "log by its key alone" $verify --key "@$at/log.key" "$at/pub"
check "witness by number" $verify --key "@$at/log.key" --key "@$at/witness.key" --witnesses 1 "$at/pub"
check "国密 log and twin" $verify --key "@$at/log.key" --key "@$at/gm.key" "$at/pub" --twin "$at/gm"
entry=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["entry"])' "$at/0.json")
check "entry as text" $verify "${policy[@]}" --entry "$entry" "$at/0.tlog-proof"

# expect CODE NAME COMMAND...
expect() {
    local code=$1 name=$2
    shift 2
    "$@" >"$STEP_DIR/output" 2>&1
    local got=$?
    if [ $got = "$code" ]; then ok; else
        echo "exit $got, not $code" >>"$STEP_DIR/output"
        bad "$name" "$STEP_DIR/output"
    fi
}
expect 2 "no key" $verify "$at/pub"
expect 2 "no file" $verify "${policy[@]}"
expect 2 "unknown option" $verify "${policy[@]}" --no-such "$at/pub"
expect 2 "missing file" $verify "${policy[@]}" "$at/no-such"
expect 2 "a proof without its entry" $verify "${policy[@]}" "$at/0.tlog-proof"
expect 2 "a broken key" $verify --key "x$(cat "$at/log.key")" "$at/pub"
expect 1 "a disclosure without proof" $verify "${policy[@]}" "$at/0.json"
expect 1 "a disclosure whose proof another one takes" $verify "${policy[@]}" "$at/0.json" "$at/699.json" "$at/699.tlog-proof"
expect 1 "a disclosure without proof before one that has it" $verify "${policy[@]}" "$at/0.json" "$at/both.json"
expect 1 "the proof of another entry" $verify "${policy[@]}" "$at/699.json" "$at/0.tlog-proof"
expect 1 "the wrong log's key" $verify --key "@$at/gm.key" "$at/pub"
expect 1 "too few witnesses" $verify --policy "$at/policy" "$at/gm"
expect 1 "the log as its own twin" $verify --key "@$at/log.key" "$at/pub" --twin "$at/pub"

# ---- every change is found ----
python3 -B tests/proof/tamper.py $verify "$at" "$STEP_DIR/tampered" "${ZH_LONG:-0}" >"$STEP_DIR/said" 2>&1
closing=$(tail -n 1 "$STEP_DIR/said")
if [[ $closing =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    grep -E '^(FAILED|seed)' "$STEP_DIR/said"
    STEP_PASSED=$((STEP_PASSED + BASH_REMATCH[1]))
    STEP_FAILED=$((STEP_FAILED + BASH_REMATCH[2]))
else
    bad "tamper.py" "$STEP_DIR/said"
fi

# ---- the browser's verifier, outside a browser ----
if command -v node >/dev/null; then
    node tests/proof/verify.mjs ui/verify.js "$at" >"$STEP_DIR/said" 2>&1
    closing=$(tail -n 1 "$STEP_DIR/said")
    if [[ $closing =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
        grep '^FAILED' "$STEP_DIR/said"
        STEP_PASSED=$((STEP_PASSED + BASH_REMATCH[1]))
        STEP_FAILED=$((STEP_FAILED + BASH_REMATCH[2]))
    else
        bad "verify.mjs" "$STEP_DIR/said"
    fi
else
    echo "skipped: ui/verify.js, there is no node"
fi

# ---- zhiheng-witness ----
state=$STEP_DIR/witness
key=$($witness init "$state" --name witness.test.example/audit) || bad "witness init"
expect 1 "a second key is not made" $witness init "$state" --name witness.test.example/audit
[ "$($witness key "$state")" = "$key" ] && ok || bad "witness key"
[ "$(stat -c %a "$state/key")" = 600 ] && ok || bad "mode of the key"
printf 'log %s\nquorum none\n' "$(cat "$at/log.key")" >"$state/logs"

# start: serves in the background; sets url and pid
start() {
    $witness serve "$state" --listen 127.0.0.1:0 >"$STEP_DIR/witness.out" 2>"$STEP_DIR/witness.err" &
    pid=$!
    url=""
    for _ in $(seq 100); do
        url=$(sed -n 's#.*\(http:[^ ]*\)/ .*#\1#p' "$STEP_DIR/witness.out")
        [ -z "$url" ] || return 0
        sleep 0.05
    done
    bad "the witness does not start" "$STEP_DIR/witness.err"
    finish
}
start
python3 -B tests/proof/witness.py "$url" "$at" "$key" >"$STEP_DIR/said" 2>&1
closing=$(tail -n 1 "$STEP_DIR/said")
if [[ $closing =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    grep '^FAILED' "$STEP_DIR/said"
    STEP_PASSED=$((STEP_PASSED + BASH_REMATCH[1]))
    STEP_FAILED=$((STEP_FAILED + BASH_REMATCH[2]))
else
    bad "witness.py" "$STEP_DIR/said"
fi
expect 1 "a second process on the same state" $witness serve "$state" --listen 127.0.0.1:0

# What was kept survives kill -9, and an edited state is not cosigned on.
kill -9 $pid
wait $pid 2>/dev/null
start
kept=$(curl -s --data-binary $'old 0\n\n'"$(cat "$at/pub/checkpoint")"$'\n' "$url/add-checkpoint")
[ "$kept" = 701 ] && ok || bad "what was kept after kill -9: $kept"
kill $pid
wait $pid 2>/dev/null && ok || bad "the witness ends in order"
sed -i 's/^701$/700/' "$state"/state/*
start
code=$(curl -s -o "$STEP_DIR/output" -w '%{http_code}' \
    --data-binary $'old 700\n\n'"$(cat "$at/pub/checkpoint")"$'\n' "$url/add-checkpoint")
[ "$code" = 500 ] && ok || bad "an edited state gives $code" "$STEP_DIR/output"
kill $pid
wait $pid 2>/dev/null
chmod 644 "$state/key"
expect 1 "a key that others can read" $witness serve "$state" --listen 127.0.0.1:0
finish
