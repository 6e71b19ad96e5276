#!/bin/bash
# Notices leave the installation: the daily digest by SMTP with STARTTLS, once a person and day, also
# when the process is killed while it sends; webhooks with their signature, retried, refused where a
# private address was not declared.
. tests/step.sh
check "release build" build release all
zhiheng=build/zhiheng data=$STEP_DIR/data box=$STEP_DIR/box
passphrase="一句只有测试知道的话"
SERVER="" RECEIVER=""
trap 'for p in $SERVER $RECEIVER; do kill -9 "$p" 2>/dev/null; done; rm -rf "$STEP_DIR"' EXIT
mkdir "$box"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=IP:127.0.0.1,DNS:localhost -keyout "$STEP_DIR/key.pem" -out "$STEP_DIR/cert.pem" \
    >"$STEP_DIR/openssl" 2>&1 || bad "certificate" "$STEP_DIR/openssl"
python3 -B tests/notify/receiver.py "$box" "$STEP_DIR/cert.pem" "$STEP_DIR/key.pem" >"$STEP_DIR/ports" 2>"$STEP_DIR/receiver" &
RECEIVER=$!
disown "$RECEIVER"
for _ in $(seq 100); do [ -s "$STEP_DIR/ports" ] && break; sleep 0.05; done
read -r smtp hook <"$STEP_DIR/ports"

cat >"$STEP_DIR/complaints.csv" <<CSV
source,source_no,received_at,consumer.name,consumer.phone,claim,facts,place
12315,W-1,$(date -d "20 days ago" +%F) 10:00,金丝雀甲,13812345678,refund,金丝雀甲说水壶漏电并且拒绝退货,420102
CSV
check "a complaint comes in" $zhiheng import complaint "$STEP_DIR/complaints.csv" --commit all --data "$data"
person() { # LOGIN NAME ROLE SCOPE PLACE
    check "account $1" bash -c "echo '$passphrase' | $zhiheng account add $1 $2 --data '$data'"
    check "post of $1" $zhiheng account grant "$1" "$3" "$4" "$5" --data "$data"
}
person wuhan 武汉办理员 officer subtree 420100
person yichang 宜昌办理员 officer subtree 420500
printf 'a word of the test\n' >"$STEP_DIR/password"
set_to() { check "setting $1" $zhiheng notify set "$1" "$2" --data "$data"; }
set_to url https://zhiheng.example
set_to smtp.host 127.0.0.1
set_to smtp.port "$smtp"
set_to smtp.from zhiheng@example.org
set_to smtp.user robot
set_to smtp.password_file "$STEP_DIR/password"
check "address of wuhan" $zhiheng notify email wuhan wuhan@example.org --data "$data"
check "address of yichang" $zhiheng notify email yichang yichang@example.org --data "$data"
refuses() { # NAME COMMAND...
    local name=$1
    shift
    if "$@" >"$STEP_DIR/out" 2>&1; then bad "$name" "$STEP_DIR/out"; else ok; fi
}
refuses "no such setting" $zhiheng notify set smtp.x 1 --data "$data"
refuses "not an address" $zhiheng notify email wuhan 'a b@c' --data "$data"

# ---- the digest
said() { tail -n 1 "$STEP_DIR/out"; }
run() { SSL_CERT_FILE=$STEP_DIR/cert.pem $zhiheng notify "$@" --data "$data" >"$STEP_DIR/out" 2>&1; }
for days in $(seq 12); do # the first working day from tomorrow on
    day=$(date -d "$days days" +%F)
    run digest "$day 07:59"
    [ "$(said)" = 0 ] && ok || bad "none before eight" "$STEP_DIR/out"
    run digest "$day 08:00"
    [ "$(said)" = 0 ] || break
done
[ "$(said)" = 2 ] && ok || bad "one a person" "$STEP_DIR/out"
run digest "$day 12:00"
[ "$(said)" = 0 ] && ok || bad "never a second" "$STEP_DIR/out"
touch "$box/down"
run send
[ "$(said)" = 0 ] && ok || bad "a server that is busy" "$STEP_DIR/out"
rm "$box/down"
$zhiheng notify list --data "$data" >"$STEP_DIR/out" 2>&1
grep -q 451 "$STEP_DIR/out" && ok || bad "says what the server answered" "$STEP_DIR/out"
count() { find "$box" -name "$1-*" | wc -l; }
[ "$(count mail)" = 0 ] && ok || bad "nothing was taken"
serve() {
    : >"$STEP_DIR/serve.out"
    SSL_CERT_FILE=$STEP_DIR/cert.pem $zhiheng serve --data "$data" --listen 127.0.0.1:0 >"$STEP_DIR/serve.out" 2>>"$STEP_DIR/serve.err" &
    SERVER=$!
}
# killed after the message was handed over and before it was said to be taken
touch "$box/slow"
serve
for _ in $(seq 1800); do [ "$(count mail)" -ge 1 ] && break; sleep 0.05; done
kill -9 "$SERVER"
wait "$SERVER" 2>/dev/null
rm "$box/slow"
serve
for _ in $(seq 1200); do
    $zhiheng notify list --data "$data" >"$STEP_DIR/out" 2>&1
    grep -q 'wuhan.*sent' "$STEP_DIR/out" && break
    sleep 0.1
