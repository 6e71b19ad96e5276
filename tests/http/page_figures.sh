# shellcheck shell=bash
# Drawings of the indicator page and the board, on a server of their own with tests/fixture/figures: days
# of air, Wuhan 80, 90 in January 2014 and 70, 72 in January 2015, Yichang 60 in March 2014 and 66 in
# February 2015, Xiangyang 50 in February 2015. Means: 2014 230/3 = 76.7, 2015 258/4 = 64.5.
FIGURES_URL=$URL
air=tests/fixture/figures
figures_data=$STEP_DIR/figures

# draws NAME EXPRESSION: over what figures.py reads from the last answer
draws() {
    if python3 -ISB tests/http/figures.py "$OUT" "$2" >"$STEP_DIR/why" 2>&1; then
        ok
    else
        bad "$1" "$STEP_DIR/why"
    fi
}

# the shops of run.sh: intervals of 1 of 2 (Wilson 95 %, Brown, Cai and DasGupta 2001, formula 4)
page "rates by city" 200 '/indicators/shop_fail_rate?by=place@city'
draws "a row for each with value, interval and n" "[m['title'] for m in drawings['figure']['marks']] == \
['武汉市 50.00%（9.45–90.55），n = 2', '宜昌市 50.00%（9.45–90.55），n = 2']"

"$ZHIHENG" serve --packs $air/packs --data "$figures_data" --listen 127.0.0.1:0 \
    >"$STEP_DIR/figures.out" 2>"$STEP_DIR/figures.err" &
FIGURES_SERVER=$!
URL=""
for _ in $(seq 200); do
    URL=$(sed -n 's/.*\(http:.*\)\/$/\1/p' "$STEP_DIR/figures.out")
    [ -z "$URL" ] || break
    sleep 0.05
done
expect "import of the days" 0 import air_day $air/air.csv --packs $air/packs --data "$figures_data"
sleep 0.3

page "means by city" 200 '/indicators/air_mean?by=place@city'
draws "in the order of their values" "[m['title'] for m in drawings['figure']['marks']] == \
['武汉市 78.0 ug/m3，n = 4', '宜昌市 63.0 ug/m3，n = 2', '襄阳市 50.0 ug/m3，n = 1']"
draws "posts stand at their values" "[post(one, m) for m in one['marks']] == [78.0, 63.0, 50.0]"
draws "marks lead to their pages" "one['marks'][0]['href'] == '/indicators/air_mean?region=420100'"
draws "two years as a slope, a place of one year as a point" "drawings['slope']['title'] == '2 个地区比 2014 年：1 个降，1 个升' \
and [m['title'] for m in drawings['slope']['marks']] == ['武汉市 85.0 → 71.0', '宜昌市 60.0 → 66.0', '襄阳市 未报 → 50.0'] \
and [len(m['circles']) for m in drawings['slope']['marks']] == [0, 0, 1]"
draws "and all years" "[m['title'] for m in drawings['years']['marks']] == ['2014 年 76.7 ug/m3，n = 3', '2015 年 64.5 ug/m3，n = 4']"
for name in 'href="#data"' 'data.csv?by=place' 'data.xlsx?by=place' 'figure.svg?by=place' 'slope.svg?by=place' '截至 #7' 'n = 7'; do
    has "furniture: $name" "$name"
done
page "a year before there is another" 200 '/indicators/air_mean?by=place@city&period=2014'
draws "has no slope" "'slope' not in drawings"
page "means by month" 200 '/indicators/air_mean?by=month'
draws "months without data are missing, never 0" "[m['title'] for m in one['marks']] == ['2014 年 1 月 85.0 ug/m3，n = 2', '2014 年 2 月 未报', \
'2014 年 3 月 60.0 ug/m3，n = 1', '2014 年 4–12 月 未报', '2015 年 1 月 71.0 ug/m3，n = 2', '2015 年 2 月 58.0 ug/m3，n = 2']"
draws "hatched" "one['marks'][1]['rects'][0]['fill'] == 'url(#figure-w-missing)'"
page "counts by month" 200 '/indicators/air_days?by=month'
draws "a column for every month" "len(one['marks']) == 14 and one['marks'][2]['title'] == '2014 年 3 月 1，n = 1'"
draws "columns from 0" "one['marks'][0]['rects'][0]['height'] == 2 * one['marks'][2]['rects'][0]['height']"
page "counts by city" 200 '/indicators/air_days?by=place@city'
draws "bars in proportion" "[round(m['rects'][0]['width'] / one['marks'][2]['rects'][0]['width']) for m in one['marks']] == [4, 2, 1]"
has "cumulative shares" "86%"
page "in English" 200 '/indicators/air_mean?by=month&lang=en'
draws "missing in English" "any('not reported' in m['title'] for m in one['marks'])"
page "nothing to draw" 200 '/indicators/air_mean?by=month&period=2001'
draws "draws nothing" "not drawings"

