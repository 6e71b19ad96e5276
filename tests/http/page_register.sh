# shellcheck shell=bash
# Registers, lists and records: first the four shop checks, of which S-4 was changed by
# page_indicator.sh (3 of 4 fail); then, on a server of its own with the program's own declarations,
# a piece of the food set and complaints with lives (lives.c).

page "registers" 200 /registers
has "how many" "1 本登记册，1 本里有记录"
has "the register" 'href="/registers/shop_check"'
page "no such register" 404 /registers/shop_chek
has "names the nearest" "/registers/shop_check"
page "no such register, hostile" 404 '/registers/%3Cscript%3E'
lacks "is text" "<script>x"

page "list" 200 /registers/shop_check
has "all of them" "4 条"
has "newest first" 'aria-sort="descending"'
has "values in words" "宜昌市"
has "a fine that is missing is not 0" "未填"
page "list by a condition" 200 '/registers/shop_check?where=verdict%20%3D%20%27fail%27'
has "in words" "结论 是 不合格"
has "3 of 4" "3 条，占全部 4 条的 75.0%"
page "list by two conditions" 200 '/registers/shop_check?where=verdict%20%3D%20%27fail%27%20and%20place%20%3D%20%27420100%27'
has "1 of 4" "1 条，占全部 4 条的 25.0%"
has "either can be taken away" 'href="/registers/shop_check?where=verdict%20%3D%20%27fail%27"'
page "list of a year" 200 '/registers/shop_check?where=%28checked_on%20%3E%3D%202026-01-01%20and%20checked_on%20%3C%202027-01-01%29%20and%20verdict%20%3D%20%27fail%27'
has "as a year" "检查日期 在 2026 年"
has "3 of 4 again" "3 条，占全部 4 条的 75.0%"
page "list of another year" 200 '/registers/shop_check?where=%28checked_on%20%3E%3D%202025-01-01%20and%20checked_on%20%3C%202026-01-01%29'
has "has none" "没有记录合乎全部条件"
page "list in English" 200 '/registers/shop_check?where=verdict%20%3D%20%27fail%27&lang=en'
has "in words of English" 'is 不合格</span>'
page "search" 200 '/registers/shop_check?search=%E8%BF%87%E6%9C%9F'
has "finds the note" "S-2"
lacks "and no other" ">S-3<"
page "search for a code's name" 200 '/registers/shop_check?search=%E5%AE%9C%E6%98%8C'
has "offers the filter" "地区 是 宜昌市"
page "nothing found" 200 '/registers/shop_check?where=verdict%20%3D%20%27pass%27%20and%20place%20%3D%20%27420500%27'
has "says why" "没有记录合乎全部条件"
has "what to drop" "去掉「结论 是 合格」可得 2 条"
page "a condition that is none" 422 '/registers/shop_check?where=fine%20%2B%201'
has "says so in place" "不是一个条件"
page "an unknown name" 422 '/registers/shop_check?where=verdikt%20%3D%20%27fail%27'
has "with the rule" "expr.name"
has "keeps what was asked" "verdikt = &#39;fail&#39;"
page "markup in a condition" 422 '/registers/shop_check?where=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E'
lacks "stays text" "<script>alert"
page "markup in a search" 200 '/registers/shop_check?search=%3Cscript%3Ealert(1)%3C%2Fscript%3E'
lacks "stays text too" "<script>alert"
page "a foreign cursor" 422 '/registers/shop_check?after=00ff'
has "is refused in place" "query.cursor"
page "an unknown column" 422 '/registers/shop_check?columns=no,secret'
page "an unknown view" 422 '/registers/shop_check?view=mine'
page "order by a table that is none" 422 '/registers/shop_check?sort=nothing'
page "as of the future" 422 '/registers/shop_check?as_of=999999'
long=$(printf 'verdict%%20%%3D%%20%%27fail%%27%%20and%%20%.0s' $(seq 150))
page "a very long condition" 422 "/registers/shop_check?where=${long}verdict%20%3D%20%27pass%27%20and%20verdict"
page "chosen columns" 200 '/registers/shop_check?columns=note&columns=recorded_at'
has "the note" "过期食品三件"
page "as of the first import" 200 '/registers/shop_check?as_of=4&where=verdict%20%3D%20%27fail%27'
has "is marked" "这是账本第 4 条时的样子"
has "has its own numbers" "2 条"
page "before there was anything" 200 '/registers/shop_check?as_of=0'
has "says when" "账本第 0 条时"
page "a page of two" 200 '/registers/shop_check?limit=2'
has "goes on" 'rel="next"'
next=$(sed -n 's/.*rel="next" href="\([^"]*\)".*/\1/p' "$OUT" | sed 's/&amp;/\&/g')
page "the next page" 200 "$next"
has "has the way back" "回到第一页"

