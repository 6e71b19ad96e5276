#!/bin/bash
# Declarations from outside: the program's own pass with their tests, every kind of fault is reported
# with its place, what fails its own tests is not adopted, and two sets are compared.
. tests/step.sh
. tests/cli/lib.sh
build_program

fixture=tests/fixture/cli/packs

# ---- what is delivered
since=$SECONDS
expect "the packs pass" 0 model check packs
[ $((SECONDS - since)) -le 60 ] && ok || bad "checking the packs took $((SECONDS - since)) s"
expect "the embedded packs pass" 0 model check --json
json "all of it is there" "d['ok'] and d['targets'] == 205 and d['tasks'] == 165 and d['facts'] == 10 \
and d['mechanisms'] == 156 and d['tests'] >= 87 and d['tests_failed'] == 0 and not d['errors']"
digest=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["digest"])' "$OUT")
expect "folder and embedded" 0 model check packs --json
json "are the same" "d['digest'] == '$digest'"
expect "the fixture passes" 0 model check "$fixture" --json
json "with its five tests" "d['ok'] and d['tests'] == 5"
# a mechanism with workflow, clock, obligation and judgement is one file, written from the reference
expect "a further mechanism in one file" 0 model check tests/fixture/mechanism/instrument_check.yaml --json
json "with its five tests" "d['ok'] and not d['errors'] and d['tests_failed'] == 0"
expect "one file beside the program's own" 1 model check "$fixture/shop.yaml"
has "a code system that is there already is said" "region"

