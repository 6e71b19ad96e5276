#!/bin/bash
# The HTTP server from outside: health, refusals as problem documents, caps, graceful stop.
. tests/step.sh
. tests/cli/lib.sh
build_program
check "curl is there" command -v curl

data=$STEP_DIR/data
SERVER=""
trap '[ -z "$SERVER" ] || kill -KILL "$SERVER" 2>/dev/null; rm -rf "$STEP_DIR"' EXIT

# start ARGS...: sets SERVER and URL
start() {
    : >"$STEP_DIR/serve.out" # the address of the server before must not be read
    "$ZHIHENG" serve --packs tests/fixture/cli/packs --data "$data" --listen 127.0.0.1:0 "$@" \
        >"$STEP_DIR/serve.out" 2>"$STEP_DIR/serve.err" &
    SERVER=$!
    local i
    for i in $(seq 200); do
        URL=$(sed -n 's/.*\(http:.*\)\/$/\1/p' "$STEP_DIR/serve.out")
        [ -z "$URL" ] || return 0
        kill -0 "$SERVER" 2>/dev/null || break
        sleep 0.05
    done
    bad "serve starts" "$STEP_DIR/serve.err"
    finish
}

# stop SIGNAL: sets CODE and SECONDS_TAKEN
stop() {
    local since=$SECONDS
    kill "-$1" "$SERVER"
    wait "$SERVER"
    CODE=$?
    SERVER=""
    SECONDS_TAKEN=$((SECONDS - since))
}

# ask NAME STATUS CURL_ARGS...: body in $OUT, headers in $STEP_DIR/headers
ask() {
    local name=$1 status=$2 got
    shift 2
    got=$(curl -sS -m 20 -o "$OUT" -D "$STEP_DIR/headers" -w '%{http_code}' "$@" 2>"$ERR")
    if [ "$got" = "$status" ]; then
        ok
    else
        { echo "status $got, expected $status: $*"; cat "$OUT" "$ERR"; } >"$STEP_DIR/why"
        bad "$name" "$STEP_DIR/why"
    fi
}

lacks() {
    if grep -qF -- "$2" "$OUT"; then
        { echo "has: $2"; cat "$OUT"; } >"$STEP_DIR/why"
        bad "$1" "$STEP_DIR/why"
    else
        ok
    fi
}

header() {
    if tr -d '\r' <"$STEP_DIR/headers" | grep -qi -- "$2"; then
        ok
    else
        bad "$1" "$STEP_DIR/headers"
    fi
}

# ---- only this machine
for address in 0.0.0.0:0 192.0.2.1:8086 '[::]:0' 127.0.0.1:99999 example.org:80 127.0.0.1 ''; do
    expect "refuses ${address:-nothing}" 2 serve --data "$data" --listen="$address"
done
expect "refuses 0.0.0.0" 2 serve --data "$data" --listen 0.0.0.0:0
has "says why" "只在本机监听"
[ ! -e "$data" ] && ok || bad "refused before anything was opened"
expect "threads above the cap" 2 serve --data "$data" --threads 65

# ---- answers
start
ask "health" 200 "$URL/health"
json "health says what it is" "d['status'] == 'ok' and d['version'] and len(d['model']) == 64 \
and d['log_size'] == 0 and d['database'] == 'sqlite'"
header "health is JSON" '^content-type: application/json'
ask "health of the API" 200 "$URL/api/v1/health"
json "is the same" "d['status'] == 'ok'"
ask "HEAD" 200 -I "$URL/health"
ask "query is ignored" 200 "$URL/health?x=1"
. tests/http/page_frame.sh
for name in 'x-content-type-options: nosniff' 'x-frame-options: deny' 'referrer-policy: same-origin' \
    "content-security-policy: default-src 'none'" 'cache-control: no-store'; do
    header "header $name" "^$name"
done
for path in /healthz /health/ /HEALTH '/%68ealth' '/../health' /api/v1 '/api/v1/health%00'; do
    ask "404 for $path" 404 --path-as-is "$URL$path"
    json "404 for $path is a problem document" "d['status'] == 404 and d['title'] and d['detail'] and d['code'] == 'http.path'"
    header "with its type" '^content-type: application/problem+json'
    header "and the security headers" '^x-content-type-options: nosniff'
