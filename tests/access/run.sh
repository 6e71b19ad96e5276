#!/bin/bash
# Who sees what: the leak matrix over the route table, with canary records and readers of several
# posts; logging in, throttling, switching posts, ending a session, a post that ends in mid-session.
. tests/step.sh
check "release build" build release all
zhiheng=build/zhiheng data=$STEP_DIR/data jar=$STEP_DIR/jar
passphrase="一句只有测试知道的话"
SERVER=""
trap 'for pid in $SERVER; do kill "$pid" 2>/dev/null; done; rm -rf "$STEP_DIR"' EXIT

cat >"$STEP_DIR/complaints.csv" <<'CSV'
source,source_no,received_at,consumer.name,consumer.phone,claim,facts,place
12315,W-1,2026-04-20 10:00,金丝雀甲,13812345678,refund,金丝雀甲说水壶漏电并且拒绝退货,420102
12315,Y-1,2026-04-20 11:00,金丝雀乙,13912345678,refund,金丝雀乙说冰箱不制冷并且拒绝退货,420502
CSV
check "complaints come in" $zhiheng import complaint "$STEP_DIR/complaints.csv" --commit all --data "$data"
person() { # LOGIN NAME [ROLE SCOPE PLACE]
    check "account $1" bash -c "echo '$passphrase' | $zhiheng account add $1 $2 --data '$data'"
    [ $# -lt 3 ] || check "post of $1" $zhiheng account grant "$1" "$3" "$4" ${5:+"$5"} --data "$data"
}
person analyst 分析员 analyst all 420000
person wuhan 武汉办理员 officer subtree 420100
person yichang 宜昌办理员 officer subtree 420500
person counter 只看汇总的领导 leader all 420000
person nobody 无岗位
# API keys walk as well: a key sees what its post sees, narrowed to the registers and verbs of its scope.
declare -A KEYS=()
key() { # NAME LOGIN SCOPE
    KEYS[$1]=$($zhiheng account key "$2" "$1" "$3" 1 --data "$data" 2>>"$STEP_DIR/keys.err")
    check "key $1" test "${#KEYS[$1]}" = 68
}
key key-whole analyst "*:read,export"
key key-complaints analyst "complaint:read,export"
key key-elsewhere analyst "enterprise:read,export"
key key-verbs analyst "complaint:create,amend,transition,erase"
key key-aggregate analyst "*:aggregate"
key key-wuhan wuhan "complaint:read"
key key-yichang yichang "*:read,create,amend,transition,export"
key key-counter counter "*:read,aggregate,publish"
check "three administrators exclude each other" \
    bash -c "$zhiheng account grant analyst security_admin all --data '$data' 2>&1 | grep -q 三员"

$zhiheng serve --data "$data" --listen 127.0.0.1:0 >"$STEP_DIR/serve.out" 2>"$STEP_DIR/serve.err" &
SERVER=$!
for _ in $(seq 200); do
    URL=$(sed -n 's/.*\(http:.*\)\/$/\1/p' "$STEP_DIR/serve.out")
    [ -z "$URL" ] || break
    sleep 0.05
done
[ -n "$URL" ] || { bad "serve starts" "$STEP_DIR/serve.err"; finish; }

status() { # NAME STATUS CURL_ARGS...
    local name=$1 wanted=$2 got
    shift 2
    got=$(curl -sS -m 20 -o "$STEP_DIR/out" -D "$STEP_DIR/headers" -w '%{http_code}' -H 'Accept: text/html' "$@")
    if [ "$got" = "$wanted" ]; then ok "$name"; else bad "$name: status $got, expected $wanted" "$STEP_DIR/out"; fi
}
login() { # LOGIN PASSWORD STATUS
    status "login of $1" "$3" -c "$jar.$1.$3" --data-urlencode "login=$1" --data-urlencode "password=$2" "$URL/login"
}
cookie() { sed -n 's/.*zh_session[[:space:]]*\([0-9a-f]*\)$/\1/p' "$jar.$1.303"; }
for name in analyst wuhan yichang counter nobody; do login $name "$passphrase" 303; done
check "the cookie is HttpOnly and SameSite" grep -qi 'set-cookie: zh_session=[0-9a-f]*; path=/; httponly; samesite=lax' "$STEP_DIR/headers"

python3 - >"$STEP_DIR/routes" <<'PYTHON'
import glob, re
for path in sorted(glob.glob("src/web/**/*.c", recursive=True)):
    for body in re.findall(r"ZH_ROUTE\(\w+\) = \{(.*?)\};", open(path, encoding="utf-8").read(), re.S):
        method = re.search(r'\.method = "(\w+)"', body).group(1)
        reach = re.search(r"\.reach = ZH_REACH_(\w+)", body)
        print(method, reach.group(1) if reach else "READER", re.search(r'\.path = "([^"]+)"', body).group(1))
PYTHON
check "the route table is read" test "$(wc -l <"$STEP_DIR/routes")" -gt 40
record=$($zhiheng query complaint --where "source_no = 'Y-1'" --data "$data" --json |
    python3 -c 'import json,sys; d=json.load(sys.stdin); r=(d["records"] if isinstance(d,dict) else d)[0]; print(r.get("id"))')
check "the canary has an id" test -n "$record"
persons='["金丝雀甲", "金丝雀乙", "13812345678", "13912345678"]'
every='["金丝雀甲", "金丝雀乙", "13812345678", "13912345678", "W-1", "Y-1", "TS-420102", "TS-420502"]'
# every field of the canaries' register, for what is asked field by field
fields=$($zhiheng model docs complaint --json | python3 -c '
import json, sys
def names(fields, before=""):
    for f in fields:
        yield before + f["id"]
        yield from names(f.get("fields") or f.get("columns") or [], before + f["id"] + ".")
print(",".join(names(json.load(sys.stdin)["fields"])))')
check "the fields of the canaries are read" test "$(tr -cd , <<<"$fields" | wc -c)" -gt 15
cat >"$STEP_DIR/readers" <<JSON
{"analyst": {"cookie": "$(cookie analyst)", "whole": true, "secret": ["金丝雀甲", "金丝雀乙", "13812345678", "13912345678"], "seen": ["TS-420102", "TS-420502"]},
 "wuhan": {"cookie": "$(cookie wuhan)", "secret": ["金丝雀乙", "13912345678", "Y-1", "TS-420502"], "seen": ["TS-420102"]},
 "yichang": {"cookie": "$(cookie yichang)", "secret": ["金丝雀甲", "13812345678", "W-1", "TS-420102"], "seen": ["TS-420502"]},
 "counter": {"cookie": "$(cookie counter)", "whole": true, "secret": ["金丝雀甲", "金丝雀乙", "13812345678", "13912345678", "W-1", "Y-1", "TS-420102", "TS-420502"], "seen": ["你的岗位只看汇总数"]},
 "nobody": {"cookie": "$(cookie nobody)", "secret": $every, "seen": []},
 "key-whole": {"key": "${KEYS[key-whole]}", "reads": true, "whole": true, "secret": $persons, "seen": ["TS-420102", "TS-420502"]},
 "key-complaints": {"key": "${KEYS[key-complaints]}", "reads": true, "secret": $persons, "seen": ["TS-420102", "TS-420502"]},
 "key-elsewhere": {"key": "${KEYS[key-elsewhere]}", "reads": true, "secret": $every, "seen": []},
 "key-verbs": {"key": "${KEYS[key-verbs]}", "secret": $every, "seen": []},
 "key-aggregate": {"key": "${KEYS[key-aggregate]}", "reads": true, "whole": true, "secret": $every, "seen": []},
 "key-wuhan": {"key": "${KEYS[key-wuhan]}", "reads": true, "secret": ["金丝雀乙", "13912345678", "Y-1", "TS-420502"], "seen": ["TS-420102"]},
 "key-yichang": {"key": "${KEYS[key-yichang]}", "secret": ["金丝雀甲", "13812345678", "W-1", "TS-420102"], "seen": ["TS-420502"]},
 "key-counter": {"key": "${KEYS[key-counter]}", "whole": true, "secret": $every, "seen": []}}
JSON
python3 tests/access/access.py "$URL" "$STEP_DIR/routes" "$STEP_DIR/readers" "$record" "$fields" >"$STEP_DIR/matrix"
grep '^seed ' "$STEP_DIR/matrix"
read -r p _ f _ < <(tail -n 1 "$STEP_DIR/matrix")
STEP_PASSED=$((STEP_PASSED + p)) STEP_FAILED=$((STEP_FAILED + f))
grep FAILED "$STEP_DIR/matrix" | head -n 40

# counts without the rows: two complaints are fewer than k, and look like none
status "a figure of counts only" 200 -b "zh_session=$(cookie counter)" "$URL/indicators/complaint_voices"
check "is withheld" grep -q 已隐去 "$STEP_DIR/out"
# seeing everything is not yet writing it
for register in complaint ""; do
    wanted=$([ -n "$register" ] && echo 403 || echo 422)
    status "an analyst's import into '$register'" "$wanted" -b "zh_session=$(cookie analyst)" \
        -F "register=$register" -F "cells=$(cat "$STEP_DIR/complaints.csv")" "$URL/import"
done
check "nothing came in" bash -c "$zhiheng count complaint --data '$data' --json | grep -q '\"total\": 2'"
status "a calculation by POST without a session" 401 -H 'Content-Type: application/json' -d '{"p": 0.975, "df": 9}' "$URL/api/v1/calc/distributions.qt"

# a login that does not exist and a wrong password look the same
login wuhan "falsches Passwort" 403
sed 's/value="[^"]*"//g' "$STEP_DIR/out" >"$STEP_DIR/wrong"
login wuhan2 "falsches Passwort" 403
sed 's/value="[^"]*"//g' "$STEP_DIR/out" >"$STEP_DIR/unknown"
check "unknown and wrong look alike" cmp "$STEP_DIR/wrong" "$STEP_DIR/unknown"
for _ in 1 2 3 4; do login yichang "falsches Passwort" 403; done
login yichang "falsches Passwort" 403
login yichang "$passphrase" 429
status "from another site" 403 -H 'Sec-Fetch-Site: cross-site' -d 'login=a&password=b' "$URL/login"
status "a path of another site is not gone to" 303 -c "$jar.x" --data-urlencode "login=wuhan" --data-urlencode "password=$passphrase" -d 'next=//example.org/' "$URL/login"
check "but the front door" grep -qi '^location: /desk[[:space:]]*$' "$STEP_DIR/headers"
# a party without an account: by number and query code, and nothing but what is public
read -r number code < <($zhiheng query complaint --where "source_no = 'Y-1'" --data "$data" --json |
    python3 -c 'import json,sys; d=json.load(sys.stdin); r=(d["records"] if isinstance(d,dict) else d)[0]["fields"]; print(r["no"], r["lookup"])')
status "one's own case" 200 --data-urlencode "no=$number" --data-urlencode "code=$code" "$URL/lookup"
check "where it stands" grep -q 已收到 "$STEP_DIR/out"
check "nothing of a person" bash -c "! grep -q '金丝雀\|13912345678\|Y-1\|冰箱\|$code' '$STEP_DIR/out'"
status "a code in the address is not taken" 200 "$URL/lookup?no=$number&code=$code"
sed -i 's/\(value\|href\)="[^"]*"//g' "$STEP_DIR/out" # what was asked may be repeated
check "nor shown" bash -c "! grep -q '已收到\|$code' '$STEP_DIR/out'"
# the steps that the declaration opens to number and code, and no other
read -r number2 code2 at < <($zhiheng query complaint --where "source_no = 'W-1'" --data "$data" --json |
    python3 -c 'import json,sys; d=json.load(sys.stdin); r=(d["records"] if isinstance(d,dict) else d)[0]; i=str(r["id"]); print(r["fields"]["no"], r["fields"]["lookup"], i if "-" in i else "%s-%s" % (r["office"], i))')
party() { # NAME STATUS STEP ARGS...
    local name=$1 wanted=$2 step=$3
    shift 3
    status "$name" "$wanted" -d "no=$number2" --data-urlencode "code=$code2" -d "step=$step" "$@" "$URL/lookup"
}
party "a step before its time" 403 rate -d f.solved=yes
for step in accept mediate "finish -d f.outcome=settled"; do
    read -r name rest <<<"$step"
    # shellcheck disable=SC2086
    status "the officer: $name" 303 -b "zh_session=$(cookie wuhan)" -d reason= $rest "$URL/registers/complaint/$at/transitions/$name"
done
party "one's own case that waits for an opinion" 200 ""
check "the step is offered" grep -q 'name="step" value="rate"' "$STEP_DIR/out"
check "and none of an officer's" bash -c "! grep -q 'value=\"finish\"\|value=\"reopen\"\|金丝雀\|水壶' '$STEP_DIR/out'"
party "an officer's step by code" 403 finish -d f.outcome=failed
party "without an answer" 422 rate
status "a step with another code" 403 -d "no=$number2" -d code=2222222222 -d step=rate -d f.solved=yes "$URL/lookup"
party "a field that it does not ask for is left alone" 200 rate -d f.solved=no -d 'f.facts=改写过的事实与理由甲乙丙'
check "it is closed" grep -q 已办结 "$STEP_DIR/out"
check "its facts stand" bash -c "$zhiheng query complaint --where \"source_no = 'W-1'\" --data '$data' --json | grep -q '水壶漏电'"
party "a second opinion" 403 rate -d f.solved=yes
status "the step of a party elsewhere" 403 -H 'Sec-Fetch-Site: cross-site' -d "no=$number2" -d "code=$code2" -d step=reopen "$URL/lookup"
party "what its answer opens" 200 reopen
status "the officer sees who it was" 200 -b "zh_session=$(cookie wuhan)" "$URL/registers/complaint/$at"
check "by number and code" grep -q '当事人（凭编号和查询码）' "$STEP_DIR/out"
# What was asked is repeated, and each page says as of when it is; the rest may not differ.
unasked() { perl -pe 's/value="[^"]*"//g; s/<p class="stamp">.*?<\/p>//' "$STEP_DIR/out"; }
status "another code" 403 -d "no=$number" -d code=2222222222 "$URL/lookup"
unasked >"$STEP_DIR/wrong"
status "no such number" 403 -d no=TS-420102-2026-999999 -d code=2222222222 "$URL/lookup"
unasked >"$STEP_DIR/unknown"
check "look alike" cmp "$STEP_DIR/wrong" "$STEP_DIR/unknown"
for no in "$number" TS-420102-2026-999999; do
    for _ in 1 2 3 4; do status "again" 403 -d "no=$no" -d code=2222222222 "$URL/lookup"; done
    status "then $no waits" 429 -d "no=$no" -d "code=$code" "$URL/lookup"
done
status "from another site" 403 -H 'Sec-Fetch-Site: cross-site' -d "no=$number" -d "code=$code" "$URL/lookup"
# the post ends: the session that used it sees nothing any more
status "before" 200 -b "zh_session=$(cookie wuhan)" "$URL/registers/complaint"
check "it sees its record" grep -q TS-420102 "$STEP_DIR/out"
check "an account is disabled" $zhiheng account disable wuhan --data "$data"
status "after" 303 -b "zh_session=$(cookie wuhan)" "$URL/registers/complaint"
status "log out" 303 -X POST -b "zh_session=$(cookie analyst)" -d '' "$URL/logout"
status "the old cookie is worth nothing" 303 -b "zh_session=$(cookie analyst)" "$URL/"
status "a made up cookie" 303 -b "zh_session=$(printf '0%.0s' $(seq 64))" "$URL/"
. tests/access/identity.sh
finish
