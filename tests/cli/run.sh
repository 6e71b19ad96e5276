#!/bin/bash
# The command line: verbs, exit codes, usage errors, JSON, help, man page and completion.
. tests/step.sh
. tests/cli/lib.sh
build_program

fixture=tests/fixture/cli
data=$STEP_DIR/data
with=(--data "$data")

# ---- usage
expect "no verb" 2
has "no verb lists the verbs" "indicator"
expect "unknown verb" 2 cuont
has "unknown verb names the nearest" "是不是 count？"
expect "unknown verb without a near one" 2 xyzzy
has "unknown verb points to help" "zhiheng help"
expect "unknown option" 2 count food --whre x
has "unknown option names the nearest" "--where"
expect "option without its value" 2 count food --by
has "option without its value says so" "--by 后面要有 A[,B]"
expect "missing argument" 2 count
has "missing argument is named" "REGISTER"
expect "too many arguments" 2 version one
expect "bad choice" 2 import a b --commit some
has "bad choice lists the choices" "all|clean|none"
expect "bad number" 2 query a --limit ten
expect "negative number" 2 query a --limit -1
expect "option twice" 2 count a --by b --by c
expect "flag with a value" 2 version --json=yes
expect "empty value" 2 count a --by=
expect "contradiction" 2 import a b --dry-run --commit all --packs "$fixture/packs" "${with[@]}"

# ---- help, man, completion: all from the descriptors
expect "help" 0 help
expect "--help" 0 --help
verbs=$("$ZHIHENG" help | sed -n '/^命令$/,/^$/s/^  \([a-z]*\) .*/\1/p')
for verb in $verbs; do
    expect "help $verb" 0 help "$verb"
    has "help $verb has a usage line" "用法：zhiheng $verb"
    expect "$verb --help" 0 "$verb" --help
done
for verb in serve import query count indicator targets verify model systems calc version help; do
    grep -qx "$verb" <<<"$verbs" && ok || bad "verb $verb is missing"
done
expect "help of an unknown verb" 2 help cuont
expect "man page" 0 man
for verb in $verbs; do
    grep -q "^\.SS $verb\$" "$OUT" && ok || bad "man page lacks $verb"
done
if command -v groff >/dev/null; then
    cp "$OUT" "$STEP_DIR/zhiheng.1"
    check "man page renders" groff -man -Tutf8 -K utf8 -ww "$STEP_DIR/zhiheng.1"
else
    echo "skipped: rendering the man page (groff is not installed)"
fi
expect "completion" 0 completion bash
cp "$OUT" "$STEP_DIR/completion.sh"
check "completion is a script" bash -n "$STEP_DIR/completion.sh"
complete_words() {
    bash -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _zhiheng; echo "${COMPREPLY[@]}"' \
        "$STEP_DIR/completion.sh" "$@"
}
[ "$(complete_words zhiheng cou)" = count ] && ok || bad "completes a verb"
[ "$(complete_words zhiheng import r f --commit cl)" = clean ] && ok || bad "completes a choice"
[ "$(complete_words zhiheng count x --whe)" = --where ] && ok || bad "completes an option"
[ "$(complete_words zhiheng model --json ad)" = adopt ] && ok || bad "completes an argument"
expect "completion for another shell" 2 completion fish

# ---- version, calc
expect "version" 0 version
has "version names a library" "SQLite"
expect "version --json" 0 version --json
json "version is JSON" "d['licence'] == 'Apache-2.0' and len(d['libraries']) >= 9"
expect "--version" 0 --version
expect "calc lists its functions" 0 calc
has "calc lists proportion_ci" "survey.proportion_ci"
expect "unknown function" 2 calc survey.proportion
has "unknown function lists those there are" "survey.proportion_ci"
echo '{"x":18,"n":20,"confidence":0.95}' >"$STEP_DIR/input.json"
expect "calc" 0 calc survey.proportion_ci --input "$STEP_DIR/input.json"
# binom 1.1-1.1 for R: binom.confint(18, 20, 0.95, methods = c("wilson", "exact"))
json "calc agrees with R" "abs(d['wilson']['lower'] - 0.698966354771513) < 1e-9 and \
abs(d['wilson']['upper'] - 0.972133518786232) < 1e-9 and \
abs(d['clopper_pearson']['lower'] - 0.683017285980918) < 1e-9 and \
abs(d['clopper_pearson']['upper'] - 0.987651472829705) < 1e-9"
timeout 20 "$ZHIHENG" calc survey.proportion_ci <"$STEP_DIR/input.json" >"$OUT" 2>"$ERR"
json "calc reads stdin" "'wilson' in d"
echo '{"x":21,"n":20,"confidence":0.95}' >"$STEP_DIR/input.json"
expect "calc refuses x > n" 1 calc survey.proportion_ci --input "$STEP_DIR/input.json" --json
json "a refusal is a problem document" "d['status'] == 422 and d['errors'][0]['fix']"
echo '{"x":1}' >"$STEP_DIR/input.json"
expect "calc says what is missing" 1 calc survey.proportion_ci --input "$STEP_DIR/input.json"
echo 'not json' >"$STEP_DIR/input.json"
expect "calc refuses what is not JSON" 1 calc survey.proportion_ci --input "$STEP_DIR/input.json"
expect "calc without its file" 2 calc survey.proportion_ci --input "$STEP_DIR/absent.json"