# ---- board
page "board with drawings" 200 /
draws "a beam with value and year before" "drawings['row 0']['marks'][0]['title'] == '值 64.5 对照 76.667'"
draws "two years are a line of their months" "'2014 年 1 月–2015 年 2 月: 85.0 ug/m3 → 58.0 ug/m3' in [d['title'] for d in drawings.values()]"

# ---- files
ask "data as XLSX" 200 "$URL/indicators/air_mean/data.xlsx?by=place@city"
header "is a workbook" '^content-type: application/vnd.openxmlformats-officedocument.spreadsheetml.sheet$'
header "to be kept" '^content-disposition: attachment; filename="air_mean.xlsx"$'
python3 -ISB - "$OUT" <<'PY' >"$STEP_DIR/why" 2>&1 && ok || bad "XLSX has the numbers" "$STEP_DIR/why"
import re, sys, zipfile
import xml.etree.ElementTree as ET
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
for name in z.namelist():
    ET.fromstring(z.read(name))
ns = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
def rows(name):
    for row in ET.fromstring(z.read(name)).iter(ns + "row"):
        yield [(c.get("t"), "".join(t.text or "" for t in c.iter() if t.tag in (ns + "t", ns + "v"))) for c in row]
head, *data = rows("xl/worksheets/sheet1.xml")
at = {text: i for i, (kind, text) in enumerate(head)}
got = [(r[at["key"]][1], r[at["label"]][1], float(r[at["value"]][1]), int(r[at["n"]][1])) for r in data]
assert got == [("", "", 69.7, 7), ("420100", "武汉市", 78.0, 4), ("420500", "宜昌市", 63.0, 2), ("420600", "襄阳市", 50.0, 1)], got
assert data[1][at["key"]][0] == "inlineStr" and data[1][at["value"]][0] != "inlineStr", data[1]
said = dict((r[0][1], r[1][1]) for r in rows("xl/worksheets/sheet2.xml"))
assert said["定义"] == "浓度之和 / 城市日数" and said["指标"] == "平均浓度", said
PY
ask "drawing as SVG" 200 "$URL/indicators/air_mean/figure.svg?by=place@city"
header "is a picture" '^content-type: image/svg+xml$'
header "to be kept" '^content-disposition: attachment; filename="air_mean.svg"$'
has "its own colours" '#15212a'
lacks "no links that lead nowhere" 'href='
draws "with the values" "[post(drawings['file'], m) for m in one['marks']] == [78.0, 63.0, 50.0]"
draws "with source and time" "any(t.startswith('来源') for t in one['texts']) and any('截至 #7' in t for t in one['texts'])"
python3 -ISB -c 'import sys, xml.etree.ElementTree as ET; ET.parse(sys.argv[1])' "$OUT" 2>"$STEP_DIR/why" && ok || bad "SVG is XML" "$STEP_DIR/why"
ask "slope as SVG" 200 "$URL/indicators/air_mean/slope.svg?by=place@city"
draws "with both years" "'武汉市 85.0 → 71.0' in [m['title'] for m in one['marks']]"
ask "no slope of counts" 404 "$URL/indicators/air_days/slope.svg?by=place@city"
ask "no drawing of nothing" 404 "$URL/indicators/air_mean/figure.svg?by=month&period=2001"
ask "files of an unknown indicator" 404 "$URL/indicators/none/data.xlsx"

# ---- altered and further data move the marks: a third year makes a line; 50 becomes 95
sed 's/^A-7,\(.*\),50$/A-7,\1,95/' $air/air.csv >"$STEP_DIR/air.csv"
printf 'A-8,武汉,2016-01-05,40\n' >>"$STEP_DIR/air.csv"
expect "import of the changed days" 0 import air_day "$STEP_DIR/air.csv" --packs $air/packs --data "$figures_data"
sleep 0.3
page "means with the change" 200 '/indicators/air_mean?by=place@city&period=2015'
draws "the changed one leads" "[post(drawings['figure'], m) for m in drawings['figure']['marks']] == [95.0, 71.0, 66.0]"
page "board with the change" 200 /
draws "three years are a line" "'2014–2016: 76.7 ug/m3 → 40.0 ug/m3' in [d['title'] for d in drawings.values()]"
page "means as they were" 200 '/indicators/air_mean?by=place@city&as_of=7'
draws "still drawn" "[post(one, m) for m in one['marks']] == [78.0, 63.0, 50.0]"

kill -TERM "$FIGURES_SERVER"
wait "$FIGURES_SERVER" && ok || bad "server of the drawings ends" "$STEP_DIR/figures.err"
if grep -q 'ERROR\|LeakSanitizer\|runtime error' "$STEP_DIR/figures.err"; then
    bad "sanitizers found something" "$STEP_DIR/figures.err"
fi
URL=$FIGURES_URL
