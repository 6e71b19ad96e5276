# shellcheck shell=bash
# 企业质量承诺 lived by forms, on a server of its own: a record is made, submitted, published by two
# persons, found in breach with a notice and a created record, appealed, voted on, replaced; what is
# refused says why; many records at once, and that undone.
lived=$STEP_DIR/lived
for login in handler.a handler.b reviewer.a reviewer.b leader.a; do
    printf 'orange-kettle-%s-77\n' "$login" | "$ZHIHENG" account add "$login" "$login" --data "$lived" >"$OUT" 2>&1 && ok || bad "account $login" "$OUT"
    expect "post of $login" 0 account grant "$login" "${login%.*}" all 420000 --data "$lived"
done
printf 'orange-kettle-reviewer.c-77\n' | "$ZHIHENG" account add reviewer.c reviewer.c --data "$lived" >"$OUT" 2>&1 && ok || bad "account of another city" "$OUT"
expect "post in another city" 0 account grant reviewer.c reviewer all 420500 --data "$lived"
lived_opens() {
    "$ZHIHENG" serve --data "$lived" "$@" --listen 127.0.0.1:0 >"$STEP_DIR/lived.out" 2>>"$STEP_DIR/lived.err" &
    LIVED=$!
    URL=""
    for _ in $(seq 400); do
        URL=$(sed -n 's/.*\(http:.*\)\/$/\1/p' "$STEP_DIR/lived.out")
        [ -z "$URL" ] || break
        sleep 0.05
    done
}
BEFORE_URL=${URL:-}
lived_opens --packs packs # no data yet: the first server has its declarations
# what went before is in $STEP_DIR/headers: where the answer leads
led() { tr -d '\r' <"$STEP_DIR/headers" | sed -n 's/^[Ll]ocation: //p'; }
# the same form again: the version that stands
step() {
    local name=$1 status=$2 at=$3 how=$4
    shift 4
    curl -sS -m 20 -b "$COOKIE" -o "$STEP_DIR/now.json" "$URL/api/v1$at"
    act "$name" "$status" "$at/transitions/$how" "version=$(python3 -ISB -c 'import json,sys; print(json.load(open(sys.argv[1]))["version"])' "$STEP_DIR/now.json")" "$@"
}
state_is() {
    ask "$1" 200 -b "$COOKIE" "$URL/api/v1$2"
    json "$1: $3" "d['state'] == '$3'"
}
subject=出厂电池批次合格率不低于百分之九十九
as handler.a

# ---- a record is made
"$ZHIHENG" import enterprise --help >"$OUT" 2>&1
printf 'uscc,name,place,industry\n91350100M000100Y43,校验位算例企业,420102,3841\n' >"$STEP_DIR/firm.csv"
expect "a firm" 0 import enterprise "$STEP_DIR/firm.csv" --data "$lived"
page "the form" 200 /registers/quality_promise/new -b "$COOKIE"
has "its fields" 'name="f.subject"'
has "required ones are marked" 'aria-required="true"'
has "child rows" 'name="t.checks.0.item"'
page "in English" 200 "/registers/quality_promise/new?lang=en" -b "$COOKIE"
has "the title" 'New: Quality promise'
ask "codes by name" 200 -b "$COOKIE" "$URL/registers/quality_promise/choices/place?q=%E6%B1%9F%E5%B2%B8"
json "are found" "any(c['value'] == '420102' for c in d['choices'])"
ask "of a field that is no list" 404 -b "$COOKIE" "$URL/registers/quality_promise/choices/subject?q=a"
act "what is wrong" 422 /registers/quality_promise/new "f.no=CN-1" "f.firm=91350100M000100Y43" "f.place=420102" "f.subject=<script>alert(1)</script>短" "f.promised_on=2026-02-30" "f.days=many"
has "is said in place" 'aria-invalid="true"'
has "what was typed stays" 'value="many"'
lacks "and stays text" '<script>alert'
act "more rows" 200 /registers/quality_promise/new "f.no=CN-1" "t.checks.n=1" "t.checks.0.item=合格率" "rows=checks"
has "are added" 'name="t.checks.3.item"'
has "what was typed is kept" 'value="CN-1"'
act "a computed or foreign name" 303 /registers/quality_promise/new "f.no=CN-0" "f.firm=校验位算例企业" "f.place=江岸区" "f.subject=$subject" "f.promised_on=2026-02-01" "f.days=60" "state=published" "f.state=published" "office=7" "f.version=9" "actor=leader.a"
first=$(led)
state_is "what is not a field is not taken" "$first" draft
act "made" 303 /registers/quality_promise/new "f.no=CN-1" "f.firm=校验位算例企业" "f.place=江岸区" "f.subject=$subject" "f.promised_on=2026-02-01" "f.days=60" "t.checks.n=2" "t.checks.0.item=" "t.checks.1.item=合格率" "t.checks.1.promised=99%"
promise=$(led)
ask "the record" 200 -b "$COOKIE" "$URL/api/v1$promise"
json "has its row" "len(d['fields']['checks']) == 1 and d['versions'][0]['actor'] == 'handler.a'"
act "twice" 409 /registers/quality_promise/new "f.no=CN-1" "f.firm=校验位算例企业" "f.place=江岸区" "f.subject=$subject" "f.promised_on=2026-02-01" "f.days=60"
has "says that it is there" '已有同样业务键'
as reviewer.a
act "who may not" 403 /registers/quality_promise/new "f.no=CN-2"
page "not even the form" 403 /registers/quality_promise/new -b "$COOKIE"

