#!/bin/bash
# P6, engines: every calculation against its peer in R on one core, the answers compared in the same
# run. The peers that are not packaged by Debian (scanstatistics, plspm, qcc, openEBGM) are not run:
# their times, measured elsewhere on a machine of this kind, are printed in brackets, and the answers
# are checked by a short calculation of the definition in base R (bench/p6.R).
#
#   bench/p6.sh [WORKLOAD …]
#
# A row: workload, our seconds, of these spent on reading numbers out of JSON, the peer's seconds,
# their ratio, the largest relative difference of the answers. P6_SMALL=1 runs a tenth of the work.
# Fails when an answer differs by more than the tolerance of its workload.
set -euo pipefail
cd "$(dirname "$0")/.."
. tool/packages.sh
# shellcheck disable=SC2086  # a list of words
install_missing $BENCH_PACKAGES
make -s --no-print-directory MODE=release build/release-gcc/bench/p6 >&2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
core=$(($(nproc) - 1))

# workload, tolerance, seconds of a peer that is not run, what is compared
rows="
farrington_flexible 1e-6 - 1,000 weekly series of 10 years, last week
farrington 1e-5 - 1,000 weekly series of 10 years, last week
ears_c1 1e-9 - 1,000 series of 520 weeks
ears_c2 1e-9 - 1,000 series of 520 weeks
ears_c3 1e-9 - 1,000 series of 520 weeks
scan 1e-9 52.5 1,000 regions x 52 weeks, 999 replicates
pls_bootstrap 1e-5 19.8 250 answers x 27 items, 1,000 replicates
charts_xbar 1e-7 0.12 10,000 subgroups of 5
charts_r 1e-5 3.09 10,000 subgroups of 5
charts_s 1e-7 1.47 10,000 subgroups of 5
ebgm 1e-8 0.76 20,000 pairs (0.65 s for 17,189)
weibull 1e-6 - 1,000 censored fits of 50
kaplan_meier 1e-10 - 100,000 times
arl_cusum 1e-6 - 200 average run lengths
arl_ewma 1e-6 - 200 average run lengths
stratified_mean 1e-10 - 100,000 rows, 50 strata
least_squares 1e-9 - 1,000,000 rows x 5
logistic 1e-7 - 100,000 rows x 10
kendall 1e-12 - tau-b of 5,000 pairs
"
# Largest relative difference, or what is wrong.
compare() {
    paste "$work/ours" "$work/peer" | awk '
        NF != 2 {print "counts differ"; bad = 1; exit}
        $1 == "NA" || $2 == "NA" {if ($1 != $2) gaps++; next}
        {d = $1 - $2; if (d < 0) d = -d; s = $2 < 0 ? -$2 : $2; if (s > 1e-12) d /= s; if (d > most) most = d}
        END {if (!bad) printf gaps ? "%d gaps differ\n" : "%.1e\n", gaps ? gaps : most}'
}

failed=0
printf '%-20s %10s %10s %16s %9s %14s  %s\n' workload ours reading peer ratio difference what
while read -r name tolerance elsewhere what; do
    [ -n "$name" ] || continue
    [ $# = 0 ] || [[ " $* " == *" $name "* ]] || continue
    taskset -c "$core" Rscript bench/p6.R "$work" "$name" </dev/null >"$work/seconds"
    read -r seconds peer <"$work/seconds"
    read -ra call < "$work/call"
    taskset -c "$core" build/release-gcc/bench/p6 "${call[@]}" "$work/in" </dev/null >"$work/ours" 2>"$work/time" ||
        { printf '%-20s %s\n' "$name" "$(cat "$work/time")"; failed=1; continue; }
    read -r ours reading _ <"$work/time"
    if [ "$peer" = none ]; then
        seconds=$elsewhere peer=elsewhere
    fi
    difference=$(compare)
    ratio=-
    [ -n "${P6_SMALL:-}" ] && [ "$peer" = elsewhere ] ||
        ratio=$(awk -v a="$seconds" -v b="$ours" 'BEGIN {printf "%.1f", a / b}')
    printf '%-20s %10.4f %10.4f %16s %9s %14s  %s\n' "$name" "$ours" "$reading" "$seconds ($peer)" \
        "$ratio" "$difference" "$what"
    awk -v d="$difference" -v t="$tolerance" 'BEGIN {exit !(d ~ /differ/ || d + 0 > t + 0)}' &&
        { echo "  $name: the answers differ by more than $tolerance" >&2; failed=1; }
done <<<"$rows"
exit $failed
