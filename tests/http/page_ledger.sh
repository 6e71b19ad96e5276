# shellcheck shell=bash
# The signed log and published figures, on the shop checks of page_indicator.sh.

origin=$(curl -sS "$URL/api/v1/ledger" | python3 -ISB -c 'import json, sys; print(json.load(sys.stdin)["origin"])')
ask "status of the log" 200 "$URL/api/v1/ledger"
json "all that is sequenced is signed" "d['size'] == d['positions'] > 0 and len(d['root']) == 64 and len(d['keys']) == 1"
ask "checkpoint" 200 "$URL/api/v1/ledger/checkpoint"
has "names the log" "$origin"
header "as text" '^content-type: text/plain'
ask "public checkpoint" 200 "$URL/log/$origin/checkpoint"
has "is the same note" "— $origin "
ask "public keys" 200 "$URL/log/$origin/keys"
has "are a policy" "log $origin+"
ask "no other log" 404 "$URL/log/example.org/checkpoint"
for path in keys/x ../wal %2e%2e/wal tile/0/x tile/0/000.p/0 log lock; do
    ask "nothing but public files: $path" 404 --path-as-is "$URL/log/$origin/$path"
done
ask "proof" 200 "$URL/api/v1/ledger/proofs/0"
has "as text file" "c2sp.org/tlog-proof@v1"
header "to be kept" '^content-disposition: attachment; filename="0.tlog-proof"'
ask "proof beyond the end" 404 "$URL/api/v1/ledger/proofs/999999"
json "says why" "d['code'] == 'ledger.unsealed'"
ask "proof of nothing" 404 "$URL/api/v1/ledger/proofs/minus"
ask "entry without fields" 200 "$URL/api/v1/ledger/entries/0"
json "shows none" "d['format'] == 'zhiheng/disclosure/v1' and d['fields'] == [] and 'tlog-proof' in d['proof']"
ask "entry with a field" 200 "$URL/api/v1/ledger/entries/0?field=verdict&field=no"
json "shows these" "[f['name'] for f in d['fields']] == ['no', 'verdict']"
ask "a field that is none" 404 "$URL/api/v1/ledger/entries/0?field=nothing"
ask "consistency" 200 "$URL/api/v1/ledger/consistency?from=1"
json "is a path" "d['from'] == 1 and all(len(h) == 64 for h in d['path'])"
ask "consistency backwards" 422 "$URL/api/v1/ledger/consistency?from=3&to=2"
record=$(curl -sS "$URL/registers/shop_check" | grep -o '/registers/shop_check/[0-9]*-[0-9]*' | head -n 1)
page "record" 200 "$record"
has "has its proof" "下载存证证明"
has "and is signed" "已封入签名检查点"
has "can be shown" 'action="/api/v1/ledger/entries/'

page "figures, none" 200 /figures
has "says how" "还没有已发布的数字"
ask "publish" 303 -X POST -d "indicator=${indicator:-shop_fail_rate}" "$URL/figures"
figure=$(tr -d '\r' <"$STEP_DIR/headers" | sed -n 's/^[Ll]ocation: //p')
page "figure" 200 "$figure"
has "is proven" "与发布时一致"
has "opens to records" "账本 #"
ask "its file" 200 "$URL$figure/file"
json "is one for outsiders" "d['format'] == 'zhiheng/figure/v1' and d['detail'].count('\n') <= d['frame'].count('\n')"
page "figures, one" 200 /figures
has "lists it" "$figure"
page "no such figure" 404 /figures/1
page "a figure that is no number" 404 /figures/x
ask "publish nothing" 422 -X POST -d "indicator=none" "$URL/figures"
