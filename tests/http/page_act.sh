# shellcheck shell=bash
# Acting on records: forms, a stale form, steps of two persons by two logins, refusals. On a server
# of its own with complaints (lives.c): A-2 of 宜昌 has just been received, its limit has passed.
acts=$STEP_DIR/acts
lives=${ZHIHENG%/*}/tests/http/lives
lives=${lives#"$PWD"/}
check "build lives" build "${ZH_MODE:-asan}" "$lives"
check "complaints" "$lives" "$acts"
officers='zhang.san li.si'
for login in $officers zhao.liu; do
    printf 'orange-kettle-%s-77\n' "$login" | "$ZHIHENG" account add "$login" "$login" --data "$acts" >"$OUT" 2>&1 && ok || bad "account $login" "$OUT"
done
for login in $officers; do
    expect "post of $login" 0 account grant "$login" officer all 420000 --data "$acts"
done
expect "post of an analyst" 0 account grant zhao.liu analyst all 420000 --data "$acts"
"$ZHIHENG" serve --data "$acts" --listen 127.0.0.1:0 >"$STEP_DIR/acts.out" 2>"$STEP_DIR/acts.err" &
ACTS=$!
BEFORE_URL=$URL
for _ in $(seq 400); do
    URL=$(sed -n 's/.*\(http:.*\)\/$/\1/p' "$STEP_DIR/acts.out")
    [ -z "$URL" ] || break
    sleep 0.05
done

# as LOGIN: logs in once, then $COOKIE is theirs
as() {
    COOKIE=$STEP_DIR/cookie.$1
    [ -s "$COOKIE" ] || ask "login $1" 303 -c "$COOKIE" -H "$HTML" --data-urlencode "login=$1" --data-urlencode "password=orange-kettle-$1-77" "$URL/login"
}
# act NAME STATUS PATH DATA...: what a browser sends
act() {
    local name=$1 status=$2 path=$3 field data=()
    shift 3
    for field in "$@"; do
        data+=(--data-urlencode "$field")
    done
    ask "$name" "$status" -b "$COOKIE" -H "$HTML" "${data[@]}" "$URL$path"
}

as zhang.san
ask "records" 200 -b "$COOKIE" "$URL/api/v1/registers/complaint"
python3 -ISB - "$OUT" <<'PY' >"$STEP_DIR/which" || bad "which record" "$OUT"
import json, sys
for r in json.load(open(sys.argv[1], encoding="utf-8"))["records"]:
    if r["fields"]["source_no"] == "A-2":
        print(r["office"] + "-" + r["id"], r["version"])
PY
read -r record version <"$STEP_DIR/which"
at=/registers/complaint/$record

page "a record" 200 "$at" -b "$COOKIE"
has "a step that is open is a link" "href=\"$at/transitions/refuse\""
has "the limit shows how it is counted" "当日不计，2026-05-07（周四） 为第 1 日"
has "its end" "届满：2026-05-14（周四） 24 时"
ask "for programs" 200 -b "$COOKIE" "$URL/api/v1$at"
json "the arithmetic is there" "d['clocks']['accept']['arithmetic'][1]['clause'] == '总局令第121号' and d['clocks']['accept']['arithmetic'][1]['unverified']"

# ---- a correction, and a form that is stale
page "the form" 200 "$at/amend" -b "$COOKIE"
has "carries the version" "name=\"version\" value=\"$version\""
act "without a reason" 422 "$at/amend" "version=$version" "f.amount=70.00"
has "says so" "须写明理由"
act "a correction" 303 "$at/amend" "version=$version" "f.amount=70.00" "reason=发票"
act "on the old form" 409 "$at/amend" "version=$version" "f.amount=80.00" "reason=发票"
has "what it was" "59.50"
has "what it is" "70.00"
has "what is to be written" "80.00"
act "a value that is none" 422 "$at/amend" "version=$((version + 1))" "f.amount=<script>" "reason=x"
lacks "stays text" "<script>"
act "state and office are not written" 422 "$at/amend" "version=$((version + 1))" "f.state=closed" "state=closed" "office=1" "reason=x"

# ---- a step of two persons
act "asked for" 303 "$at/transitions/refuse" "version=$((version + 1))" "reason_code=other"
act "twice" 409 "$at/transitions/refuse" "version=$((version + 1))" "reason_code=other"
act "one's own request" 403 "$at/transitions/refuse/second" "verdict=take"
page "waits" 200 "$at" -b "$COOKIE"
has "for another" "您自己提请的，不能由您复核"
as zhao.liu
page "a step for others" 200 "$at" -b "$COOKIE"
has "is grey" 'aria-disabled="true"'
has "and says why and who can" "您的角色“分析员”不能办，可以办的：办理员"
act "a role that may not" 403 "$at/transitions/refuse/second" "verdict=take"
act "a role that may not ask" 403 "$at/transitions/refuse" "version=$((version + 1))" "reason_code=other"
as li.si
page "the other sees it" 200 "$at" -b "$COOKIE"
has "and may confirm" "复核同意"
ask "from another site" 403 -b "$COOKIE" -H 'Origin: http://evil.example' -H 'Sec-Fetch-Site: cross-site' -d 'verdict=take' "$URL$at/transitions/refuse/second"
act "confirmed" 303 "$at/transitions/refuse/second" "verdict=take"
act "once only" 404 "$at/transitions/refuse/second" "verdict=take"
ask "refused" 200 -b "$COOKIE" "$URL/api/v1$at"
json "by the first" "d['state'] == 'refused' and d['versions'][-1]['actor'] == 'zhang.san'"
page "its timeline" 200 "$at" -b "$COOKIE"
has "names the second" "复核 li.si"
act "no such step" 404 "$at/transitions/nothing" "version=1"
act "a step of another state" 422 "$at/transitions/mediate" "reason=x"
ask "nobody" 401 -H "$HTML" -d "version=1" "$URL$at/transitions/mediate"
kill -TERM "$ACTS"
wait "$ACTS"
[ "$(grep -c 'ERROR\|LeakSanitizer\|runtime error' "$STEP_DIR/acts.err")" = 0 ] && ok || bad "sanitizers found something" "$STEP_DIR/acts.err"
URL=$BEFORE_URL