# ---- import
expect "unknown register" 2 import shop_chek "$fixture/shops.csv" --packs "$fixture/packs" "${with[@]}"
has "unknown register names the nearest" "shop_check"
expect "absent file" 2 import shop_check "$STEP_DIR/absent.csv" "${with[@]}"
expect "dry run" 0 import shop_check "$fixture/shops.csv" --dry-run "${with[@]}" --json
json "dry run writes nothing" "d['new'] == 4 and d['written'] == 0 and not d['committed']"
expect "count after the dry run" 0 count shop_check "${with[@]}" --json
json "nothing was written" "d['total'] == 0"
expect "import" 0 import shop_check "$fixture/shops.csv" "${with[@]}"
has "import says what it did" "已提交"
expect "import again" 0 import shop_check "$fixture/shops.csv" "${with[@]}" --json
json "the same rows are the same" "d['same'] == 4 and d['new'] == 0"
expect "all or nothing" 1 import shop_check "$fixture/shops_bad.csv" "${with[@]}" --json
json "bad rows are told apart" "(d['new'], d['doubtful'], d['refused']) == (1, 1, 3) and \
not d['committed'] and d['written'] == 0"
json "each error has its row, column and rule" "sorted((e['row'], e['rule']) for e in d['errors']) \
== [(3, 'code.unknown'), (4, 'fine_not_negative'), (5, 'field.date'), (6, 'fine_needs_fault')] \
and all(e['message'] for e in d['errors'])"
expect "dry run of bad rows" 1 import shop_check "$fixture/shops_bad.csv" --dry-run "${with[@]}" \
    --errors "$STEP_DIR/errors.csv"
[ "$(wc -l <"$STEP_DIR/errors.csv")" = 5 ] && ok || bad "the error file holds every error" "$STEP_DIR/errors.csv"
expect "dry run for people" 1 import shop_check "$fixture/shops_bad.csv" --dry-run "${with[@]}"
has "what is wrong with a date" "没有 13 月"
grep -q '级别  表' "$OUT" && bad "an empty column is shown" "$OUT" || ok
expect "only clean rows" 0 import shop_check "$fixture/shops_bad.csv" --commit clean "${with[@]}" --json
json "one clean row is written" "d['committed'] and d['written'] == 1"
expect "doubtful rows with a reason" 0 import shop_check "$fixture/shops_bad.csv" --commit clean \
    --justify 现场处罚 "${with[@]}" --json
json "the doubtful row is written too" "d['written'] == 1 and d['same'] == 1"
expect "a recipe that is not there" 2 import shop_check "$fixture/shops.csv" --recipe x "${with[@]}"
has "the register has none" "没有配方，按它自己的表头导入"
expect "set without a value" 2 import shop_check "$fixture/shops.csv" --set note "${with[@]}"

