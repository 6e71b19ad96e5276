# shellcheck shell=bash
# The workbench: the four shop checks, each with its limit, none of them due; with the program's own
# declarations, what the complaints of lives.c have due.
page "desk of the shop checks" 200 /desk
has "a count is a link" 'href="/desk?kind=shop_check.handle&amp;see=later"'
has "their limit" "测试条款 第2条"
page "what is overdue" 200 '/desk?see=overdue'
has "says why it is empty" "这里没有轮到您的事"
page "desk in English" 200 '/desk?lang=en'
has "in English" "0 due today"
has "a fortnight" 'class="fortnight"'
page "a day without anything" 200 '/desk?day=2020-01-06'
has "says so" "2020-01-06：0 件到期"
page "no such day" 422 '/desk?day=%3Cscript%3Ealert(1)%3C/script%3E'
lacks "is text" '<script>alert'
page "no such stretch" 422 '/desk?see=%3Cscript%3Ealert(1)%3C/script%3E'
lacks "is text" '<script>alert'
page "no such kind" 422 '/desk?kind=shop_check.x'
page "no such kind either" 422 '/desk?kind=.'

lives=${ZHIHENG%/*}/tests/http/lives
lives=${lives#"$PWD"/}
check "build lives" build "${ZH_MODE:-asan}" "$lives"
check "complaints with lives" "$lives" "$STEP_DIR/desk"
"$ZHIHENG" serve --data "$STEP_DIR/desk" --listen 127.0.0.1:0 >"$STEP_DIR/desk.out" 2>"$STEP_DIR/desk.err" &
DESK=$!
FIRST_URL=$URL
URL=""
for _ in $(seq 400); do
    URL=$(sed -n 's/.*\(http:.*\)\/$/\1/p' "$STEP_DIR/desk.out")
    [ -z "$URL" ] || break
    sleep 0.05
done
# What fell due while nothing ran is done by the server once it has started.
for _ in $(seq 200); do
    curl -sS "$URL/desk" -H 'Accept: text/html' 2>/dev/null | grep -q "已超期 1 件" && break
    sleep 0.05
done
page "desk" 200 /desk
has "the finding" "已超期 1 件"
has "the record" ">TS-420500-2026-000001<"
has "its limit" "受理期限"
has "is not verified" "未核实口径"
has "what may be done leads to its form" '/transitions/accept">受理</a>'
has "a count is a link" 'href="/desk?kind=complaint.accept&amp;see=overdue"'
page "what is overdue" 200 '/desk?see=overdue&kind=complaint.accept'
has "the same record" ">TS-420500-2026-000001<"
page "what is due later" 200 '/desk?see=later'
lacks "not that record" ">TS-420500-2026-000001<"
kill -TERM "$DESK"
wait "$DESK"
[ "$(grep -c 'ERROR\|LeakSanitizer\|runtime error' "$STEP_DIR/desk.err")" = 0 ] && ok || bad "sanitizers found something" "$STEP_DIR/desk.err"
URL=$FIRST_URL
