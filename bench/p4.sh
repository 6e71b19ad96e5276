#!/bin/bash
# P4, single submissions: clients on loopback that POST one record each over HTTP and wait for the
# answer, with full sync, validation, the cells and the ledger on; against one-row commits with full
# sync of the sqlite3 command line into a bare table on the same disk, in the same run.
#
#   bench/p4.sh [SECONDS] [ROUNDS]
#
# The record is the one of P1: 20 columns, two references to 100,000 enterprises, five rules, two
# cubes. "accepted" is answered after the commit, "sealed" (Prefer: wait) when the entry stands in a
# signed checkpoint. Fails when an answer was not 201, when the records stored are not as many as
# were answered, or when verify finds a difference. ZH_BENCH_DIR: where the databases stand.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-8} rounds=${2:-3}
. tool/packages.sh
install_missing curl sqlite3
make -s --no-print-directory MODE=release >&2
make -s --no-print-directory MODE=release bench >&2
program=build/zhiheng
work=$(mktemp -d ${ZH_BENCH_DIR:+-p "$ZH_BENCH_DIR"})
server=""
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; wait; rm -rf "$work"' EXIT
mkdir "$work/packs"
rows=$((seconds * rounds * 8 * 9000))
build/release-gcc/bench/p1_data "$work" "$rows" 42 >/dev/null
cp bench/p1/p1.yaml "$work/packs/"
mv "$work"/p1_*.csv "$work/packs/"
rm "$work/samples.csv"
where=(--data "$work/data" --packs "$work/packs")
"$program" import p1_firm "$work/firms.csv" --commit all "${where[@]}" >/dev/null 2>&1

columns="report_no,task_no,basis_kind,class,product,gtin,spec,batch,sampled_org,producer,place,link,sampled_at,tested_at,lab,item,value,limit_value,verdict,remark"
python3 - "$work/clean.csv" >"$work/peer.sql" <<'PY'
import csv, sys
with open(sys.argv[1], encoding="utf-8", newline="") as f:
    for i, row in enumerate(csv.reader(f)):
        if i == 20000:
            break
        print("INSERT INTO t VALUES(" + ",".join("'" + c.replace("'", "''") + "'" for c in row) + ");")
PY
peer() { # one-row commits a second, one writer, full sync
    rm -f "$work"/peer.db*
    sqlite3 "$work/peer.db" "PRAGMA journal_mode=WAL; CREATE TABLE t (${columns//,/ TEXT,} TEXT);
        CREATE UNIQUE INDEX a ON t(report_no); CREATE INDEX b ON t(sampled_at);
        CREATE INDEX c ON t(producer, sampled_at);" >/dev/null
    local begun n=$1
    begun=$(date +%s.%N)
    { echo "PRAGMA synchronous=FULL;"; head -n "$n" "$work/peer.sql"; } | sqlite3 "$work/peer.db"
    echo "$(date +%s.%N) $begun $n" | awk '{printf "%.0f\n", $3 / ($1 - $2)}'
}

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$program" serve "${where[@]}" --listen "127.0.0.1:$port" >"$work/serve.log" 2>&1 &
server=$!
until curl -fs "http://127.0.0.1:$port/health" >/dev/null 2>&1; do
    kill -0 "$server" || { cat "$work/serve.log" >&2; exit 1; }
    sleep 0.02
done

used=0
submit() { # clients, json|form, accepted|sealed
    build/release-gcc/bench/submit "$port" "$1" "$seconds" "$work/clean.csv" "$used" "$2" "$3" | tee "$work/line"
    used=$((used + $(sed -n 's/.* rows \([0-9]*\)$/\1/p' "$work/line")))
    cat "$work/line" >>"$work/lines"
}
for ((i = 1; i <= rounds; i++)); do
    echo "round $i: sqlite3, one-row commits with full sync: $(peer 4000 | tee -a "$work/peers")/s"
    for clients in 1 8 64; do
        submit "$clients" json accepted
        submit "$clients" json sealed
    done
    submit 64 form sealed
done
kill "$server"
wait "$server" || true
server=""
got=$("$program" count p1_sample "${where[@]}" --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["total"])')
[ "$got" = "$used" ] || { echo "$used submissions were answered, $got are stored" >&2; exit 1; }
"$program" verify "${where[@]}" >"$work/out" || { cat "$work/out" >&2; exit 1; }
python3 - "$work" <<'PY'
import collections, re, statistics, sys
rates, slow = collections.defaultdict(list), collections.defaultdict(list)
for line in open(sys.argv[1] + "/lines", encoding="utf-8"):
    m = re.match(r"(.*): n \d+, (\d+)/s, .*99 % ([\d.]+) ms", line)
    rates[m[1]].append(int(m[2]))
    slow[m[1]].append(float(m[3]))
peer = statistics.median(int(x) for x in open(sys.argv[1] + "/peers"))
print(f"P4, medians: peer {peer:.0f}/s")
for what in rates:
    r = rates[what]
    print(f"{what}: {statistics.median(r):.0f}/s ({min(r)}–{max(r)}), 99 % {statistics.median(slow[what]):.1f} ms, "
          f"{statistics.median(r) / peer:.2f} × the peer")
PY
echo "stored $got of $used answered; verify finds no difference"
