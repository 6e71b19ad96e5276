#!/bin/bash
# The demo from the built program: timing, every value of its summary against an independent answer,
# an altered copy (ZH_SEED repeats it) with killed runs, refusals, serving, ./run twice.
# tests/demo/demo.py says what is checked.
. tests/step.sh

program=build/release-gcc/zhiheng
if ! build release all >"$STEP_DIR/build" 2>&1; then
    bad "release build" "$STEP_DIR/build"
    finish
fi
export PYTHONDONTWRITEBYTECODE=1

part() {
    python3 -B tests/demo/demo.py "$1" "$program" "$STEP_DIR/$2" >"$STEP_DIR/$1.said" 2>&1
}

# count PART: its lines and counts.
count() {
    local closing
    closing=$(tail -n 1 "$STEP_DIR/$1.said")
    if [[ $closing =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
        sed '$d' "$STEP_DIR/$1.said" | cut -c 1-1000
        STEP_PASSED=$((STEP_PASSED + BASH_REMATCH[1]))
        STEP_FAILED=$((STEP_FAILED + BASH_REMATCH[2]))
        echo "$1: $closing"
    else
        bad "$1 ended without its closing line" "$STEP_DIR/$1.said"
    fi
}

parts="provenance whole altered refused served"
part altered altered &
part provenance provenance
part whole whole
part refused refused
part served whole
if [ -n "${ZH_TEST_PG_URL:-}" ]; then
    mark='?'
    [[ $ZH_TEST_PG_URL != *\?* ]] || mark='&'
    ZH_DB="$ZH_TEST_PG_URL${mark}schema=zt_demo_$$" part postgres postgres
    parts+=" postgres"
else
    echo "skipped: PostgreSQL, no ZH_TEST_PG_URL"
fi
wait
for name in $parts; do
    count "$name"
done

# What a newcomer types, on a directory where the demo is complete: seconds, and nothing new.
since=$SECONDS
check "./run --no-serve again" env ZH_DATA="$STEP_DIR/whole/alone/data" ./run --no-serve
took=$((SECONDS - since))
if [ "$took" -lt 10 ]; then
    ok
else
    bad "a second ./run took $took s"
fi
check "./run VERB" ./run version
finish
