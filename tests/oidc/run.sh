#!/bin/bash
# Logging in by an identity provider: npm oidc-provider on loopback, and one that lies.
. tests/step.sh
. tool/packages.sh
data=$STEP_DIR/data zhiheng=build/zhiheng PIDS=""
trap 'for pid in $PIDS; do kill "$pid" 2>/dev/null; done; wait 2>/dev/null; rm -rf "$STEP_DIR"' EXIT

# A node that is there is used from 18 on; the pinned packages run on it.
[ "$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)" -ge 18 ] ||
    check "node" install_missing nodejs npm
packages() {
    local to=build/oidc
    cmp -s tests/oidc/package-lock.json $to/node_modules/.pinned && return
    mkdir -p $to && cp tests/oidc/package.json tests/oidc/package-lock.json $to &&
        (cd $to && npm ci --ignore-scripts --no-audit --no-fund) &&
        cp tests/oidc/package-lock.json $to/node_modules/.pinned
}
check "packages of package-lock.json" packages
check "release build" build release all
for login in kwuhan kyichang knopost; do
    check "account $login" bash -c "echo 'ein langes Wort für $login' | $zhiheng account add $login $login --data '$data'"
done
check "post of kwuhan" $zhiheng account grant kwuhan officer subtree 420100 --data "$data"
$zhiheng serve --data "$data" --listen 127.0.0.1:0 >"$STEP_DIR/serve.out" 2>"$STEP_DIR/serve.err" &
PIDS=$!
said() { # FILE PATTERN: waits for the first line of a program
    local i text
    for i in $(seq 200); do
        text=$(sed -n "$2" "$1")
        [ -z "$text" ] || { echo "$text"; return; }
        sleep 0.05
    done
}
URL=$(said "$STEP_DIR/serve.out" 's/.*\(http:.*\)\/$/\1/p')
NODE_PATH=$PWD/build/oidc/node_modules node tests/oidc/provider.mjs "$URL" >"$STEP_DIR/provider.out" 2>"$STEP_DIR/provider.err" &
PIDS="$PIDS $!"
PORTS=$(said "$STEP_DIR/provider.out" '/^[0-9]* [0-9]*$/p')
[ -n "$URL" ] && [ -n "$PORTS" ] || { bad "both servers start" "$STEP_DIR/provider.err"; finish; }
python3 -B tests/oidc/oidc.py "$URL" "http://127.0.0.1:${PORTS% *}" "http://127.0.0.1:${PORTS#* }" \
    $zhiheng "$data" >"$STEP_DIR/oidc" 2>&1
read -r p _ f _ < <(tail -n 1 "$STEP_DIR/oidc")
if [[ $p =~ ^[0-9]+$ ]]; then
    STEP_PASSED=$((STEP_PASSED + p)) STEP_FAILED=$((STEP_FAILED + f))
    grep FAILED "$STEP_DIR/oidc" | head -n 40
else
    bad "the test ended without its closing line" "$STEP_DIR/oidc"
fi
finish