done
for method in POST PUT PATCH DELETE OPTIONS TRACE FROB; do
    ask "405 for $method" 405 -X "$method" "$URL/health"
    json "405 for $method is a problem document" "d['status'] == 405"
    header "405 names what is allowed" '^allow: GET, HEAD$'
done

# ---- caps
head -c 1 /dev/zero >"$STEP_DIR/one"
head -c 20000000 /dev/zero >"$STEP_DIR/large"
ask "no body where none is taken" 413 -X GET --data-binary @"$STEP_DIR/one" "$URL/health"
json "413 is a problem document" "d['status'] == 413"
ask "large body" 413 -X GET -H 'Expect:' --data-binary @"$STEP_DIR/large" "$URL/health"
ask "one byte in chunks" 413 -X GET -H 'Transfer-Encoding: chunked' --data-binary @"$STEP_DIR/one" "$URL/health"
curl -sS -m 20 -o /dev/null -X GET -H 'Transfer-Encoding: chunked' -H 'Expect:' \
    --data-binary @"$STEP_DIR/large" "$URL/health" 2>"$ERR"
ask "alive after an endless body" 200 "$URL/health"
path_at=/$(printf 'a%.0s' $(seq 2047))
ask "path at the cap" 404 "$URL$path_at"
ask "path above the cap" 414 "$URL${path_at}a"
json "414 is a problem document" "d['status'] == 414"
ask "header within the cap" 200 -H "X-Long: $(printf 'b%.0s' $(seq 8000))" "$URL/health"
printf 'X-Long: %s\n' "$(head -c 60000 /dev/zero | tr '\0' b)" >"$STEP_DIR/long_header"
status=$(curl -sS -m 20 -o /dev/null -w '%{http_code}' -H @"$STEP_DIR/long_header" "$URL/health" 2>/dev/null)
[[ $status =~ ^(431|413|400|000)$ ]] && ok || bad "header above the cap: $status"
exec 7<>"/dev/tcp/127.0.0.1/${URL##*:}"
printf 'NONSENSE\r\n\r\n' >&7
timeout 5 cat <&7 >"$STEP_DIR/nonsense"
exec 7>&-
ask "alive after nonsense" 200 "$URL/health"
connects=$(curl -sS -m 20 -w '%{num_connects}' -o /dev/null "$URL/nope" -o /dev/null "$URL/health" 2>"$ERR")
[ "$connects" = 10 ] && ok || bad "a refusal keeps the connection: $connects" "$ERR"

# ---- a second server on the port
expect "port in use" 2 serve --data "$STEP_DIR/other" --packs tests/fixture/cli/packs --listen "${URL#http://}"
has "port in use is said" "监听"

# ---- data committed by another process get their positions
expect "import beside the server" 0 import shop_check tests/fixture/cli/shops.csv --data "$data"
sleep 0.3
ask "health after the import" 200 "$URL/health"
json "the log has grown" "d['log_size'] == 4"
for part in tests/http/page_*.sh; do
    [ "$part" = tests/http/page_frame.sh ] || . "$part"
done

# ---- graceful stop
exec 8<>"/dev/tcp/127.0.0.1/${URL##*:}" # an idle connection does not hold it up
stop TERM
[ "$CODE" = 0 ] && ok || bad "SIGTERM ends with 0, not $CODE" "$STEP_DIR/serve.err"
[ "$SECONDS_TAKEN" -le 3 ] && ok || bad "SIGTERM took $SECONDS_TAKEN s"
exec 8>&-
has_serve_error=$(grep -c 'ERROR\|LeakSanitizer\|runtime error' "$STEP_DIR/serve.err")
[ "$has_serve_error" = 0 ] && ok || bad "sanitizers found something" "$STEP_DIR/serve.err"
start --threads 1
ask "one thread answers" 200 "$URL/health"
stop INT
[ "$CODE" = 0 ] && ok || bad "SIGINT ends with 0, not $CODE" "$STEP_DIR/serve.err"
start
for _ in $(seq 20); do
    curl -sS -m 5 -o /dev/null "$URL/health" 2>/dev/null &
done
stop TERM
[ "$CODE" = 0 ] && ok || bad "SIGTERM under load ends with 0, not $CODE" "$STEP_DIR/serve.err"
wait
expect "verify after all that" 0 verify --data "$data"
finish