# ---- query
expect "query" 0 query shop_check "${with[@]}"
has "query shows labels" "宜昌市"
expect "query --json" 0 query shop_check --sort no "${with[@]}" --json
json "six records, sorted" "[r['fields']['no'] for r in d['records']] == \
['S-1', 'S-2', 'S-3', 'S-4', 'S-5', 'S-9']"
json "decimals are as written" "d['records'][1]['fields']['fine'] == '200.00' and \
d['records'][2]['fields']['fine'] == '50.5' and d['records'][0]['fields']['fine'] is None"
id=$(python3 -ISB -c 'import json,sys; print(json.load(open(sys.argv[1]))["records"][1]["id"])' "$OUT")
expect "where" 0 query shop_check --where "verdict = 'fail' and fine > 100" "${with[@]}" --json
json "where filters" "[r['fields']['no'] for r in d['records']] == ['S-2']"
expect "bad where" 2 query shop_check --where "verdict =" "${with[@]}"
expect "where that is no condition" 2 query shop_check --where "fine + 1" "${with[@]}"
expect "unknown field" 2 query shop_check --where "verdct = 'fail'" "${with[@]}"
expect "search with two characters" 0 query shop_check --search 过期 "${with[@]}" --json
json "search finds" "[r['fields']['no'] for r in d['records']] == ['S-2']"
expect "first page" 0 query shop_check --sort -no --limit 4 "${with[@]}" --json
after=$(python3 -ISB -c 'import json,sys; print(json.load(open(sys.argv[1]))["next"])' "$OUT")
expect "next page" 0 query shop_check --sort -no --limit 4 --after "$after" "${with[@]}" --json
json "pages meet" "[r['fields']['no'] for r in d['records']] == ['S-2', 'S-1'] and d['next'] is None"
expect "foreign cursor" 2 query shop_check --after xyz "${with[@]}"
expect "limit above the cap" 2 query shop_check --limit 1001 "${with[@]}"
expect "limit at the cap" 0 query shop_check --limit 1000 "${with[@]}"
expect "columns" 0 query shop_check --columns "no, state, fine * 2, clock.handle.due" "${with[@]}"
has "columns may be expressions" "400.00"
expect "column that is not there" 2 query shop_check --columns nope "${with[@]}"
expect "one record" 0 query shop_check --id "$id" "${with[@]}"
has "one record shows its fields" "过期食品三件"
expect "one record by its key" 0 query shop_check --key S-2 "${with[@]}" --json
json "it is the same" "d['id'] == '$id' and d['version'] == 1"
expect "no such record" 1 query shop_check --id 1 "${with[@]}" --json
json "no such record is a problem document" "d['status'] == 404"
expect "history" 0 query shop_check --id "$id" --history "${with[@]}" --json
json "one version with its position" "len(d['versions']) == 1 and d['versions'][0]['position'] >= 0"
expect "history for people" 0 query shop_check --id "$id" --history "${with[@]}"
has "operations have Chinese names" "建立"
expect "list for people" 0 query shop_check "${with[@]}"
has "columns have Chinese names" "记录编号"
has "the state too" "状态"
expect "history of what" 2 query shop_check --history "${with[@]}"
expect "id that is none" 2 query shop_check --id S-2 "${with[@]}"

# ---- as of
expect "as of the first import" 0 query shop_check --as-of 4 "${with[@]}" --json
json "four records then" "len(d['records']) == 4"
expect "as of nothing" 0 count shop_check --as-of 0 "${with[@]}" --json
json "none then" "d['total'] == 0"
expect "as of a day long ago" 0 count shop_check --as-of 2020-01-01 "${with[@]}" --json
json "none on that day" "d['total'] == 0"
expect "as of a size that is not there yet" 2 count shop_check --as-of 1000 "${with[@]}"
expect "as of what" 2 count shop_check --as-of yesterday "${with[@]}"

# ---- count
expect "count" 0 count shop_check --by place "${with[@]}" --json
json "count by place" "{r['keys'][0]: r['n'] for r in d['results']} == {'420100': 3, '420500': 3}"
expect "count by a level" 0 count shop_check --by place@province "${with[@]}" --json
json "all in the province" "d['results'][0]['keys'] == ['420000'] and d['results'][0]['n'] == 6"
expect "count by two" 0 count shop_check --by verdict,checked_on:month "${with[@]}" --json
json "two groupings" "{tuple(r['keys']): r['n'] for r in d['results']} == {('fail', '2026-01'): 1, \
('fail', '2026-02'): 1, ('pass', '2026-01'): 1, ('pass', '2026-02'): 1, ('pass', '2026-03'): 2}"
expect "count by state" 0 count shop_check --by state "${with[@]}"
has "count by state shows its name" "待办"
expect "count by three" 2 count shop_check --by place,verdict,state "${with[@]}"
expect "count by a level that is not there" 2 count shop_check --by place@county "${with[@]}"
expect "count by a grain that is not there" 2 count shop_check --by checked_on:week "${with[@]}"