done
check "what was read of it" python3 -B - "$box" <<'PYTHON'
import email, email.policy, glob, sys
mails = [email.message_from_file(open(p, encoding="utf-8"), policy=email.policy.default) for p in glob.glob(sys.argv[1] + "/mail-*")]
ids = {m["Message-ID"] for m in mails}
assert len(ids) == 1, ids  # yichang has nothing to be told; a repetition has the same id
m = mails[0]
assert m["To"] == "<wuhan@example.org>" or m["To"].addresses[0].addr_spec == "wuhan@example.org"
assert m["Subject"].startswith("今天到期 0 件，已超期 1 件"), m["Subject"]
assert m.get_content_type() == "text/plain" and not m.is_multipart()
text = m.get_content()
assert "受理期限" in text and "https://zhiheng.example/registers/complaint/" in text, text
assert "金丝雀" not in text and "13812345678" not in text
PYTHON
$zhiheng notify list --data "$data" >"$STEP_DIR/out" 2>&1
grep -q 'yichang.*nothing' "$STEP_DIR/out" && ok || bad "nothing when nothing" "$STEP_DIR/out"

# ---- webhooks
refuses "in the clear to an address that was not declared" \
    $zhiheng notify hook wuhan "http://127.0.0.1:$hook/x" --data "$data"
check "https anywhere is taken" $zhiheng notify hook yichang "https://127.0.0.1:9/x" --data "$data"
set_to webhook.allow "127.0.0.1:$hook"
$zhiheng notify hook wuhan "http://127.0.0.1:$hook/x" --data "$data" >"$STEP_DIR/secret" 2>"$STEP_DIR/why" || bad "a declared one" "$STEP_DIR/why"
URL=""
for _ in $(seq 200); do
    URL=$(sed -n 's/.*\(http:.*\)\/$/\1/p' "$STEP_DIR/serve.out")
    [ -z "$URL" ] || break
    sleep 0.05
done
jar=$STEP_DIR/jar
curl -sS -o /dev/null -c "$jar" --data-urlencode login=wuhan --data-urlencode "password=$passphrase" "$URL/login"
curl -sS -b "$jar" "$URL/desk" >"$STEP_DIR/desk"
grep -q 'href="/notices"' "$STEP_DIR/desk" && ok || bad "the way to the notices" "$STEP_DIR/desk"
curl -sS -b "$jar" "$URL/notices" >"$STEP_DIR/notices"
grep -q '受理期限届满' "$STEP_DIR/notices" && ok || bad "the breach is told" "$STEP_DIR/notices"
record=$(sed -n 's/.*name="record" value="\([^"]*\)".*/\1/p' "$STEP_DIR/notices" | head -n 1)
curl -sS -b "$jar" -o /dev/null --data-urlencode "record=$record" "$URL/notices/read"
curl -sS -b "$jar" "$URL/notices" >"$STEP_DIR/notices"
grep -q '没有新通知' "$STEP_DIR/notices" && ok || bad "read is read" "$STEP_DIR/notices"
touch "$box/fail"
cat >"$STEP_DIR/more.csv" <<CSV
source,source_no,received_at,consumer.name,consumer.phone,claim,facts,place
12315,W-2,$(date -d "20 days ago" +%F) 11:00,金丝雀丙,13812345679,refund,金丝雀丙说风扇不转并且拒绝退货,420102
12315,Y-2,$(date -d "20 days ago" +%F) 11:00,金丝雀丁,13812345670,refund,金丝雀丁说风扇不转并且拒绝退货,420502
CSV
$zhiheng import complaint "$STEP_DIR/more.csv" --commit all --data "$data" >"$STEP_DIR/out" 2>&1 || bad "more complaints" "$STEP_DIR/out"
for _ in $(seq 300); do [ "$(count hook)" -ge 1 ] && break; sleep 0.1; done
check "webhook with its signature" python3 -B - "$box" "$STEP_DIR/secret" <<'PYTHON'
import glob, hashlib, hmac, json, sys
requests = [json.load(open(p, encoding="utf-8")) for p in sorted(glob.glob(sys.argv[1] + "/hook-*"))]
secret = open(sys.argv[2], encoding="utf-8").read().strip().splitlines()[0]
h = {k.lower(): v for k, v in requests[0]["headers"].items()}
wanted = hmac.new(secret.encode(), (h["zhiheng-timestamp"] + "." + requests[0]["body"]).encode(), hashlib.sha256).hexdigest()
assert h["zhiheng-signature"] == "v1=" + wanted
body = json.loads(requests[0]["body"])
assert h["idempotency-key"] == body["id"] and body["register"] == "complaint" and body["to"] == "wuhan", body
assert body["url"].startswith("https://zhiheng.example/registers/complaint/")
assert "金丝雀" not in requests[0]["body"]
PYTHON
$zhiheng notify list --data "$data" >"$STEP_DIR/out" 2>&1
grep -q 'webhook.*wuhan.*waiting.*500' "$STEP_DIR/out" && ok || bad "it is tried again later" "$STEP_DIR/out"
for _ in $(seq 100); do
    $zhiheng notify dead --data "$data" >"$STEP_DIR/out" 2>&1
    grep -q 'webhook.*yichang' "$STEP_DIR/out" && break
    sleep 0.1
