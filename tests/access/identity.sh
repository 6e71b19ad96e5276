# shellcheck shell=bash
# Keys, sessions, codes, emergency rights, readings, settings, data scopes, and the attackers, on data
# and a server of their own. Sourced by run.sh.
packs=$STEP_DIR/packs data2=$STEP_DIR/data2
cp -r packs "$packs" && cp tests/access/scoped.yaml "$packs/foundation/scoped.yaml"
here() { "$zhiheng" "$@" --data "$data2" --packs "$packs"; }
check "complaints come in again" here import complaint "$STEP_DIR/complaints.csv" --commit all
cat >"$STEP_DIR/scoped.csv" <<'CSV'
no,place,industry,product,task,responsible,uscc,note
SC-1,420102,C1311,010201,T1,khandle,91350100M000100Y43,样本一
SC-2,420500,C1311,020101,T2,khandle,,样本二
SC-3,420100,C3841,010201,T1,,,样本三
SC-4,420000,,,,,91350100M000100Y43,样本四
SC-5,420502,C3842,010101,T2,,,样本五
CSV
check "rows of the scopes" here import scoped "$STEP_DIR/scoped.csv" --commit all
printf 'code,name,phone,login\nP-1,测试员乙,13700000001,ksubject\n' >"$STEP_DIR/persons.csv"
check "a person" here import person "$STEP_DIR/persons.csv" --commit all
printf 'name,value,why\nidle_minutes,5,大厅里的公用电脑\nadmin_totp,1,管理员都要有第二因子\n' >"$STEP_DIR/settings.csv"
check "a setting is proposed" here import setting "$STEP_DIR/settings.csv" --commit all
printf 'uscc,name,place\n91350100M000100Y43,校验位算例企业,350100\n' >"$STEP_DIR/firms.csv"
check "an enterprise" here import enterprise "$STEP_DIR/firms.csv" --commit all
cat >"$STEP_DIR/posts.csv" <<'CSV'
code,holder,role,scope,place,organisation,industry,product,task,term,offices
K-own,kown,officer,own,,,,,,2026-01-01/..,
K-custom,kcustom,officer,custom,,,,,,2026-01-01/..,420502;420100
K-industry,kindustry,analyst,all,420000,,C13,,,2026-01-01/..,
K-product,kproduct,lab,all,420000,,,0102,,2026-01-01/..,
K-wide,kwide,lab,all,420000,,,01,,2026-01-01/..,
K-city,kcity,lab,subtree,420100,,,01,,2026-01-01/..,
K-none,knone,lab,all,420000,,,,,2026-01-01/..,
K-both,kboth,verifier,all,420000,,C13,01,,2026-01-01/..,
K-task,ktask,reviewer,all,420000,,,,T2,2026-01-01/..,
K-handle,khandle,handler,all,420000,,,,,2026-01-01/..,
K-firm,kfirm,enterprise,all,420000,91350100M000100Y43,,,,2026-01-01/..,
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
again kall2 consumer all 420000
again kprivate privacy_officer all 420000
again kprivate2 privacy_officer all 420000
again kseal officer subtree 420100
again kreader officer subtree 420100
again kaudit audit_admin all
again ksecure security_admin all
again ksystem system_admin all
for name in ksubject kcode kflood kown kcustom kindustry kproduct kwide kcity knone kboth ktask khandle kfirm; do again $name; done
again kleader leader all 420100
again koffice officer office 420100
for code in own custom industry product wide city none both task handle firm; do
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
         "P-1": "$(id_of person "code = 'P-1'")", "idle": "$(id_of setting "name = 'idle_minutes'")",
         "codes": "$(id_of setting "name = 'admin_totp'")", "SC-2": "$(id_of scoped "no = 'SC-2'")"},
 "scopes": {"kwuhan": ["SC-1", "SC-3"], "kyichang": ["SC-2", "SC-5"], "koffice": ["SC-3"], "kown": [],
            "kcustom": ["SC-3", "SC-5"], "kindustry": ["SC-1", "SC-2"], "ktask": ["SC-2", "SC-5"],
            "kproduct": ["SC-1", "SC-3"], "kwide": ["SC-1", "SC-3", "SC-5"], "kcity": ["SC-1", "SC-3"],
            "knone": [], "kboth": ["SC-1"],
            "khandle": ["SC-1", "SC-2"], "kfirm": ["SC-1", "SC-4"], "kleader": ["SC-1", "SC-3"]}}
JSON
for part in identity guard; do
    python3 -B "tests/access/$part.py" "$URL2" "$STEP_DIR/work" "$zhiheng" "$data2" "$packs" >"$STEP_DIR/$part"
    read -r p _ f _ < <(tail -n 1 "$STEP_DIR/$part")
    STEP_PASSED=$((STEP_PASSED + p)) STEP_FAILED=$((STEP_FAILED + f))
    grep FAILED "$STEP_DIR/$part" | head -n 60
done

# The leak matrix again, of posts that are limited to products and industries: what they do not see is
# also not told through a record of theirs that refers to it.
key=$(here account key kproduct matrix "*:read,export" 1 2>/dev/null)
cat >"$STEP_DIR/limited" <<JSON
{"kproduct": {"whole": true, "secret": ["SC-2", "SC-4", "SC-5", "样本二", "样本四", "样本五"], "seen": ["SC-1", "SC-3", "SC-8"]},
 "kcity": {"secret": ["SC-2", "SC-4", "SC-5", "样本二", "样本四", "样本五"], "seen": ["SC-1", "SC-3"]},
 "kindustry": {"whole": true, "secret": ["SC-3", "SC-4", "SC-5", "SC-8", "样本三", "样本四", "样本五"], "seen": ["SC-1", "SC-2"]},
 "kboth": {"whole": true, "secret": ["SC-2", "SC-3", "SC-4", "SC-5", "SC-8", "样本二", "样本三", "样本四", "样本五"], "seen": ["SC-1"]},
 "knone": {"whole": true, "secret": ["SC-1", "SC-2", "SC-3", "SC-4", "SC-5", "SC-8", "样本一", "样本二", "样本三"], "seen": []},
 "key of kproduct": {"key": "$key", "whole": true, "reads": true, "secret": ["SC-2", "SC-4", "SC-5", "样本二", "样本四", "样本五"], "seen": ["SC-1"]}}
JSON
python3 -B tests/access/access.py "$URL2" "$STEP_DIR/routes" "$STEP_DIR/limited" "$(id_of scoped "no = 'SC-8'")" \
    no,place,industry,product,after,task,responsible,uscc,note scoped "$passphrase" >"$STEP_DIR/limited.out"
read -r p _ f _ < <(tail -n 1 "$STEP_DIR/limited.out")
STEP_PASSED=$((STEP_PASSED + p)) STEP_FAILED=$((STEP_FAILED + f))
grep FAILED "$STEP_DIR/limited.out" | head -n 40
