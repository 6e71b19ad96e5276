#!/bin/bash
# P1, intake: ROWS rows through `zhiheng import` against `sqlite3 .import` (and PostgreSQL COPY) of the
# clean rows into a bare table with the same indexes, on the same machine in one run, interleaved.
#
#   bench/p1.sh [ROWS] [ROUNDS] [sqlite|postgres]
#
# With P1_GM=1 the second log (国密: SM3, SM2) is kept as well. With P1_KEEP=DIR the imported data and
# its declarations stay there for bench/p2.sh, and the part about single writes is left out.
#
# PostgreSQL is taken from ZH_TEST_PG_URL. Prints the times, the ratio of the medians, and the peak
# memory of the import; fails when the counts differ from what the generator says or verify finds a
# difference. Then, with SQLite, the time of single writes from a second process during an import.
set -euo pipefail
cd "$(dirname "$0")/.."
rows=${1:-1000000} rounds=${2:-5} db=${3:-sqlite}
. tool/packages.sh
make -s --no-print-directory MODE=release >&2
make -s --no-print-directory MODE=release bench >&2
program=build/zhiheng
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp bench/p1/p1.yaml "$work/"
mkdir "$work/packs"
read -r clean dirty < <(build/release-gcc/bench/p1_data "$work" "$rows" 42)
mv "$work"/p1.yaml "$work"/p1_*.csv "$work/packs/"

seconds() { # runs a command, prints wall seconds
    local begun
    begun=$(date +%s.%N)
    "$@" >"$work/out" 2>"$work/err" || { cat "$work/out" "$work/err" >&2; return 1; }
    echo "$(date +%s.%N) $begun" | awk '{printf "%.2f\n", $1 - $2}'
}

columns="report_no,task_no,basis_kind,class,product,gtin,spec,batch,sampled_org,producer,place,link,sampled_at,tested_at,lab,item,value,limit_value,verdict,remark"
peer_sqlite() {
    rm -f "$work"/peer.db*
    sqlite3 "$work/peer.db" "PRAGMA journal_mode=WAL; CREATE TABLE t (${columns//,/ TEXT,} TEXT);
        CREATE UNIQUE INDEX a ON t(report_no); CREATE INDEX b ON t(sampled_at);
        CREATE INDEX c ON t(producer, sampled_at);" >/dev/null
    sqlite3 "$work/peer.db" "PRAGMA synchronous=FULL" ".mode csv" ".import $work/clean.csv t"
}
peer_postgres() {
    psql -q "$ZH_TEST_PG_URL" -c "DROP TABLE IF EXISTS peer; CREATE TABLE peer (${columns//,/ TEXT,} TEXT);
        CREATE UNIQUE INDEX a ON peer(report_no); CREATE INDEX b ON peer(sampled_at);
        CREATE INDEX c ON peer(producer, sampled_at);" 2>/dev/null
    psql -q "$ZH_TEST_PG_URL" -c "\\copy peer FROM '$work/clean.csv' CSV"
}
where=(--data "$work/data" --packs "$work/packs")
ours() {
    /usr/bin/env time -f '%M' -o "$work/memory" "$program" import p1_sample "$work/samples.csv" \
        --commit clean "${where[@]}" --json || [ $? = 1 ]
}

empty() { # an empty database with the firms
    rm -rf "$work/data"
    if [ "$db" = postgres ]; then
        psql -q "$ZH_TEST_PG_URL" -c "DROP SCHEMA IF EXISTS p1 CASCADE" 2>/dev/null
        separator='?'
        [[ $ZH_TEST_PG_URL == *\?* ]] && separator='&'
        where=(--db "$ZH_TEST_PG_URL${separator}schema=p1" --packs "$work/packs")
    fi
    "$program" import p1_firm "$work/firms.csv" --commit all "${where[@]}" >/dev/null 2>&1
    [ -z "${P1_GM:-}" ] || "$program" ledger init --gm "${where[@]}" >/dev/null
}

peers=() times=()
for ((i = 0; i < rounds; i++)); do
    empty
    peers+=("$(seconds "peer_$db")")
    times+=("$(seconds ours)")
    echo "round $((i + 1)): peer ${peers[-1]} s, import ${times[-1]} s, peak memory $(($(cat "$work/memory") / 1024)) MiB"
done
got=$("$program" count p1_sample "${where[@]}" --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["total"])')
[ "$got" = "$clean" ] || { echo "stored $got rows, the generator made $clean clean ones ($dirty dirty)" >&2; exit 1; }
verified=$(seconds "$program" verify "${where[@]}")
median() { printf '%s\n' "$@" | sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
awk -v r="$rows" -v p="$(median "${peers[@]}")" -v o="$(median "${times[@]}")" -v d="$db" -v n="$rounds" \
    'BEGIN {printf "P1 %s'"${P1_GM:+, both logs}"': %d rows, medians of %d: peer %.2f s, import %.2f s, ratio %.2f, %d rows/s\n", d, r, n, p, o, o / p, r / o}'
echo "verify: $verified s, no difference"
if [ "$db" = sqlite ] && [ -n "${P1_KEEP:-}" ]; then
    mkdir -p "$P1_KEEP"
    mv "$work/data" "$work/packs" "$P1_KEEP/"
    exit
fi

# How long a form submission from another process takes while such an import runs. An import of less
# than 20 s is over too soon to tell.
if [ "$db" = sqlite ] && awk -v o="$(median "${times[@]}")" 'BEGIN {exit o < 20}'; then
    empty
    ours >"$work/out" &
    sleep 4
    build/release-gcc/bench/form "$work/data" "$work/packs" 12
    wait
fi