# ---- submitted, withdrawn by nobody else, published by two
as handler.a
step "submit" 303 "$promise" submit
as handler.b
page "withdrawing is for who submitted" 200 "$promise" -b "$COOKIE"
has "says who" '只有提交的人可以撤回：handler.a'
step "withdrawn by another" 422 "$promise" withdraw
has "is refused" '只有提交的人可以撤回'
step "handed on without an office" 422 "$promise" hand_on
has "says so" '须写明转给哪个机构'
step "handed on" 303 "$promise" hand_on "handler=宜昌市"
ask "the home" 200 -b "$COOKIE" "$URL/api/v1$promise"
json "stays" "str(d['office']) == '${promise##*/}'.split('-')[0] and d['state'] == 'review'"
as reviewer.a
step "mass assignment with a step" 403 "$promise" publish "f.days=1"
step "asked for" 303 "$promise" publish
act "confirmed by oneself" 403 "$promise/transitions/publish/second" "verdict=take"
as reviewer.b
# two approvals at once: one is taken
for n in 1 2; do
    curl -sS -m 20 -b "$COOKIE" -H "$HTML" -o /dev/null -w '%{http_code}\n' -d verdict=take "$URL$promise/transitions/publish/second" >"$STEP_DIR/race.$n" &
    RACE[n]=$!
done
wait "${RACE[1]}" "${RACE[2]}"
[ "$(cat "$STEP_DIR"/race.* | grep -c 303)" = 1 ] && ok || bad "a race of two approvals: one is taken" "$STEP_DIR/race.1"
state_is "published" "$promise" published

# ---- a breach: asked of the record twice, a notice with a number, a created record
as handler.a
step "report" 303 "$promise" report "f.evidence=自检合格"
as reviewer.a
step "breach without a finding" 422 "$promise" breach "reason_code=not_met"
has "is refused when it is asked for" '要填'
page "the form" 200 "$promise/transitions/breach" -b "$COOKIE"
has "offers a look at the notice" 'formaction="'"$promise"'/transitions/breach/preview"'
step "the notice before it is issued" 200 "$promise" breach/preview "reason_code=not_met" "f.finding=<img src=x onerror=alert(1)>两批不合格"
has "is not issued" '还没有发出'
has "says what it will say" '关于认定违反质量承诺的告知书'
has "without a number" '文号在提交时编'
lacks "text of people stays text" '<img src=x'
state_is "nothing is written" "$promise" checking
step "what could not be taken cannot be seen" 422 "$promise" breach/preview "reason_code=not_met"
step "a step without a document" 404 "$promise" accept/preview "f.finding=合格"
ask "nothing to print yet" 404 -b "$COOKIE" "$URL/registers/quality_promise/papers?id=${promise##*/}"
step "breach" 303 "$promise" breach "reason_code=not_met" "f.finding=<img src=x onerror=alert(1)>两批不合格"
as reviewer.b
act "confirmed" 303 "$promise/transitions/breach/second" "verdict=take"
ask "in breach" 200 -b "$COOKIE" "$URL/api/v1$promise"
json "numbered" "d['state'] == 'breached' and d['fields']['notice_no'].startswith('质诺告〔') and d['fields']['notice_no'].endswith('〕1号')"
page "the record" 200 "$promise" -b "$COOKIE"
lacks "text of people stays text" '<img src=x'
has "leads to the file" "$promise/files/notice"
ask "the notice" 200 -b "$COOKIE" "$URL$promise/files/notice"
head -c 5 "$OUT" | grep -q '%PDF-' && ok || bad "is a PDF"
header "is shown as one" '^content-type: application/pdf'
ask "another field has no file" 404 -b "$COOKIE" "$URL$promise/files/subject"
ask "what it made" 200 -b "$COOKIE" "$URL/api/v1/registers/promise_repair"
json "is linked back" "d['records'][0]['fields']['no'] == 'CN-1-G'"