# ---- indicator, targets, systems
expect "indicators" 0 indicator "${with[@]}"
has "indicators are listed" "shop_fail_rate"
expect "indicator" 0 indicator shop_fail_rate --region 湖北 --period 2026-01/2026-02 "${with[@]}" --json
json "two of four" "d['value'] == '50.00' and (d['num'], d['den'], d['n']) == ('2', '4', 4) and \
abs(d['interval']['low'] - 15.0039) < 1e-3 and abs(d['interval']['high'] - 84.9961) < 1e-3"
json "everything needed to judge it" "all(d[k] for k in ('method', 'sources', 'formula', 'as_of', \
'log_size', 'model', 'note')) and d['region'] == '420000'"
for region in 420100 武汉市 武汉 whs; do
    expect "region $region" 0 indicator shop_fail_rate --region "$region" "${with[@]}" --json
    json "region $region is Wuhan" "d['region'] == '420100' and d['num'] == '1' and d['den'] == '3'"
done
expect "recount" 0 indicator shop_fail_rate --recount "${with[@]}" --json
json "a recount gives the same" "d['num'] == '2' and d['den'] == '6' and not d['cube']"
expect "by place" 0 indicator shop_fail_rate --by place "${with[@]}" --json
json "by place" "[(r['key'], r['num'], r['den']) for r in d] == [('420100', '1', '3'), ('420500', '1', '3')]"
expect "by place without data" 0 indicator shop_fail_rate --by place --period 2030 "${with[@]}"
has "no rows are explained" "没有可分组的数据"
expect "no data" 0 indicator shop_fail_rate --period 2030 "${with[@]}" --json
json "no data is not zero" "d['status'] == 'no_data' and d['value'] is None"
expect "unknown indicator" 2 indicator shop_fail "${with[@]}"
expect "unknown region" 2 indicator shop_fail_rate --region 火星 "${with[@]}"
expect "unknown period" 2 indicator shop_fail_rate --period 13月 "${with[@]}"
expect "targets without an outline" 0 targets "${with[@]}" --json
json "no targets here" "d == []"
expect "unknown outline" 2 targets hubei "${with[@]}"
expect "unknown outline of the program" 2 targets xyzzy --data "$STEP_DIR/own"
has "the outlines are named" "有这些纲要："
expect "targets of the program" 0 targets --data "$STEP_DIR/own" --json
json "205 targets" "len(d) == 205 and all(t['status'] for t in d)"
expect "systems" 0 systems --data "$STEP_DIR/own" --json
json "156 mechanisms" "len(d) == 156 and all(m['state'] in ('running', 'partial', 'absent') for m in d)"
json "running needs all three" "all((m['workflows'] > 0 and m['indicators'] > 0 and m['examples'] > 0 \
and m['examples_failed'] == 0) == (m['state'] == 'running') for m in d)"
expect "one mechanism" 0 systems S22 --data "$STEP_DIR/own"
expect "unknown mechanism" 2 systems S999 --data "$STEP_DIR/own"

# ---- verify, jobs
expect "verify" 0 verify "${with[@]}" --json
json "no differences" "d['differences'] == 0 and d['records'] == 6 and d['entries'] == 6"
expect "jobs" 0 job "${with[@]}" --json
json "imports are jobs" "len(d) >= 3 and all(j['kind'] == 'import' and j['state'] == 'done' for j in d)"
job=$(python3 -ISB -c 'import json,sys; print(json.load(open(sys.argv[1]))[0]["id"])' "$OUT")
expect "one job" 0 job show "$job" "${with[@]}" --json
json "one job has its arguments" "d['args']['register'] == 'shop_check'"
expect "one job for people" 0 job show "$job" "${with[@]}"
has "its result is no JSON" "结果：行 "
expect "a job that has ended cannot be cancelled" 1 job cancel "$job" "${with[@]}"
expect "nor resumed" 1 job resume "$job" "$fixture/shops.csv" "${with[@]}"
expect "no such job" 1 job show 7 "${with[@]}"
expect "job without its number" 2 job cancel "${with[@]}"

# An import that was killed goes on where it stopped.
killed=$STEP_DIR/killed
python3 -ISB -c '
print("编号,地区,检查日期,结论,罚款,情况")
for i in range(40000):
    verdict = "合格" if i % 4 else "不合格"
    print(f"K-{i},武汉,2026-01-{i % 28 + 1:02d},{verdict},,第{i}家")' >"$STEP_DIR/many.csv"
