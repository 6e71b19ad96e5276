#!/bin/bash
# P2, P3 and P11 over what bench/p1.sh imports: the indicator board, lists, start and memory.
#
#   bench/p2.sh DATA PACKS    DATA, a directory that `zhiheng import p1_sample` filled, and its
#                             declarations; or
#   bench/p2.sh ROWS          makes them first
#
# The declarations get what an installation with accounts has: the foundation registers, access to
# the samples for an analyst (all rows) and an officer (rows of the own region), and an index for the
# latter. DATA adopts them (once: the first start says how long that takes) and gets two accounts;
# its records stay as they are. Lists are asked by both persons. Answers are compared with those of
# the sqlite3 command line in the same run.
set -euo pipefail
cd "$(dirname "$0")/.."
. tool/packages.sh
install_missing wrk curl sqlite3 procps
make -s --no-print-directory MODE=release >&2
make -s --no-print-directory MODE=release bench >&2
program=build/zhiheng
work=$(mktemp -d)
server=""
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
if [ $# = 1 ]; then
    mkdir "$work/packs"
    build/release-gcc/bench/p1_data "$work" "$1" 42 >/dev/null
    cp bench/p1/p1.yaml "$work/packs/"
    mv "$work"/p1_*.csv "$work/packs/"
    data=$work/data packs=$work/packs
    "$program" import p1_firm "$work/firms.csv" --commit all --data "$data" --packs "$packs" >/dev/null
    "$program" import p1_sample "$work/samples.csv" --commit clean --data "$data" --packs "$packs" >/dev/null || [ $? = 1 ]
else
    data=$1 packs=$2
fi
mkdir "$work/more"
cp "$packs"/* "$work/more/"
cp -r packs/foundation "$work/more/"
sed -i -e 's/^      - {id: firm, fields: \[producer, sampled_at\]}/&\n      - {id: place, fields: [place, sampled_at]}/' \
    -e 's/^    purpose: 大批量接收/&\n    access:\n      - {role: analyst, can: [read]}\n      - {role: officer, rows: "place within office_region", can: [read]}/' "$work/more/p1.yaml"
packs=$work/more
begun=$(date +%s%N)
"$program" count p1_firm --data "$data" --packs "$packs" >/dev/null 2>&1 ||
    "$program" import p1_firm /dev/null --dry-run --data "$data" --packs "$packs" >/dev/null 2>&1 || true
echo "the declarations are adopted: $((($(date +%s%N) - begun) / 1000000)) ms"
city=$(sqlite3 "$data/zhiheng.db" "SELECT substr(place, 1, 4) || '00' FROM r_p1_sample WHERE place LIKE '1301%' LIMIT 1")
for person in analyst officer; do
    echo "a long passphrase for the measurement" | "$program" account add "p2_$person" "$person" --data "$data" --packs "$packs" >/dev/null 2>&1 &&
        "$program" account grant "p2_$person" "$person" all "$city" --data "$data" --packs "$packs" >/dev/null
done || true

echo "records: $("$program" count p1_sample --data "$data" --packs "$packs" --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["total"])')"

serve() { # starts the server and waits for its first answer
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    begun=$(date +%s%N)
    "$program" serve --data "$data" --packs "$packs" --listen "127.0.0.1:$port" >"$work/serve.log" 2>&1 &
    server=$!
    until curl -fs "http://127.0.0.1:$port/health" >/dev/null 2>&1; do
        kill -0 "$server" || { cat "$work/serve.log" >&2; exit 1; }
        sleep 0.005
    done
    answered=$((($(date +%s%N) - begun) / 1000000))
}
sql() { sqlite3 "$data/zhiheng.db" "$1"; }
serve
until [ "$(sql "SELECT value FROM zh_setting WHERE name = 'rollup:p1_sample'")" = "$(sql "SELECT MAX(pos + n) FROM zh_outbox WHERE register = 'p1_sample'")" ]; do
    sleep 0.2
done
echo "first start: answers after $answered ms, roll-ups are folded after $((($(date +%s%N) - begun) / 1000000)) ms, resident then $(($(ps -o rss= -p "$server") / 1024)) MiB"
kill "$server"
wait "$server" || true
server=""
echo "P2, in process: every indicator, by city, for each of 24 months"
build/release-gcc/bench/board "$data" "$packs" 30 | tee "$work/board"
since=$(sed -n 's/.* since \(.*\)/\1/p' "$work/board")
begun=$(date +%s.%N)
recount=$(sqlite3 "$data/zhiheng.db" "SELECT SUM(n) FROM (SELECT substr(place, 1, 4), basis_kind, sampled_at / 31, COUNT(*) AS n,
    SUM(verdict = 'fail') FROM r_p1_sample WHERE sampled_at >= julianday('$since') - 2440587.5 GROUP BY 1, 2, 3)")
took=$(echo "$(date +%s.%N) $begun" | awk '{print $1 - $2}')
counted=$(sed -n 's/.*batches \([0-9]*\) since.*/\1/p' "$work/board")
[ "$recount" = "$counted" ] || { echo "the board counts $counted batches, SQL $recount" >&2; exit 1; }
echo "recount in SQL of what one board holds: $took s"
sed -n 's/^board:.*95 % \([0-9.]*\) ms/\1/p' "$work/board" | awk -v t="$took" '{printf "ratio %.0f\n", t * 1000 / $1}'

serve
# a large log is recomputed beside serving (doc/decisions/0012): pages are measured after that
until curl -fs "http://127.0.0.1:$port/health" >"$work/health" && ! grep -q ledger_to_check "$work/health"; do
    sleep 0.2
done
checked=$((($(date +%s%N) - begun) / 1000000))
sleep 2
echo "P11: answers $answered ms after its start, the ledger is recomputed after $checked ms, at rest resident $(($(ps -o rss= -p "$server") / 1024)) MiB"

session() { # login: its cookie
    curl -s -o /dev/null -D - --data-urlencode "login=p2_$1" \
        --data-urlencode "password=a long passphrase for the measurement" "http://127.0.0.1:$port/login" |
        sed -n 's/.*\(zh_session=[0-9a-f]*\).*/\1/p'
}
first() { # path: the first answer, made for nobody before
    curl -s -o "$work/page" -w 'first %{time_total} s, status %{http_code}; ' -H 'Accept: text/html' -H "Cookie: $cookie" "http://127.0.0.1:$port$1"
}
load() { # name, path: the first page, then latency at 4 and 32 clients
    printf '%s: ' "$1"
    first "$2"
    echo
    for clients in 4 32; do
        printf '    %d clients: ' "$clients"
        wrk -t1 -c"$clients" -d5s --latency -H 'Accept: text/html' -H "Cookie: $cookie" "http://127.0.0.1:$port$2" | awk '
            /99%/ {p99 = $2} /50%/ {p50 = $2} /75%/ {p75 = $2} /90%/ {p90 = $2} /Requests\/sec/ {r = $2} /Non-2xx/ {bad = $0}
            END {printf "median %s, 90 %% %s, 99 %% %s, %s pages/s %s\n", p50, p90, p99, r, bad}'
    done
}
encoded() { python3 -c 'import sys, urllib.parse; print(urllib.parse.quote(sys.argv[1]))' "$1"; }
lists=/registers/p1_sample
for person in analyst officer; do
    cookie=$(session "$person")
    echo "P2 over HTTP, P3, as $person"
    load "board" "/"
    load "indicator by city" "/indicators/p1_pass_rate?by=place@city"
    load "registers" "/registers"
    load "default list" "$lists"
    load "a city" "$lists?where=$(encoded "place within '$city'")"
    load "failed of a city" "$lists?where=$(encoded "place within '$city' and verdict = 'fail'")"
    load "failed of a lab in a year" "$lists?where=$(encoded "verdict = 'fail' and lab = '示例市食品检验所' and sampled_at >= 2024-01-01 and sampled_at < 2025-01-01")"
    load "sorted the other way" "$lists?sort=sampled_at"
    load "sorted by number" "$lists?sort=report_no&limit=50"
    seen=$(sqlite3 "$data/zhiheng.db" "SELECT COUNT(*) FROM r_p1_sample WHERE place BETWEEN '${city%00}00' AND '${city%00}99'")
    first "$lists?where=$(encoded "place within '$city'")" >/dev/null
    grep -q "$(printf "%d" "$seen" | sed ':a; s/\([0-9]\)\([0-9]\{3\}\)\($\|,\)/\1,\2\3/; ta')" "$work/page" ||
        { echo "the page of the city does not say $seen" >&2; exit 1; }
done
echo "resident after it: $(($(ps -o rss= -p "$server") / 1024)) MiB"