ask "documents in one print" 200 -b "$COOKIE" "$URL/registers/quality_promise/papers?id=${promise##*/}&id=${promise##*/}"
head -c 5 "$OUT" | grep -q '%PDF-' && ok || bad "is a PDF"
header "is shown as one" '^content-type: application/pdf'
ask "none chosen" 422 -b "$COOKIE" "$URL/registers/quality_promise/papers"
page "the list" 200 /registers/quality_promise -b "$COOKIE"
has "offers to print" 'formaction="/registers/quality_promise/papers"'

# ---- a vote: told on the desk, signed by whoever votes, closed by the majority
as handler.a
step "appeal" 303 "$promise" appeal "f.evidence=复检合格"
as reviewer.a
page "the desk" 200 /desk -b "$COOKIE"
has "asks for the vote" '待我表决　1 件'
has "with the votes so far" '同意 0，不同意 0；3 人中 2 人同意即通过'
page "its form" 200 "$promise/transitions/uphold" -b "$COOKIE"
has "asks for a signature" 'name="password"'
step "a vote that is not signed" 403 "$promise" uphold "vote=yes"
step "with another password" 403 "$promise" uphold "vote=yes" "password=orange-kettle-reviewer.b-77"
lacks "which is not shown again" 'orange-kettle'
state_is "not taken" "$promise" appeal
step "signed" 303 "$promise" uphold "vote=yes" "password=orange-kettle-reviewer.a-77"
page "the record" 200 "$promise" -b "$COOKIE"
has "says who signed what" '签署：reviewer.a 以“reviewer”的身份签署“合议撤销违诺”：企业质量承诺'
has "until when" '到时有 2 票即由多数决定'
page "the desk" 200 /desk -b "$COOKIE"
lacks "asks no more" '待我表决'
as reviewer.b
step "the second" 303 "$promise" uphold "vote=yes" "password=orange-kettle-reviewer.b-77"
state_is "the majority" "$promise" checking

# ---- back to where it was
step "to a state it has not passed" 422 "$promise" send_back "reason_code=vague" "to_state=kept"
step "back" 303 "$promise" send_back "reason_code=vague" "to_state=published"
state_is "where it was" "$promise" published

# ---- replaced
as handler.a
act "a new promise instead" 303 /registers/quality_promise/new "f.no=CN-1B" "f.firm=校验位算例企业" "f.place=江岸区" "f.subject=${subject}点五" "f.promised_on=2026-02-01" "f.days=60" "f.replaces=CN-1"
new=$(led)
state_is "the old one" "$promise" replaced
page "is marked" 200 "$promise" -b "$COOKIE"
has "with its successor" "href=\"$new\""
act "replaced twice" 422 /registers/quality_promise/new "f.no=CN-1C" "f.firm=校验位算例企业" "f.place=江岸区" "f.subject=$subject" "f.promised_on=2026-02-01" "f.days=60" "f.replaces=CN-1"
has "is refused" '已被取代'

# ---- many at once, each for itself, and all taken back but what has changed since
ids=()
for n in 1 2 3; do
    act "one of many" 303 /registers/quality_promise/new "f.no=M-$n" "f.firm=校验位算例企业" "f.place=江岸区" "f.subject=$subject" "f.promised_on=2026-02-01" "f.days=60"
    ids+=("$(basename "$(led)")")
