# shellcheck shell=bash
# Erasing personal values through the door: the form, its refusals, what is gone, and that entry,
# proofs and verify stand. On a server of its own, the shops of tests/fixture/cli with a buyer.
erases=$STEP_DIR/erases
outside=${ZHIHENG%/*}/zhiheng-verify
outside=${outside#"$PWD"/}
check "build zhiheng-verify" build "${ZH_MODE:-asan}" "$outside"
mkdir "$STEP_DIR/erase_packs"
sed 's/^      - {id: note, label: 情况.*/&\n      - {id: buyer, label: 购买人, type: string, required_when: "no = '\''S-1'\'' or no = '\''S-2'\''", pipl: personal}/' \
    tests/fixture/cli/packs/shop.yaml >"$STEP_DIR/erase_packs/shop.yaml"
"$ZHIHENG" serve --packs "$STEP_DIR/erase_packs" --data "$erases" --listen 127.0.0.1:0 >"$STEP_DIR/erase.out" 2>"$STEP_DIR/erase.err" &
ERASES=$!
BEFORE_URL=$URL
URL=""
for _ in $(seq 400); do
    URL=$(sed -n 's/.*\(http:.*\)\/$/\1/p' "$STEP_DIR/erase.out")
    [ -z "$URL" ] || break
    sleep 0.05
done
to=$URL/api/v1/registers/shop_check
ask "a record with a person" 201 -H 'Prefer: wait=20' -H 'Content-Type: application/json' --data-binary \
    '{"fields": {"no": "S-1", "place": "武汉", "checked_on": "2026-02-02", "verdict": "合格", "buyer": "张三丰"}}' "$to"
json "sealed" "d['sealed'] and d['position'] == 0"
ask "without the person" 422 -H 'Content-Type: application/json' --data-binary \
    '{"fields": {"no": "S-2", "place": "武汉", "checked_on": "2026-02-02", "verdict": "合格"}}' "$to"
ask "its id" 200 "$to/S-1"
json "has the person" "d['fields']['buyer'] == '张三丰'"
at=/registers/shop_check/$(python3 -ISB -c 'import json, sys; d = json.load(open(sys.argv[1])); print(d["office"] + "-" + d["id"])' "$OUT")
expect "shown to somebody before" 0 ledger prove 0 --field place --field buyer --packs "$STEP_DIR/erase_packs" --data "$erases" --out "$STEP_DIR/before"

ask "the record's page" 200 -H "$HTML" "$URL$at"
has "leads to the form" "href=\"$at/erase\""
ask "the form" 200 -H "$HTML" "$URL$at/erase"
has "says that it is for good" "不能恢复"
has "offers the personal field" 'value="buyer"'
lacks "and no other" 'value="place"'
lacks "nothing is ticked by itself" ' checked'
ask "nothing chosen" 422 -H "$HTML" -d "version=1" --data-urlencode "reason=本人要求" "$URL$at/erase"
has "says so" "没有选要删除的字段"
ask "without a reason" 422 -H "$HTML" -d "version=1&erase=buyer" "$URL$at/erase"
has "wants one" "须写明理由"
has "keeps what was ticked" ' checked'
ask "on an old form" 409 -d "version=7&erase=buyer" --data-urlencode "reason=本人要求" "$URL$at/erase"
ask "a field that is not personal" 422 -d "erase=place" --data-urlencode "reason=本人要求" "$URL$at/erase"
ask "from another site" 403 -H 'Origin: https://example.org' -d "erase=buyer&reason=x" "$URL$at/erase"
ask "nothing has gone" 200 "$to/S-1"
json "so far" "d['fields']['buyer'] == '张三丰' and len(d['versions']) == 1"
ask "erased" 200 -H 'Prefer: wait=20' -d "version=1&erase=*" --data-urlencode "reason=本人要求，个人信息保护法第47条" "$URL$at/erase"
json "is a version of its own, sealed" "d['version'] == 2 and d['sealed'] and d['position'] == 1"
ask "the record" 200 "$to/S-1"
json "has no person, now or before" "d['fields'].get('buyer') is None and d['versions'][-1]['op'] == 'erase' and '张三丰' not in str(d)"
ask "its first version" 200 -H "$HTML" "$URL$at?version=1"
lacks "neither" "张三丰"
ask "the list" 200 "$to?where=verdict%20%3D%20%27pass%27"
lacks "neither" "张三丰"
ask "the record lives on: what was erased is not asked for again" 303 -H "$HTML" -d "version=2" --data-urlencode "f.note=后续" --data-urlencode "reason=补记" "$URL$at/amend"
expect "what is not personal can still be shown" 0 ledger prove 0 --field place --packs "$STEP_DIR/erase_packs" --data "$erases" --out "$STEP_DIR/after"
"$outside" --policy "$erases/log/pub/keys" "$STEP_DIR/after.disclosure.json" "$STEP_DIR/before.disclosure.json" >"$OUT" 2>&1 && ok || bad "proofs of before and after hold outside" "$OUT"
expect "the person cannot be shown again" 1 ledger prove 0 --field buyer --packs "$STEP_DIR/erase_packs" --data "$erases"
kill "$ERASES"
wait "$ERASES"
expect "verify agrees" 0 verify --packs "$STEP_DIR/erase_packs" --data "$erases"
grep -rqF 张三丰 "$erases" && bad "the name is in no file of the data directory" || ok
[ "$(grep -c 'ERROR\|LeakSanitizer\|runtime error' "$STEP_DIR/erase.err")" = 0 ] && ok || bad "sanitizers found something" "$STEP_DIR/erase.err"
URL=$BEFORE_URL