"$ZHIHENG" import shop_check "$STEP_DIR/many.csv" --packs "$fixture/packs" --data "$killed" --commit clean \
    >/dev/null 2>&1 &
importer=$!
for _ in $(seq 600); do
    done_rows=$(sqlite3 -cmd '.timeout 1000' "$killed/zhiheng.db" 'SELECT progress FROM zh_job' 2>/dev/null)
    [ "${done_rows:-0}" -lt 2000 ] || break
    sleep 0.05
done
kill -KILL "$importer"
wait "$importer" 2>/dev/null
expect "the killed job" 0 job --data "$killed" --json
json "is still running" "len(d) == 1 and d[0]['state'] == 'running' and 0 < d[0]['progress'] < 40000"
job=$(python3 -ISB -c 'import json,sys; print(json.load(open(sys.argv[1]))[0]["id"])' "$OUT")
expect "resume without the file" 2 job resume "$job" --data "$killed"
expect "resume with another file" 1 job resume "$job" "$fixture/shops.csv" --data "$killed"
expect "resume" 0 job resume "$job" "$STEP_DIR/many.csv" --data "$killed" --json
json "goes on to the end" "d['committed'] and d['resumed'] and d['job'] == '$job'"
expect "count after resuming" 0 count shop_check --by verdict --data "$killed" --json
json "nothing is missing or twice" "{r['keys'][0]: r['n'] for r in d['results']} == {'pass': 30000, 'fail': 10000}"
expect "verify after resuming" 0 verify --data "$killed"

# A cell that disagrees is found, and the exit code says so.
sqlite3 "$data/zhiheng.db" "UPDATE q_shop_check__by_place SET n_ = n_ + 1 WHERE rowid = \
(SELECT min(rowid) FROM q_shop_check__by_place)" 2>"$STEP_DIR/why" ||
    sqlite3 "$data/zhiheng.db" "UPDATE q_shop_check__by_place SET n_ = n_ + 1" 2>"$STEP_DIR/why"
expect "verify finds a changed cell" 1 verify "${with[@]}"
has "verify counts differences" "差异"

# ---- environment
expect "data folder that cannot be made" 2 verify --data /dev/null/x
expect "database that is not there" 2 verify --db postgresql://127.0.0.1:1/none
head -c 65536 /dev/urandom >"$STEP_DIR/garbage.db"
expect "file that is no database" 2 verify --db "sqlite:$STEP_DIR/garbage.db" --json
json "an environment error is a problem document" "d['status'] == 400 and d['detail']"
"$ZHIHENG" help >/dev/full 2>/dev/null
[ $? = 2 ] && ok || bad "output that cannot be written"

# ---- PostgreSQL
if [ -n "${ZH_TEST_PG_URL:-}" ]; then
    separator='?'
    [[ $ZH_TEST_PG_URL == *\?* ]] && separator='&'
    pg="${ZH_TEST_PG_URL}${separator}schema=cli_test_$$"
    expect "import on PostgreSQL" 0 import shop_check "$fixture/shops.csv" --packs "$fixture/packs" --db "$pg"
    expect "indicator on PostgreSQL" 0 indicator shop_fail_rate --period 2026 --db "$pg" --json
    json "the same figure" "d['num'] == '2' and d['den'] == '4' and d['value'] == '50.00'"
    expect "verify on PostgreSQL" 0 verify --db "$pg"
else
    echo "skipped: PostgreSQL (ZH_TEST_PG_URL is not set)"
fi
# ---- official numbers: a rehearsal takes none
numbered=$STEP_DIR/numbered
row() { echo "12315,W-$1,2026-06-0$1 10:00,金丝雀甲,13812345678,refund,水壶漏电并且拒绝退货,420102"; }
head=source,source_no,received_at,consumer.name,consumer.phone,claim,facts,place
{ echo "$head"; row 1; row 2; } >"$STEP_DIR/two.csv"
{ echo "$head"; row 3; } >"$STEP_DIR/third.csv"
for time in first second; do
    expect "the $time rehearsal" 0 import complaint "$STEP_DIR/two.csv" --dry-run --data "$numbered"
done
expect "two numbered records" 0 import complaint "$STEP_DIR/two.csv" --commit all --data "$numbered"
expect "the third" 0 import complaint "$STEP_DIR/third.csv" --commit clean --data "$numbered"
expect "their numbers" 0 query complaint --columns no --data "$numbered" --json
for number in 1 2 3; do
    has "number $number" "TS-420102-2026-00000$number"
done

finish