done
step "one moves on" 303 "/registers/quality_promise/${ids[2]}" submit
page "the list" 200 /registers/quality_promise -b "$COOKIE"
has "offers steps" 'form="bulk"'
page "what is asked" 200 "/registers/quality_promise/bulk?transition=submit&id=${ids[0]}&id=${ids[1]}" -b "$COOKIE"
has "carries the version" "value=\"${ids[0]}.1\""
act "nothing chosen" 422 /registers/quality_promise/bulk "transition=submit"
act "no such step" 422 /registers/quality_promise/bulk "transition=publish_twice" "id=${ids[0]}.1"
act "three" 303 /registers/quality_promise/bulk "transition=submit" "id=${ids[0]}.1" "id=${ids[1]}.1" "id=${ids[2]}.1"
bulk=$(led)
page "the outcomes" 200 "$bulk" -b "$COOKIE"
has "two done, one not" '办成 2 条，没办成 1 条'
has "and why" '您看到的是第 1 版'
state_is "the first" "/registers/quality_promise/${ids[0]}" review
step "the second changes" 303 "/registers/quality_promise/${ids[1]}" return "reason_code=vague"
as handler.b
page "another's" 404 "$bulk" -b "$COOKIE"
act "is not taken back by others" 404 "$bulk/undo" "now=1"
as handler.a
act "taken back" 303 "$bulk/undo" "now=1"
state_is "the first is back" "/registers/quality_promise/${ids[0]}" draft
page "what was left" 200 "$bulk" -b "$COOKIE"
has "is listed" '已被改到第 3 版'
act "once only" 409 "$bulk/undo" "now=1"

# ---- judged: why, in words, with the records it rests on as far as the reader may see them
act "one that is broken" 303 /registers/quality_promise/new "f.no=CN-9" "f.firm=校验位算例企业" "f.place=江岸区" "f.subject=$subject" "f.promised_on=2026-02-01" "f.days=60"
broken=$(led)
step "submit" 303 "$broken" submit
as reviewer.a
step "asked for" 303 "$broken" publish
as reviewer.b
act "published" 303 "$broken/transitions/publish/second" "verdict=take"
as handler.a
step "report" 303 "$broken" report "f.evidence=自检合格"
as reviewer.a
step "breach" 303 "$broken" breach "reason_code=not_met" "f.finding=两批不合格"
as reviewer.b
act "confirmed" 303 "$broken/transitions/breach/second" "verdict=take"
kill -TERM "$LIVED"
wait "$LIVED"
lived_opens # judges what has happened as soon as it runs
as handler.a
for _ in $(seq 100); do
    curl -sS -m 20 -b "$COOKIE" -o "$OUT" "$URL/api/v1/registers/judgement?where=points%20%3C%2080"
    grep -q '"subject_ref"' "$OUT" && break
    sleep 0.2
done
json "the firm is judged" "len(d['records']) == 1 and d['records'][0]['fields']['points'] == '50.0000'"
found=/registers/judgement/$(python3 -ISB -c 'import json,sys; r=json.load(open(sys.argv[1]))["records"][0]; print(r["office"], r["id"], sep="-")' "$OUT")
page "the finding" 200 "$found" -b "$COOKIE"
has "says why first" 'id="why"'
has "an input by what people call it" '违诺未改正的承诺'
has "the sum begins somewhere" '起评分'
has "the lines of the grades" 'C 不低于 0'
has "what would have overridden them" '违诺未改正的承诺 ≥ 3 时直接定为 D，这次不成立'
has "the judged record by its title" 'href="/registers/enterprise/'
has "the records behind, linked" "<a href=\"$broken\">校验位算例企业"
lacks "no ids for people" '>quality_promise/'
page "worked out again" 200 "$found?again=1" -b "$COOKIE"
has "it is the same" '输入、得分和等级都一致'
page "in the list" 200 /registers/judgement -b "$COOKIE"
has "the rule by its name" '质量承诺诚信等级'
page "in English" 200 "$found?lang=en" -b "$COOKIE"
has "the input in English" 'Broken promises not put right'
as reviewer.c
page "for who may not see the promise" 200 "$found" -b "$COOKIE"
has "says so" '另有 1 条：您无权查看，或已撤销'
lacks "and does not lead there" "$broken"
kill -TERM "$LIVED"
wait "$LIVED"
[ "$(grep -c 'ERROR\|LeakSanitizer\|runtime error' "$STEP_DIR/lived.err")" = 0 ] && ok || bad "sanitizers found something" "$STEP_DIR/lived.err"
expect "verify after all that" 0 verify --data "$lived"
URL=$BEFORE_URL