# ---- files
ask "CSV of a question" 200 "$URL/export/shop_check/csv?where=verdict%20%3D%20%27fail%27&columns=no,place,fine"
header "is CSV" '^content-type: text/csv; charset=utf-8$'
header "says how many" '^x-zhiheng-rows: 3$'
python3 -ISB - "$OUT" <<'PY' >"$STEP_DIR/why" 2>&1 && ok || bad "CSV has the records" "$STEP_DIR/why"
import csv, sys
rows = sorted(tuple(r.values()) for r in csv.DictReader(open(sys.argv[1], encoding="utf-8-sig", newline="")))
assert rows == [("S-2", "武汉市", "420100", "200.00"), ("S-3", "宜昌市", "420500", "50.5"), ("S-4", "宜昌市", "420500", "10.00")], rows
PY
ask "workbook" 200 "$URL/export/shop_check/xlsx?where=verdict%20%3D%20%27fail%27"
python3 -ISB - "$OUT" <<'PY' >"$STEP_DIR/why" 2>&1 && ok || bad "workbook has the records and the question" "$STEP_DIR/why"
import sys, zipfile
text = "".join(zipfile.ZipFile(sys.argv[1]).read(n).decode() for n in zipfile.ZipFile(sys.argv[1]).namelist() if n.endswith(".xml"))
assert all(t in text for t in ("S-2", "S-3", "S-4", "结论 是 不合格")) and "S-1" not in text
PY
ask "no such format" 404 "$URL/export/shop_check/pdf"
ask "a wrong question is no file" 422 "$URL/export/shop_check/csv?where=x"

# ---- a record
record=$(curl -sS -H "$HTML" "$URL/registers/shop_check?where=no%20%3D%20%27S-4%27" | grep -o '/registers/shop_check/[0-9]*-[0-9]*' | head -n 1)
page "record" 200 "$record"
has "its key" "门店检查 S-4"
has "old value struck" "<del>合格</del> → 不合格"
has "the indicator it counts in" "计入分子与分母"
has "recomputed" "本机重算一致"
has "its workflow" "门店检查的流程，现在是 待办"
has "its clock" "办理期"
page "record by its key" 200 /registers/shop_check/S-4
page "its first version" 200 "$record?version=1"
has "is marked as old" "这是第 1 版，不是现在的。现在是第 2 版。"
has "counts otherwise" "计入分母"
lacks "not as now" "计入分子与分母"
page "as of the first import" 200 "$record?as_of=4"
has "is the first version" "这是第 1 版"
for wrong in "$record?version=9" "$record?as_of=0" "$record?version=x" /registers/shop_check/1-1 \
    /registers/shop_check/0 /registers/shop_check/-5 /registers/shop_check/%27%20or%201 \
    /registers/shop_check/99999999999999999999; do
    page "no record $wrong" 404 "$wrong"
done
ask "record for programs" 200 "$URL/api/v1$record"
json "its versions" "[v['op'] for v in d['versions']] == ['create', 'amend'] and d['fields']['fine'] == '10.00'"
ask "list for programs" 200 "$URL/api/v1/registers/shop_check?where=verdict%20%3D%20%27fail%27"
json "the same three" "d['total'] == 3 and sorted(r['fields']['no'] for r in d['records']) == ['S-2', 'S-3', 'S-4']"
ask "registers for programs" 200 "$URL/api/v1/registers"
json "their sizes" "[(r['id'], r['records'], r['at_least']) for r in d['registers']] == [('shop_check', 4, False)]"
ask "a wrong question for programs" 422 "$URL/api/v1/registers/shop_check?where=x"
json "has the rule" "d['code'] == 'expr.name'"

