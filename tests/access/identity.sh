# shellcheck shell=bash
# Keys, sessions, codes, emergency rights, readings, settings, data scopes, and the attackers, on data
# and a server of their own. Sourced by run.sh.
packs=$STEP_DIR/packs data2=$STEP_DIR/data2
cp -r packs "$packs" && cp tests/access/scoped.yaml "$packs/foundation/scoped.yaml"
here() { "$zhiheng" "$@" --data "$data2" --packs "$packs"; }
check "complaints come in again" here import complaint "$STEP_DIR/complaints.csv" --commit all
cat >"$STEP_DIR/scoped.csv" <<'CSV'
no,place,industry,task,responsible,uscc,note
SC-1,420102,C1311,T1,khandle,91350100M000100Y43,样本一
SC-2,420500,C1311,T2,khandle,,样本二
SC-3,420100,C3841,T1,,,样本三
SC-4,420000,,,,91350100M000100Y43,样本四
SC-5,420502,C3842,T2,,,样本五
CSV
check "rows of the scopes" here import scoped "$STEP_DIR/scoped.csv" --commit all
printf 'code,name,phone,login\nP-1,测试员乙,13700000001,ksubject\n' >"$STEP_DIR/persons.csv"
check "a person" here import person "$STEP_DIR/persons.csv" --commit all
printf 'name,value,why\nidle_minutes,5,大厅里的公用电脑\n' >"$STEP_DIR/settings.csv"
check "a setting is proposed" here import setting "$STEP_DIR/settings.csv" --commit all
printf 'uscc,name,place\n91350100M000100Y43,校验位算例企业,350100\n' >"$STEP_DIR/firms.csv"
check "an enterprise" here import enterprise "$STEP_DIR/firms.csv" --commit all
cat >"$STEP_DIR/posts.csv" <<'CSV'
code,holder,role,scope,place,organisation,industry,task,term,offices
K-own,kown,officer,own,,,,,2026-01-01/..,
K-custom,kcustom,officer,custom,,,,,2026-01-01/..,420502;420100
K-industry,kindustry,analyst,all,420000,,C13,,2026-01-01/..,
K-task,ktask,reviewer,all,420000,,,T2,2026-01-01/..,
K-handle,khandle,handler,all,420000,,,,2026-01-01/..,
K-firm,kfirm,enterprise,all,420000,91350100M000100Y43,,,2026-01-01/..,
CSV
check "posts come in" here import post "$STEP_DIR/posts.csv" --commit all
again() { # LOGIN [ROLE SCOPE PLACE]
    check "account $1" bash -c "echo '$passphrase' | '$zhiheng' account add $1 $1 --data '$data2' --packs '$packs'"
    [ $# -lt 2 ] || check "post of $1" here account grant "$1" "$2" "$3" ${4:+"$4"}
}
again kwuhan officer subtree 420100
again kyichang officer subtree 420500
again kall analyst all 420000
again khandler handler all 420000
again kaudit audit_admin all
again ksecure security_admin all
again ksystem system_admin all
for name in ksubject kcode kflood kown kcustom kindustry ktask khandle kfirm; do again $name; done
again kleader leader all 420100
again koffice officer office 420100
for code in own custom industry task handle firm; do
    check "post K-$code is granted" here account grant "k$code" K-$code
done
"$zhiheng" serve --data "$data2" --packs "$packs" --listen 127.0.0.1:0 >"$STEP_DIR/serve2.out" 2>"$STEP_DIR/serve2.err" &
SERVER="$SERVER $!"
URL2=""
for _ in $(seq 200); do
    URL2=$(sed -n 's/.*\(http:.*\)\/$/\1/p' "$STEP_DIR/serve2.out")
    [ -z "$URL2" ] || break
    sleep 0.05
done
[ -n "$URL2" ] || { bad "the second server starts" "$STEP_DIR/serve2.err"; finish; }
id_of() { # REGISTER WHERE
    here query "$1" --where "$2" --json |
        python3 -c 'import json,sys; d=json.load(sys.stdin); r=(d["records"] if isinstance(d,dict) else d)[0]; print(r["id"])'
}
cat >"$STEP_DIR/work" <<JSON
{"password": "$passphrase",
 "ids": {"W-1": "$(id_of complaint "source_no = 'W-1'")", "Y-1": "$(id_of complaint "source_no = 'Y-1'")",
         "P-1": "$(id_of person "code = 'P-1'")", "idle": "$(id_of setting "name = 'idle_minutes'")"},
 "scopes": {"kwuhan": ["SC-1", "SC-3"], "kyichang": ["SC-2", "SC-5"], "koffice": ["SC-3"], "kown": [],
            "kcustom": ["SC-3", "SC-5"], "kindustry": ["SC-1", "SC-2"], "ktask": ["SC-2", "SC-5"],
            "khandle": ["SC-1", "SC-2"], "kfirm": ["SC-1", "SC-4"], "kleader": ["SC-1", "SC-3"]}}
JSON
python3 -B tests/access/identity.py "$URL2" "$STEP_DIR/work" "$zhiheng" "$data2" "$packs" >"$STEP_DIR/identity"
read -r p _ f _ < <(tail -n 1 "$STEP_DIR/identity")
STEP_PASSED=$((STEP_PASSED + p)) STEP_FAILED=$((STEP_FAILED + f))
grep FAILED "$STEP_DIR/identity" | head -n 60
