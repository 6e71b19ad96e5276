# shellcheck shell=bash
# Single submissions: JSON and forms, refusals with every reason, and answers that wait for the
# checkpoint. On a server of its own with the register of tests/fixture/cli, so that counts of other
# parts stay what they are.
submits=$STEP_DIR/submits
"$ZHIHENG" serve --packs tests/fixture/cli/packs --data "$submits" --listen 127.0.0.1:0 >"$STEP_DIR/submit.out" 2>"$STEP_DIR/submit.err" &
SUBMITS=$!
BEFORE_URL=$URL
URL=""
for _ in $(seq 400); do
    URL=$(sed -n 's/.*\(http:.*\)\/$/\1/p' "$STEP_DIR/submit.out")
    [ -z "$URL" ] || break
    sleep 0.05
done
to=$URL/api/v1/registers/shop_check

# submit NAME STATUS JSON CURL_ARGS...
submit() {
    local name=$1 status=$2 text=$3
    shift 3
    ask "$name" "$status" -H 'Content-Type: application/json' --data-binary "$text" "$@" "$to"
}
one='{"fields": {"no": "S-1", "place": "武汉", "checked_on": "2026-02-02", "verdict": "合格"}}'
submit "a submission" 201 "$one"
json "is the first version" "d['register'] == 'shop_check' and d['version'] == 1 and d['hints'] == [] and 'position' not in d"
header "and says where it is" '^location: /api/v1/registers/shop_check/'
submit "the same again" 409 "$one"
json "is a duplicate" "d['code'] == 'record.duplicate' and d['errors'][0]['fix']"
submit "waits until it is sealed" 201 "${one/S-1/S-2}" -H 'Prefer: wait=20'
json "position and checkpoint" "d['sealed'] and d['position'] == 1 and int(d['checkpoint'].split(chr(10))[1]) > 1"
header "the preference was applied" '^preference-applied: wait'
cp "$OUT" "$STEP_DIR/receipt"
submit "wait without a time" 201 "${one/S-1/S-3}" -H 'Prefer: respond-async, wait'
json "is sealed too" "d['sealed']"
submit "a preference nobody knows" 201 "${one/S-1/S-4}" -H 'Prefer: wait=soon, depth=2'
json "is passed over" "'sealed' not in d"
# the checkpoint of the receipt is one that was signed, and the proof of its position holds
ask "proof of its position" 200 "$URL/api/v1/ledger/proofs/1"
python3 -ISB - "$STEP_DIR/receipt" "$submits/log/pub/checkpoints" <<'PY' && ok || bad "the receipt's checkpoint was signed"
import json, sys
sys.exit(json.load(open(sys.argv[1], encoding="utf-8"))["checkpoint"] not in open(sys.argv[2], encoding="utf-8").read())
PY
submit "by words and numbers" 201 '{"fields": {"no": "S-5", "place": "420500", "checked_on": "2026-02-02", "verdict": "fail", "fine": 12.50, "note": null}}'
submit "several reasons" 422 '{"fields": {"no": "S-6", "place": "月球", "checked_on": "昨天", "verdict": "合格", "colour": "red"}}'
json "all are said" "d['status'] == 422 and sorted(e['pointer'] for e in d['errors']) == ['checked_on', 'colour', 'place'] and all(e['message'] and e['rule'] for e in d['errors'])"
submit "a rule" 422 '{"fields": {"no": "S-7", "place": "武汉", "checked_on": "2026-02-02", "verdict": "不合格", "fine": "-1"}}'
json "with its clause" "[(e['rule'], e['clause'], e['severity']) for e in d['errors']] == [('fine_not_negative', '测试条款 第1条', 'reject')]"
doubt='{"fields": {"no": "S-8", "place": "武汉", "checked_on": "2026-02-02", "verdict": "合格", "fine": "5"}}'
submit "what is in doubt" 422 "$doubt"
json "asks for words" "d['errors'][0]['severity'] == 'justify'"
submit "with words" 201 "${doubt%\}}, \"justification\": \"复核过\"}"
submit "nothing required" 422 '{"fields": {}}'
json "names what is missing" "set(e['pointer'] for e in d['errors']) >= {'no', 'place', 'checked_on', 'verdict'}"
submit "no fields" 422 '{"values": {}}'
json "says what is wanted" "d['code'] == 'api.fields'"
submit "an unknown member" 422 "${one%\}}, \"at\": \"2020-01-01\"}"
submit "not JSON" 422 '{"fields": '
submit "a list for a value" 422 '{"fields": {"no": ["S-9"]}}'
ask "no such register" 404 -H 'Content-Type: application/json' --data-binary "$one" "$URL/api/v1/registers/nothing"
ask "a form" 201 --data-urlencode f.no=F-1 --data-urlencode f.place=武汉 --data-urlencode f.checked_on=2026-02-02 --data-urlencode f.verdict=合格 "$to"
ask "a form of a browser" 303 -H "$HTML" --data-urlencode f.no=F-2 --data-urlencode f.place=武汉 --data-urlencode f.checked_on=2026-02-02 --data-urlencode f.verdict=合格 "$URL/registers/shop_check"
header "leads to the record" '^location: .*/registers/shop_check/'
page_refused="$URL/registers/shop_check"
ask "a browser's form that is refused" 422 -H "$HTML" --data-urlencode f.no=F-2 "$page_refused"
has "is a page" "<html"
ask "a form with another member" 422 --data-urlencode no=F-3 "$to"
ask "from another site" 403 -H 'Origin: https://example.org' -H 'Content-Type: application/json' --data-binary "$one" "$to"

# many at once: every one its own outcome. 20 numbers, each sent by two clients.
for i in $(seq 20); do
    for _ in 1 2; do
        curl -sS -m 20 -o /dev/null -w '%{http_code}\n' -H 'Prefer: wait' -H 'Content-Type: application/json' \
            --data-binary "${one/S-1/M-$i}" "$to" >>"$STEP_DIR/codes" &
        SENT+=($!)
    done
done
wait "${SENT[@]}"
[ "$(sort "$STEP_DIR/codes" | uniq -c | tr -s ' \n' ' ')" = " 20 201 20 409 " ] && ok || bad "two of each number: one is taken, one is refused" "$STEP_DIR/codes"
ask "all that was taken is there" 200 "$to?limit=100"
json "and nothing else" "d['total'] == 28"

# a record as of a log size: what is not yet written then is not there
ask "the first record as of its own entry" 200 "$URL/api/v1/registers/shop_check/S-1?as_of=1"
json "says so" "d['as_of'] == 1 and len(d['versions']) == 1"
ask "before it" 404 "$URL/api/v1/registers/shop_check/S-1?as_of=0"
kill "$SUBMITS"
wait "$SUBMITS"
expect "the ledger of it agrees" 0 verify --packs tests/fixture/cli/packs --data "$submits"
URL=$BEFORE_URL