# ---- faults: refused NAME SED TEXT... (the changed copy is refused and each TEXT is in the report;
# @TEXT stands for the place of the first line that has TEXT)
pack=$STEP_DIR/packs
changed() {
    rm -rf "$pack"
    cp -r "$fixture" "$pack"
    sed -i "$1" "$pack/shop.yaml"
    ! cmp -s "$fixture/shop.yaml" "$pack/shop.yaml" || bad "the change $1 changes nothing"
}
refused() {
    local name=$1 text
    changed "$2"
    shift 2
    expect "$name" 1 model check "$pack"
    for text in "$@"; do
        [ "${text#@}" = "$text" ] ||
            text="shop.yaml:$(grep -nF -m 1 -- "${text#@}" "$pack/shop.yaml" | cut -d: -f1):"
        has "$name: $text" "$text"
    done
}
refused "unknown key" 's/event_time:/event_tme:/' '@event_tme' 'event_time'
refused "unknown type" 's/type: decimal/type: decimel/' '@decimel'
refused "unknown code system" 's/system: region/system: regoin/' '@regoin' 'region'
refused "unknown field in a rule" 's/test: "fine >= 0"/test: "fyne >= 0"/' '@fyne' 'fine'
refused "expression of the wrong type" 's/test: "fine >= 0"/test: "fine + 1"/' '@fine + 1'
refused "unknown state" 's/from: open, to: closed/from: opened, to: closed/' 'opened'
refused "measure that is not there" 's/num: failed/num: faild/' 'faild'
refused "two fields of one id" 's/{id: note,/{id: fine,/' 'fine'
refused "no YAML" 's/^registers:/registers: [/' 'shop.yaml:'
refused "an anchor" 's/purpose: 一次/purpose: \&x 一次/' '@&x'
refused "several at once" 's/type: decimal/type: decimel/; s/num: failed/num: faild/' 'decimel'

# A value that is expected wrongly: the report names file, line, test, expected and got.
refused "wrong value" 's/verdict: pass, state: open/verdict: fail, state: open/' \
    '@verdict: fail, state: open' 'shop_check.passed' '期望“fail”，得到“pass”'
refused "wrong state" 's/state: open, clock/state: closed, clock/' '期望“closed”，得到“open”'
refused "wrong clock" 's/clock.handle: 2026-02-13/clock.handle: 2026-02-14/' '期望“2026-02-14”，得到“2026-02-13”'
refused "wrong measure" 's/measure.checks: "1"/measure.checks: "2"/' '期望“2”，得到“1”'
refused "wrong digits" 's/expect: {fine: "200.50"/expect: {fine: "200.5"/' '期望“200.5”，得到“200.50”'

# A row scope that goes through a reference: nothing could be listed for that role.
rm -rf "$pack"
cp -r packs "$pack"
sed -i 's/rows: "firm = self", can: \[read, finish\]/rows: "promise.firm = self", can: [read, finish]/' "$pack/enterprise/quality_promise.yaml"
expect "a row scope through a reference" 1 model check "$pack"
has "names the register and the role" "promise_repair: 角色“enterprise”的行范围"
refused "wrong indicator" 's/indicator.shop_fail_rate: "100.00"/indicator.shop_fail_rate: "99.00"/' '得到“100.00”'
refused "wrong figure" 's/low: "9.45"/low: "9.46"/' '@9.46' '期望“9.46”，得到“9.45”'
refused "rule that does not speak" 's/change: {fine: "5"}/change: {fine: ""}/' 'breaks_fine_needs_fault' '没有任何异议'
refused "another message" 's/message: 罚款不能为负}$/message: 罚款为负}/' 'breaks_fine_not_negative'
refused "wrong message of a rule" 's/message: 罚款不能为负}$/message: 罚款为负}/' '文字期望“罚款为负”，得到“罚款不能为负”'
refused "rule that was taken away" 's/test: "fine >= 0"/test: "fine >= -5"/' 'breaks_fine_not_negative'
refused "rule that refuses what is given" 's/test: "fine >= 0"/test: "fine is null"/' 'failed_and_closed'
refused "time that goes back" 's/at: 2026-02-05 09:00/at: 2026-02-01 09:00/' '@at: 2026-02-01'
refused "role that may not" 's/{transition: close, role: handler, at: 2026-02-06/{transition: close, role: nobody, at: 2026-02-06/' 'failed_and_closed'
refused "given that is no value" 's/checked_on: 2026-02-02, verdict/checked_on: 2026-13-02, verdict/' 'shop_check.passed' '2026-13-02'
changed 's/verdict: pass, state: open/verdict: fail, state: open/'
expect "without the tests it compiles" 0 model check "$pack" --no-tests
expect "check --json" 1 model check "$pack" --json
json "failures are counted" "not d['ok'] and d['tests_failed'] == 1 and len(d['errors']) == 1"

# ---- adopting
data=$STEP_DIR/data
expect "adopt refuses what fails its tests" 1 model adopt --packs "$pack" --data "$data"
[ ! -e "$data" ] && ok || bad "refused before a database was made"
expect "adopt" 0 model adopt --packs "$fixture" --data "$data"
expect "version names the model" 0 version --data "$data" --json
json "the adopted one" "len(d['database']['model']) == 64"
expect "records of the first version" 0 import shop_check tests/fixture/cli/shops.csv --data "$data"
changed 's/version: 1.0.0/version: 1.1.0/; s/{id: note, label: 情况,/{id: inspector, label: 检查人, type: string}\n      - {id: note, label: 情况,/'
expect "a new column" 0 model adopt --packs "$pack" --data "$data"
expect "is there" 0 query shop_check --where "inspector is null" --data "$data" --json
json "and empty" "len(d['records']) == 4 and d['records'][0]['fields']['inspector'] is None"
expect "verify after the migration" 0 verify --data "$data"
changed 's/version: 1.0.0/version: 2.0.0/; /{id: note, label: 情况,/d'
expect "dropping a column is refused" 1 model adopt --packs "$pack" --data "$data"
expect "the column is still there" 0 query shop_check --where "note is null" --data "$data"

expect "a reading verb does not adopt" 2 count shop_check --packs "$pack" --data "$data"
has "it says so" "model.differs"
has "and what to do" "model diff"
for verb in "query shop_check" indicator targets systems verify job; do
    # shellcheck disable=SC2086
    expect "nor does $verb" 2 $verb --packs "$pack" --data "$data"
done
expect "without them the adopted ones answer" 0 count shop_check --data "$data" --json
json "all of it" "d['total'] == 4"

# ---- comparing
expect "no difference" 0 model diff "$fixture" "$fixture" --json
json "no change" "d['changes'] == 0 and d['refused'] == 0"
expect "destructive step" 1 model diff "$fixture" "$pack" --json
json "is refused" "d['refused'] >= 1 and any(c['destructive'] and not c['allowed'] for c in d['plan'])"
expect "destructive step when asked for" 0 model diff "$fixture" "$pack" --destructive --json
json "is in the plan" "d['destructive'] >= 1 and d['refused'] == 0"
expect "diff for people" 1 model diff "$fixture" "$pack"
has "names the column" "note"
expect "diff needs two" 2 model diff "$fixture"
expect "diff of what is not there" 2 model diff "$fixture" "$STEP_DIR/absent"

# ---- documents
expect "docs of a register" 0 model docs shop_check --packs "$fixture"
has "docs have the fields" "检查日期"
has "docs have the rules" "fine_not_negative"
has "docs have what a measure counts" "| \`failed\` | 计数 | \`verdict = 'fail'\` |"
has "docs have the view" "- \`default\`:\`no\`、\`place\`"
expect "docs of a mechanism" 0 model docs quality_promise
has "docs have who may do what" "| \`enterprise\` | \`read\`、\`create\`、\`submit\`、\`withdraw\`、\`report\`、\`mend\`、\`appeal\` | \`firm = self\` |"
has "docs have the documents and their numbers" "质诺告〔{year}〕{0}号"
has "docs have what is judged" "- 评定谁 Judged: \`enterprise\` \`any(quality_promise where firm = self)\`"
has "docs have the points" "- 得分 Points: \`-10 * broken\`，当 if \`broken > 0\`"
has "docs have the grades" "- 等级 Grades，自 from \`2026-01-01\`: \`A\` ≥ \`85\`"
has "docs are English after Chinese" "承诺日期不能晚于现在 / The date of the promise cannot be in the future"
expect "docs of an obligation" 0 model docs cost --packs tests/fixture/obligation/packs
has "docs have who owes" "| \`yearly\` 质量成本年报 / Yearly quality cost | \`firm\` \`big = true\` | \`year\` | \`3 month\` | \`firm\` | \`10 day\` |"
expect "docs of all" 0 model docs --packs "$fixture"
expect "docs --json" 0 model docs shop_check --packs "$fixture" --json
json "fields are listed" "[f['id'] for f in d['fields']][:3] == ['no', 'place', 'checked_on']"
expect "docs of an unknown register" 2 model docs shop_chek --packs "$fixture"
has "names the nearest" "shop_check"
expect "unknown action" 2 model chek
expect "folder that is not there" 2 model check "$STEP_DIR/absent"
mkdir "$STEP_DIR/empty"
expect "empty folder" 0 model check "$STEP_DIR/empty" --json
finish