# ---- own declarations: lives and the food set
lives=${ZHIHENG%/*}/tests/http/lives
lives=${lives#"$PWD"/}
check "build lives" build "${ZH_MODE:-asan}" "$lives"
real=$STEP_DIR/real
failures=tests/fixture/data/cn-food-noncompliance/food_noncompliance.csv
expect "import of failing lots" 0 import food_failure "$failures" --recipe cn-food-noncompliance --data "$real"
check "complaints with lives" "$lives" "$real"
"$ZHIHENG" serve --data "$real" --listen 127.0.0.1:0 >"$STEP_DIR/real.out" 2>"$STEP_DIR/real.err" &
REAL=$!
FIRST_URL=$URL
for _ in $(seq 400); do
    URL=$(sed -n 's/.*\(http:.*\)\/$/\1/p' "$STEP_DIR/real.out")
    [ -z "$URL" ] || break
    sleep 0.05
done
page "failing lots" 200 /registers/food_failure
cp "$OUT" "$STEP_DIR/lots.html"
python3 -ISB - "$STEP_DIR/lots.html" "$failures" <<'PY' >"$STEP_DIR/why" 2>&1 && ok || bad "facets count what is in the file" "$STEP_DIR/why"
import collections, csv, html, re, sys
page = open(sys.argv[1], encoding="utf-8").read()
rows = list(csv.DictReader(open(sys.argv[2], encoding="utf-8-sig", newline="")))
def facet(title):
    body = re.search(r'<section class="facet"><h3>' + re.escape(title) + r'</h3>(.*?)</section>', page, re.S).group(1)
    return {html.unescape(k): int(n.replace(",", "")) for k, n in re.findall(r'<a[^>]*>([^<]*)</a><span class="ct">([\d,]+)</span>', body)}
hazards = {"Specification": "质量指标", "Food additive": "食品添加剂", "Microbial contamination": "微生物污染",
           "Environmental contaminant": "环境污染物", "Pesticide and veterinary drug": "农兽药残留", "Biotoxin": "生物毒素", "Toxin": "生物毒素"}
want = collections.Counter(r["adulterant_category"] for r in rows)
got = facet("不合格项目类别")
assert got == {hazards.get(k, k): n for k, n in want.items()}, (got, want)
places = collections.Counter(r["production_location"] for r in rows)
got = facet("生产地（省）")
assert got and all(places[k] == n for k, n in got.items()), (got, places)
assert "%d 条" % len(rows) in page, len(rows)
offsite = sum(r["types_of_sampling"] != "Same Place" for r in rows)
assert re.search(r'异地产销<b>%d</b>' % offsite, page), offsite
hubei = places["湖北省"]
assert re.search(r'湖北生产<b>%d</b>' % hubei, page), hubei
PY
has "its title, for phones" 'class="called"'
lot=$(grep -o 'href="/registers/food_failure/[0-9]*-[0-9]*"' "$STEP_DIR/lots.html" | head -1 | cut -d'"' -f2)
page "a failing lot" 200 "$lot"
cp "$OUT" "$STEP_DIR/lot.html"
python3 -ISB - "$STEP_DIR/lot.html" "$failures" <<'PY' >"$STEP_DIR/why" 2>&1 && ok || bad "a lot has its title and its kin" "$STEP_DIR/why"
import csv, html, re, sys
page = open(sys.argv[1], encoding="utf-8").read()
rows = list(csv.DictReader(open(sys.argv[2], encoding="utf-8-sig", newline="")))
def plain(text):
    return html.unescape(re.sub(r"<[^>]*>", "", text))
facts = {plain(k): plain(v) for k, v in re.findall(r"<dt[^>]*>(.*?)</dt><dd[^>]*>(.*?)</dd>", page, re.S)}
def fact(name): # without its source mark and its code
    return re.sub(r"^(填报|推算|接口|引用)", "", facts[name]).split(" ")[0]
title = plain(re.search(r"<h1[^>]*>(.*?)</h1>", page, re.S).group(1))
want = "%s%s不合格，%s生产，%s抽到" % (fact("食品类别（汇编）"), fact("不合格项目"), fact("生产地"), fact("抽样地"))
assert title == want, (title, want)
own = next(r for r in rows if r["id"] == fact("来源编号"))
items = set(own["adulterant"].split(";"))
def kin(*same):
    return sum(all(r[k] == own[k] for k in same) and bool(items & set(r["adulterant"].split(";"))) for r in rows)
related = page[page.index('id="related"'):]
for label, n in (("同项目", kin("production_location", "food_category")),
                 ("同市同项目", kin("production_location", "production_location2", "food_category"))):
    row = re.search(r"<tr><td[^>]*>%s</td>(.*?)</tr>" % label, related, re.S).group(1)
    counted = re.search(r"共 ([\d,]+) 条", plain(row))
    got = int(counted.group(1).replace(",", "")) if counted else int("只有这一条" in plain(row))
    assert got == n > 0, (label, got, n)
assert "没有依据它的信号" in related
PY
kin=$(grep -o 'href="/registers/food_failure?where=[^"]*"' "$STEP_DIR/lot.html" | head -1 | cut -d'"' -f2 | sed 's/&amp;/\&/g')
page "the number of its kin opens" 200 "$kin"
page "a view" 200 '/registers/food_failure?view=hubei'
has "goes down to cities" "生产地（市州）"
page "a complaint" 200 /registers/complaint/TS-420102-2026-000001
has "its state" "消费投诉的流程，现在是 办结"
has "markup in its facts stays text" "&lt;b&gt;烫伤&lt;/b&gt;"
has "a correction" "<del>129.00 元</del> → 219.00 元"
has "its reason" "发票金额与填报不符"
has "a step" "受理：待受理 → 已受理"
has "what the clock did" "回访期满：回访 → 办结"
has "who refers to it" 'href="/registers/injury/'
has "the amount of its limit is not verified" "未核实口径"
page "an injury" 200 /registers/injury/SH-1
has "links to the complaint" ">TS-420102-2026-000001</a>"
page "all complaints" 200 '/registers/complaint?columns=no,respondent,claim,amount,state'
has "two" "2 条"
page "by state" 200 "/registers/complaint?where=state%20%3D%20%27closed%27"
has "in words" "状态 是 办结"
kill -TERM "$REAL"
wait "$REAL"
[ "$(grep -c 'ERROR\|LeakSanitizer\|runtime error' "$STEP_DIR/real.err")" = 0 ] && ok || bad "sanitizers found something" "$STEP_DIR/real.err"
URL=$FIRST_URL
