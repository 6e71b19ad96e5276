# shellcheck shell=bash
# Obligations: none in the declarations of the other pages; then a server of its own with two large
# firms, of which one has reported for the running year.
page "no obligations" 200 /obligations
has "says so" "声明里没有填报义务"
page "no such obligation" 404 '/obligations/%3Cscript%3Ealert(1)%3C/script%3E'
lacks "is text" '<script>alert'

owe=$STEP_DIR/owe
mkdir -p "$owe"
cp -r tests/fixture/obligation/packs "$owe/packs"
cp packs/foundation/obligation.yaml "$owe/packs/"
printf '编号,企业,日期\n1,A,%s-01-01\n' "$(TZ=Asia/Shanghai date +%Y)" >"$owe/cost.csv"
expect "firms" 0 import firm tests/fixture/obligation/firms.csv --packs "$owe/packs" --data "$owe/data"
expect "a report" 0 import cost "$owe/cost.csv" --data "$owe/data"
"$ZHIHENG" serve --data "$owe/data" --listen 127.0.0.1:0 >"$owe/out" 2>"$owe/err" &
OWE=$!
FIRST_URL=$URL
URL=""
for _ in $(seq 400); do
    URL=$(sed -n 's/.*\(http:.*\)\/$/\1/p' "$owe/out")
    [ -z "$URL" ] || break
    sleep 0.05
done
for _ in $(seq 100); do # the background makes the items at once
    curl -sS -m 5 "$URL/registers/expected_item" -H "$HTML" 2>/dev/null | grep -q '按时报送' && break
    sleep 0.1
done
page "one obligation" 200 /obligations
has "its name" "质量成本年报"
page "by period" 200 /obligations/cost.yearly
has "the finding" "最近一期应报 2，已报 1"
has "the coverage" "50.0"
has "a count is a link" 'state%20%3D%20%27received%27'
page "what is still expected" 200 "/registers/expected_item?where=state%20%3D%20%27expected%27"
has "the other firm, as text" "&lt;b&gt;乙厂&lt;/b&gt;"
lacks "who owes nothing" "小店"
page "in English" 200 '/obligations/cost.yearly?lang=en'
has "the finding in English" "of 2 owed, 1 reported"
kill -TERM "$OWE"
wait "$OWE"
# a due day in a year that the calendar lacks: said, with who would owe; nothing is 0 without a reason
year=$(TZ=Asia/Shanghai date +%Y)
cp -r "$owe/packs" "$owe/short"
sed -i "s/^cover .*/cover 2020-01-01 $year-12-31/" "$owe/short/cn.txt"
sed -i 's/due: 3 month/due: 5 working_day/' "$owe/short/firm.yaml"
expect "firms" 0 import firm tests/fixture/obligation/firms.csv --packs "$owe/short" --data "$owe/later"
"$ZHIHENG" serve --data "$owe/later" --listen 127.0.0.1:0 >"$owe/out" 2>>"$owe/err" &
OWE=$!
URL=""
for _ in $(seq 400); do
    URL=$(sed -n 's/.*\(http:.*\)\/$/\1/p' "$owe/out")
    [ -z "$URL" ] || break
    sleep 0.05
done
page "obligations that wait" 200 /obligations
has "the missing year" "日历缺 $((year + 1)) 年"
has "leads to the calendar" 'href="/calendar"'
page "one that waits" 200 /obligations/cost.yearly
has "who would owe" "最近一期应报 2，日历缺 $((year + 1)) 年"
has "who can mend it" "系统管理员或安全管理员导入这一年"
page "in English" 200 '/obligations/cost.yearly?lang=en'
has "the missing year in English" "The calendar lacks $((year + 1))"
kill -TERM "$OWE"
wait "$OWE"
[ "$(grep -c 'ERROR\|LeakSanitizer\|runtime error' "$owe/err")" = 0 ] && ok || bad "sanitizers found something" "$owe/err"
URL=$FIRST_URL
