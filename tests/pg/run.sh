#!/bin/bash
# Do SQLite and PostgreSQL do the same? Random write histories and random questions, compared byte
# for byte: four provinces of 250 histories and 1,250 questions each; forty with ZH_LONG=1.
# ZH_TEST_SEED repeats a run (the seeds are printed); ZH_MODE chooses another build.
. tests/step.sh

if [ -z "${ZH_TEST_PG_URL:-}" ]; then
    bad "the databases agree: ZH_TEST_PG_URL is not set"
    finish
fi
mode=${ZH_MODE:-release}
program=build/$mode-$(basename "${CC:-gcc}")/tests/pg/conformance
if ! build "$mode" "$program" >"$STEP_DIR/build" 2>&1; then
    bad "build of the conformance test ($mode)" "$STEP_DIR/build"
    finish
fi
"$program" tests/fixture/conformance >"$STEP_DIR/said" 2>"$STEP_DIR/log"
closing=$(tail -n 1 "$STEP_DIR/said")
if [[ $closing =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    sed '$d' "$STEP_DIR/said"
    STEP_PASSED=${BASH_REMATCH[1]}
    STEP_FAILED=${BASH_REMATCH[2]}
else
    cat "$STEP_DIR/said"
    bad "the conformance test ended without its closing line" "$STEP_DIR/log"
fi
finish
