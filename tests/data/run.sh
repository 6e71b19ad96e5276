#!/bin/bash
# Data in, right numbers out: the public data sets, altered copies of them, a file that comes again
# changed, dirty workbooks, hostile files, search. Every answer is compared with an independent one.
#
# Without the shared data (ZH_SHARED) the carried pieces in tests/fixture/data are used alone. The
# altered copy has a printed seed (ZH_SEED repeats it). With ZH_LONG=1 all files of the large sets
# take part, everything is taken in a second time, and three altered copies are made.
. tests/step.sh

HERE=tests/data
EXPECTED=tests/fixture/expected
PIECES=tests/fixture/data
SHARED=${ZH_SHARED:-../shared}
LONG=${ZH_LONG:-0}
SEED=${ZH_SEED:-$((RANDOM * 32768 + RANDOM))}
export PYTHONDONTWRITEBYTECODE=1
program=build/release-gcc/zhiheng
search=build/release-gcc/tests/data/search

if ! build release all "$search" >"$STEP_DIR/build" 2>&1; then
    bad "release build" "$STEP_DIR/build"
    finish
fi

# part NAME COMMAND...: runs in its own folder ($WORK) with its output kept for the end.
part() {
    local name=$1 since=$SECONDS
    shift
    mkdir -p "$STEP_DIR/$name"
    "$@" >"$STEP_DIR/$name.said" 2>&1
    echo "$((SECONDS - since))" >"$STEP_DIR/$name.seconds"
    rm -rf "${STEP_DIR:?}/$name"
}

# count NAME: the counts of a part that has ended.
count() {
    local closing
    closing=$(tail -n 1 "$STEP_DIR/$1.said")
    if [[ $closing =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
        sed '$d' "$STEP_DIR/$1.said" | cut -c 1-1000
        STEP_PASSED=$((STEP_PASSED + BASH_REMATCH[1]))
        STEP_FAILED=$((STEP_FAILED + BASH_REMATCH[2]))
        echo "$1: $closing, $(cat "$STEP_DIR/$1.seconds") s"
    else
        bad "$1 ended without its closing line" "$STEP_DIR/$1.said"
    fi
}

# on_postgres NAME COMMAND...: the same with a schema of its own.
on_postgres() {
    local url=$ZH_TEST_PG_URL mark='?' name=$1
    [[ $url != *\?* ]] || mark='&'
    ZH_DB="$url${mark}schema=zt_data_$$_${name//-/_}" part "$@"
}

# The large sets with fewer files; everything else as it is.
stage() {
    local set file
    for set in "$SHARED"/data/*/; do
        mkdir -p "$1/$(basename "$set")"
        for file in "$set"*; do
            case $file in
            *PRSA_Data_"$2"_*) ;;
            *PRSA_Data_*) [ "$LONG" = 1 ] || continue ;;
            esac
            ln -s "$(realpath "$file")" "$1/$(basename "$set")/"
        done
    done
}

altered() {
    python3 $EXPECTED/alter.py "$1" "$STEP_DIR/copy-$2" "$2" >"$STEP_DIR/list-$2" || return
    python3 $HERE/accept.py $program "$STEP_DIR/copy-$2" "$3"
    rm -rf "${STEP_DIR:?}/copy-$2"
}

# The public sets, then copies of them.
public() {
    local seed again=()
    [ "$LONG" != 1 ] || again=(again)
    ZH_PUBLISHED=1 part public python3 $HERE/accept.py $program "$STEP_DIR/one" "$STEP_DIR/public" "${again[@]}"
    for seed in $seeds; do
        part "altered-$seed" altered "$STEP_DIR/two" "$seed" "$STEP_DIR/altered-$seed"
    done
}

industries=packs/foundation/industry.csv
parts="dirty change signals search hostile"
if [ -d "$SHARED/data" ]; then
    industries=$SHARED/data/cn-industry-codes/gbt4754_2017.csv
    seeds=$SEED
    [ "$LONG" != 1 ] || seeds+=" $((SEED + 1)) $((SEED + 2))"
    echo "seed $SEED"
    parts+=" public"
    for seed in $seeds; do
        parts+=" altered-$seed"
    done
    stage "$STEP_DIR/one" Aotizhongxin
    stage "$STEP_DIR/two" Dingling
    public &
else
    echo "skipped: public data sets, none in $SHARED"
fi
# Carried pieces of the sets: all there is without the shared data; beside them, PostgreSQL's turn.
if [ "$LONG" = 1 ] || ! [ -d "$SHARED/data" ] || [ -z "${ZH_TEST_PG_URL:-}" ]; then
    part pieces python3 $HERE/accept.py $program $PIECES "$STEP_DIR/pieces" again
    parts+=" pieces"
fi
part dirty python3 $HERE/dirty.py $program "$STEP_DIR/dirty"
part change python3 $HERE/change.py $program $PIECES "$STEP_DIR/change"
if [ -d "$SHARED/data" ]; then
    part signals env ZH_SEED="$SEED" python3 $HERE/signals.py $program "$SHARED/data" "$STEP_DIR/signals"
else
    part signals env ZH_SEED="$SEED" python3 $HERE/signals.py $program $PIECES "$STEP_DIR/signals"
fi
part search python3 $HERE/search.py $program $search "$industries" "$STEP_DIR/search"
if [ -n "${ZH_TEST_PG_URL:-}" ]; then
    on_postgres pg-pieces python3 $HERE/accept.py $program $PIECES "$STEP_DIR/pg-pieces" again
    on_postgres pg-dirty python3 $HERE/dirty.py $program "$STEP_DIR/pg-dirty"
    on_postgres pg-change python3 $HERE/change.py $program $PIECES "$STEP_DIR/pg-change"
    on_postgres pg-search python3 $HERE/search.py $program $search "$industries" "$STEP_DIR/pg-search"
    parts+=" pg-pieces pg-dirty pg-change pg-search"
else
    echo "skipped: PostgreSQL, no ZH_TEST_PG_URL"
fi
part hostile python3 $HERE/hostile.py $program "$STEP_DIR/hostile"
wait
for name in $parts; do
    count "$name"
done
finish