done
grep -q '内部网络' "$STEP_DIR/out" && ok || bad "https to this machine is refused when it is sent, and seen" "$STEP_DIR/out"
dead=$(sed -n 's/^[^0-9]*\([0-9]\{10,\}\).*yichang.*/\1/p' "$STEP_DIR/out" | head -n 1)
check "a dead one can be tried again" $zhiheng notify retry "$dead" --data "$data"
# ---- a consumer without an account: no address, so the gateway of letters, signed
rm -f "$box/fail"
printf 'a word of the gateway\n' >"$STEP_DIR/letters"
set_to letters.secret_file "$STEP_DIR/letters"
set_to letters.url "http://127.0.0.1:$hook/letters"
curl -sS -b "$jar" "$URL/api/v1/registers/complaint" >"$STEP_DIR/records"
read -r record version < <(python3 -B - "$STEP_DIR/records" <<'PYTHON'
import json, sys
for r in json.load(open(sys.argv[1], encoding="utf-8"))["records"]:
    if r["fields"]["source_no"] == "W-1":
        print(r["office"] + "-" + r["id"], r["version"])
PYTHON
)
status=$(curl -sS -b "$jar" -o "$STEP_DIR/out" -w '%{http_code}' -H 'Accept: text/html' --data-urlencode "version=$version" "$URL/registers/complaint/$record/transitions/accept")
[ "$status" = 303 ] && ok || bad "accepted: $status" "$STEP_DIR/out"
for _ in $(seq 300); do grep -lq 13812345678 "$box"/hook-* 2>/dev/null && break; sleep 0.1; done
check "the letter with its signature" python3 -B - "$box" <<'PYTHON'
import glob, hashlib, hmac, json, re, sys
requests = [json.load(open(p, encoding="utf-8")) for p in sorted(glob.glob(sys.argv[1] + "/hook-*"))]
letters = [r for r in requests if '"phone"' in r["body"]]
assert len({json.loads(r["body"])["id"] for r in letters}) == 1, letters
h = {k.lower(): v for k, v in letters[0]["headers"].items()}
wanted = hmac.new(b"a word of the gateway", (h["zhiheng-timestamp"] + "." + letters[0]["body"]).encode(), hashlib.sha256).hexdigest()
assert h["zhiheng-signature"] == "v1=" + wanted
body = json.loads(letters[0]["body"])
assert set(body) == {"id", "at", "phone", "text"} and body["phone"] == "13812345678", body
assert re.search("编号 TS-420102-[0-9]{4}-[0-9]{6}）有新进展：已受理。查询码 [2-9A-HJ-NP-Z]{10}", body["text"]), body
assert "金丝雀" not in body["text"] and "13812345678" not in body["text"]
PYTHON
$zhiheng notify list --data "$data" >"$STEP_DIR/out" 2>&1
grep -q 'contact.*sent' "$STEP_DIR/out" && ok || bad "is taken" "$STEP_DIR/out"
! grep -q 13812345678 "$STEP_DIR/out" && ok || bad "nothing of the person stands in the queue" "$STEP_DIR/out"
kill -TERM "$SERVER"
wait "$SERVER"
[ $? = 0 ] && ok || bad "it ends"
SERVER=""
if grep -q ERROR "$STEP_DIR/serve.err"; then bad "no error is logged" "$STEP_DIR/serve.err"; else ok; fi
finish
