# shellcheck shell=bash
# Indicator board, indicator and sources after the four shop checks of tests/fixture/cli: 2 of 4 fail,
# in January 1 of 2, in February 1 of 2; fines 250.5. Then a changed file: 3 of 4.

page "board" 200 /
has "in words" "全部地区 最近一年：1 项指标，1 项有数"
has "with its value" ">50.00</a>"
has "its interval, Wilson 95 % of 2/4 (Brown, Cai and DasGupta 2001, formula 4)" "15.00–85.00"
has "linked" 'href="/indicators/shop_fail_rate?period=2026"'
page "board of a region" 200 '/indicators?region=%E6%AD%A6%E6%B1%89&period=2026'
has "by name" "武汉市 2026 年"
page "board of a year without data" 200 '/indicators?period=2025'
has "is not zero" "这个地区或时期没有记录"
lacks "never zero" ">0.00</a>"
page "board before the import" 200 '/indicators?as_of=0'
has "had nothing" "1 项指标，0 项有数"
ask "board is not sent twice" 304 -H "$HTML" -H "If-None-Match: $(curl -sS -D - -o /dev/null -H "$HTML" "$URL/" | tr -d '\r' | sed -n 's/^[Ee][Tt]ag: //p')" "$URL/"

page "indicator" 200 /indicators/shop_fail_rate
has "its finding" "50.00%（15.00–85.00）"
has "numerator as a list of records" "/registers/shop_check?where=%28verdict%20%3D%20%27fail%27%29"
has "expression" "(failed) / (checks) × 100"
page "indicator of a city in a month" 200 '/indicators/shop_fail_rate?region=420100&period=2026-01&by=place@city'
has "its records" "where=place%20within%20%27420100%27%20and%20checked_on%20%3E%3D%202026-01-01%20and%20checked_on%20%3C%3D%202026-01-31"
has "its value" "武汉市 2026 年 1 月：50.00%"
page "by month" 200 '/indicators/shop_fail_rate?by=month'
has "January" "2026 年 1 月</a>"
has "February" "2026 年 2 月</a>"
page "by city" 200 '/indicators/shop_fail_rate?by=place@city'
has "Yichang" "宜昌市</a>"
page "of a time without data" 200 '/indicators/shop_fail_rate?period=2020'
has "says so" "没有数据"
page "no such indicator" 404 /indicators/none
page "no such dimension" 422 '/indicators/shop_fail_rate?by=colour'
page "an indicator in English" 200 '/indicators/shop_fail_rate?lang=en'
has "by its English name" "Failing shop checks"

page "recount" 200 /indicators/shop_fail_rate/recount
has "has no difference" "复算：差 0"
page "revisions" 200 /indicators/shop_fail_rate/revisions
has "one value so far" "1 个不同的值"
ask "data as CSV" 200 "$URL/indicators/shop_fail_rate/data.csv?by=place@city"
header "is CSV" '^content-type: text/csv; charset=utf-8$'
header "to be kept" '^content-disposition: attachment; filename="shop_fail_rate.csv"$'
python3 -ISB - "$OUT" <<'PY' >"$STEP_DIR/why" 2>&1 && ok || bad "CSV has the numbers" "$STEP_DIR/why"
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], encoding="utf-8-sig", newline="")))
assert [(r["key"], r["value"], r["num"], r["den"], r["n"]) for r in rows] == [
    ("", "50.00", "2", "4", "4"), ("420100", "50.00", "1", "2", "2"), ("420500", "50.00", "1", "2", "2")], rows
PY

page "sources" 200 /sources
has "the file" "sha256:"
has "its rows" "1 个数据集，1 个文件，4 行入库"
has "what comes with the program" "foundation/region.csv"

# ---- a changed file changes the numbers, and the old ones stay to be seen
size=$(curl -sS "$URL/health" | python3 -ISB -c 'import json,sys; print(json.load(sys.stdin)["log_size"])')
sed 's/^S-4,\(.*\)合格,,/S-4,\1不合格,10.00,/' tests/fixture/cli/shops.csv >"$STEP_DIR/changed.csv"
expect "import of the changed file" 0 import shop_check "$STEP_DIR/changed.csv" --data "$data"
page "board with the change" 200 /
has "at once" ">75.00</a>"
page "indicator with the change" 200 /indicators/shop_fail_rate
has "3 of 4" "75.00%（30.06–95.44）"
page "recount after the change" 200 /indicators/shop_fail_rate/recount
has "has no difference either" "复算：差 0"
sleep 0.3
page "revisions after the change" 200 /indicators/shop_fail_rate/revisions
has "two values" "2 个不同的值"
page "as it was" 200 "/indicators/shop_fail_rate?as_of=$size"
has "2 of 4" "50.00%（15.00–85.00）"
