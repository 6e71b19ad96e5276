# shellcheck shell=bash
# The pages of signals and studies, on a server of their own with the packs of the program and three of
# the public sets it carries. What they should say is counted by signals.py from the files.
SIGNALS_URL=$URL
signals_data=$STEP_DIR/signals
food=$STEP_DIR/failures.csv # without some of its rows: the public values are tested elsewhere
sed '2,300d' packs/demo/data/cn-food-noncompliance/food_noncompliance.csv >"$food"

"$ZHIHENG" serve --data "$signals_data" --listen 127.0.0.1:0 >"$STEP_DIR/signals.out" 2>"$STEP_DIR/signals.err" &
SIGNALS_SERVER=$!
URL=""
for _ in $(seq 200); do
    URL=$(sed -n 's/.*\(http:.*\)\/$/\1/p' "$STEP_DIR/signals.out")
    [ -z "$URL" ] || break
    sleep 0.05
done

# says NAME WHAT ARGS...: signals.py looks at the last answer
says() {
    local name=$1
    shift
    if python3 -ISB tests/http/signals.py "$OUT" "$@" >"$STEP_DIR/why" 2>&1; then
        ok
    else
        bad "$name" "$STEP_DIR/why"
    fi
}

page "signals before there are any" 200 /signals
page "studies without data" 200 /studies
has "wait for theirs" "数据未到"
page "a study without data" 200 /studies/chicago
has "says what it needs" "食品场所检查"
expect "import of the failures" 0 import food_failure "$food" --recipe cn-food-noncompliance --data "$signals_data"
expect "detection" 0 signals --run --detector food_item_by_maker --data "$signals_data"
expect "import of the inspections" 0 import chicago_inspection \
    packs/demo/data/us-chicago-inspections/inspections_2011_2013.csv.gz --data "$signals_data"
expect "import of the calls" 0 import sandy_daily \
    packs/demo/data/us-nyc-sandy-311-daily/sandy-311-calls-by-day.csv --recipe us-nyc-sandy-311-daily --data "$signals_data"
sleep 0.5

# ---- signals
page "signals" 200 '/signals?detector=food_item_by_maker'
says "pairs, counts and ratios are those of the file" signals "$food" ""
ask "as a table" 200 "$URL/files/signals/signals.csv?detector=food_item_by_maker"
says "with the four-fold tables" table "$food" ""
header "to be kept" '^content-disposition: attachment; filename="food_item_by_maker.csv"$'
ask "as a workbook" 200 "$URL/files/signals/signals.xlsx?detector=food_item_by_maker"
header "is one" '^content-type: application/vnd.openxmlformats-officedocument.spreadsheetml.sheet$'
ask "as a drawing" 200 "$URL/files/signals/signals.svg?detector=food_item_by_maker"
has "is one" "<svg"
ask "as a picture" 200 "$URL/files/signals/signals.png?detector=food_item_by_maker"
head -c 8 "$OUT" | cmp -s - <(printf '\x89PNG\r\n\x1a\n') && ok || bad "is no PNG"
ask "no such file" 404 "$URL/files/signals/other.csv"
ask "no such form" 404 "$URL/files/signals/signals.exe"
page "signals of Hubei" 200 '/signals?detector=food_item_by_maker&region=420000'
says "are its own" signals "$food" 湖北省
one=$(grep -o '/signals/[0-9]\+' "$OUT" | head -1)
page "one of them" 200 "$one"
says "has its table, what it is made of and its records" one "$food" 湖北省
lot=$(grep -o 'href="/registers/food_failure/[0-9]*-[0-9]*"' "$OUT" | head -1 | cut -d'"' -f2)
page "a record of its evidence" 200 "$lot"
has "names the signal" "href=\"$one\""
page "no such detector" 404 '/signals?detector=%3Cb%3E'
lacks "it is text" '<b>'
page "no such region" 422 '/signals?region=99'
page "no such signal" 404 /signals/1
page "a signal by words" 404 '/signals/%27%20or%201'

# ---- studies
page "studies" 200 /studies
page "inspections of Chicago" 200 /studies/chicago
says "mean and points beyond the limits" chicago packs/demo/data/us-chicago-inspections/inspections_2011_2013.csv.gz
ask "its chart as a drawing" 200 "$URL/studies/chicago/chart.svg"
ask "its chart as data" 200 "$URL/studies/chicago/chart.csv"
says "a row a month" months packs/demo/data/us-chicago-inspections/inspections_2011_2013.csv.gz
page "calls around the hurricane" 200 /studies/sandy
says "days to the first alarm of EARS C1" sandy packs/demo/data/us-nyc-sandy-311-daily/sandy-311-calls-by-day.csv
page "in English" 200 '/studies/sandy?lang=en'
has "says it in English" "Landfall 2012-10-29"
caers=packs/demo/data/us-fda-caers-2012/caers_2012.csv.gz
expect "import of the reports" 0 import caers_report "$caers" --data "$signals_data"
sleep 0.5
page "scores and the published ones" 200 /studies/caers
has "as many pairs, as many high ones as were published" "17,189 对里 131 对的 EB05 不低于 2"
has "all of them agree" "公布的 11 对 EBGM，11 对一致"
ask "the scores as data" 200 "$URL/studies/caers/shrunk.csv"
says "are those of the file" scores "$caers"
page "before the data" 200 '/studies/chicago?as_of=0'
has "there were none" "数据未到"
page "no such study" 404 '/studies/%3Cscript%3E'
lacks "it is text" '<script>'
page "no position" 422 '/studies/chicago?as_of=x'
ask "no such figure" 404 "$URL/studies/chicago/nothing.svg"
ask "a table is no drawing" 404 "$URL/studies/chicago/months.svg"

# ---- maps and targets as files
ask "targets as a table" 200 "$URL/files/targets/targets.csv?outline=hubei-2023"
says "one row a target of the document" lines 84
ask "deadlines as a drawing" 200 "$URL/files/targets/deadlines.svg"
ask "a map as a table" 200 "$URL/map/map.csv?indicator=food_failure_lots"
says "one row a prefecture" lines 48
ask "a map as a drawing" 200 "$URL/map/map.svg?indicator=food_failure_lots"
ask "a map of nothing" 404 "$URL/map/map.svg"

kill "$SIGNALS_SERVER"
wait "$SIGNALS_SERVER" && ok || bad "the server of signals ends" "$STEP_DIR/signals.err"
URL=$SIGNALS_URL
