# shellcheck shell=bash
# The tool bench over HTTP. Sourced by run.sh: $URL serves tests/fixture/cli/packs.

page "the bench" 200 /tools
for tool in control-chart capability sampling-plan weibull uncertainty gauge-rr proficiency satisfaction \
    early-warning disproportionality; do
    has "lists $tool" "href=\"/tools/$tool\""
done
for tool in control-chart capability sampling-plan weibull uncertainty gauge-rr proficiency satisfaction early-warning; do
    page "$tool with its first sample" 200 "/tools/$tool"
    has "$tool has a drawing" '<svg class="zh-fig"'
    has "$tool has its data table" 'id="data"'
    page "$tool in English" 200 "/tools/$tool?lang=en"
done
# values of the sources: the prototype's 7 months, NIST 6.3.2.2, Lawless, ISO 2859-1
page "Chicago" 200 "/tools/control-chart?sample=chicago"
has "seven months beyond the limits" '28 个点中 7 个越出控制限'
page "NIST flow rates" 200 "/tools/control-chart?sample=flow"
has "upper limit" '55.802'
page "ball bearings" 200 "/tools/weibull"
has "shape" 'β 2.10'
page "a plan of the standard" 200 "/tools/sampling-plan?lot=1000&level=II&aql=1.0"
has "code letter and numbers" '字码 J：抽 80 件，Ac = 2，Re = 3'
page "another lot, another plan" 200 "/tools/sampling-plan?lot=100&level=II&aql=1.0"
lacks "is not the same" '字码 J'

# pasted data become an address; ten times the values, ten times the limits
paste() {
    ask "$1" 303 -X POST -F "data=<$STEP_DIR/pasted" "${@:3}" "$URL/tools/$2"
    location=$(tr -d '\r' <"$STEP_DIR/headers" | sed -n 's/^location: //ip')
}
printf '流量（L/min）\n496\n476\n499\n513\n478\n512\n526\n524\n536\n521\n' >"$STEP_DIR/pasted"
paste "pasted column" control-chart -F chart=individuals
case $location in /tools/control-chart*data=*) ok ;; *) bad "data stand in the address: $location" ;; esac
page "the address repeats it" 200 "$location"
has "limits scale with the data" '558.02'
has "unit of the heading" 'L/min'
printf '４９６，４７６，４９９，５１３，４７８，５１２，５２６，５２４，５３６，５２１' >"$STEP_DIR/pasted"
paste "full-width digits and commas" control-chart -F chart=individuals
page "are the same numbers" 200 "$location"
has "same limit" '558.02'
seq 1 4000 >"$STEP_DIR/pasted"
paste "a long column" control-chart -F chart=individuals
case $location in *file=*) ok ;; *) bad "long data are kept by digest: $location" ;; esac
page "and can be asked again" 200 "$location"
has "all of them are read" '4,000 行'
ask "unknown digest" 200 -H 'Accept: text/html' "$URL/tools/control-chart?file=0123"
has "says so" '没有这份数据'

page "the paste form of a sample" 200 "/tools/control-chart?sample=chicago"
lacks "does not carry the sample's choices" 'type="hidden" name="chart"'
page "the paste form after a choice" 200 "/tools/control-chart?sample=chicago&chart=p"
has "carries the choice" '<input type="hidden" name="chart" value="p">'

# hostile and malformed
printf 'a,<script>alert(1)</script>\n1,2\n3,"</textarea><img src=x onerror=alert(1)>"\n5,6\n' >"$STEP_DIR/pasted"
paste "markup in the data" control-chart
page "is shown as text" 200 "$location"
lacks "no script" '<script>alert'
lacks "no element out of the data" '<img src=x'
printf 'nothing here is a number\n' >"$STEP_DIR/pasted"
paste "words" control-chart
page "words are refused in place" 200 "$location"
has "with what to do" '算不了'
: >"$STEP_DIR/pasted"
ask "nothing pasted" 422 -X POST -H 'Accept: text/html' -F "data=<$STEP_DIR/pasted" "$URL/tools/control-chart"
has "says it" '没有数据'
ask "binary" 422 -X POST -H 'Accept: text/html' -F "data=1" -F "file=@/bin/true;filename=x.xlsx" "$URL/tools/control-chart"
for question in 'chart=none' 'baseline=-1' 'baseline=1e9' 'chart=p&count=nothing' 'chart=p&count=%3Cb%3E'; do
    page "refused: $question" 200 "/tools/control-chart?$question"
    has "in place: $question" '算不了'
done
page "refused in English" 200 "/tools/control-chart?sample=chicago&baseline=abc&lang=en"
has "says it in English" 'takes a number, not'
ask "no such tool" 404 "$URL/tools/hammer"
ask "no such sample" 200 -H 'Accept: text/html' "$URL/tools/weibull?sample=none"
has "is said" '没有这个样例'
ask "from another site" 403 -X POST -H 'Sec-Fetch-Site: cross-site' -F "data=1" "$URL/tools/weibull"

# files to keep
for file in figure-1.svg figure-1.png answer.pdf answer.xlsx; do
    ask "$file" 200 "$URL/tools/weibull/$file?sample=bearings"
    header "$file is to be kept" 'content-disposition: attachment'
done
ask "the second figure" 200 "$URL/tools/weibull/figure-2.svg"
check "is XML" xmllint --noout "$OUT"
ask "the picture" 200 "$URL/tools/weibull/figure-1.png"
check "is a PNG" python3 -ISB -c 'import sys; sys.exit(open(sys.argv[1], "rb").read(8) != b"\x89PNG\r\n\x1a\n")' "$OUT"
ask "the workbook" 200 "$URL/tools/weibull/answer.xlsx"
check "opens and holds the estimate" python3 -ISB -c '
import sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
sys.exit(not any(b"2.1021" in z.read(n) for n in z.namelist()))' "$OUT"
for file in figure-9.svg figure-0.svg figure-x.png nothing answer.doc; do
    ask "no $file" 404 "$URL/tools/weibull/$file"
done
ask "refused question as a file" 422 "$URL/tools/control-chart/answer.pdf?chart=none"
page "a method sheet" 200 /tools/methods/spc
has "its text" '统计过程控制'
ask "no such sheet" 404 "$URL/tools/methods/nothing"
ask "not a path" 404 --path-as-is "$URL/tools/methods/..%2f..%2fREADME"
