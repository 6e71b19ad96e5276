#!/bin/bash
# Fuzzing: every harness replays its corpus and then searches for ZH_FUZZ_SECONDS (3; 600 in the long
# run), two at a time. Then the corpus (with what the search added) is replayed and its lines are
# counted, and each file named in a harness's line "// covers: src/a/b.c ..." must reach 80 %.
. tests/step.sh

seconds=${ZH_FUZZ_SECONDS:-$([ "${ZH_LONG:-0}" = 1 ] && echo 600 || echo 3)}
floor=80
profdata=$(command -v llvm-profdata llvm-profdata-14 | head -n 1)
llvm_cov=$(command -v llvm-cov llvm-cov-14 | head -n 1)
harnesses=(tests/fuzz/fuzz_*.c)
[ -e "${harnesses[0]}" ] || { echo "no harness"; finish; }

if ! build fuzz fuzz >"$STEP_DIR/build" 2>&1; then
    bad "build of the harnesses" "$STEP_DIR/build"
    finish
fi

# Searches in a copy of the corpus, so that the repository's stays as it is. Exit 0: nothing found.
search() {
    local name=$1
    mkdir -p "$STEP_DIR/$name.corpus" "$STEP_DIR/$name.crash"
    [ ! -d "tests/fuzz/corpus/$name" ] || cp -r "tests/fuzz/corpus/$name/." "$STEP_DIR/$name.corpus"
    LLVM_PROFILE_FILE=/dev/null build/fuzz-clang/tests/fuzz/fuzz_"$name" "$STEP_DIR/$name.corpus" \
        -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$STEP_DIR/$name.crash/" >"$STEP_DIR/$name.log" 2>&1
}

report_search() {
    local name=$1 status=$2 artifact
    if [ "$status" = 0 ]; then
        ok
        echo "fuzz_$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$STEP_DIR/$name.log")" \
            "executions in $seconds s, nothing found"
        return
    fi
    mkdir -p build/fuzz-findings
    for artifact in "$STEP_DIR/$name.crash"/*; do
        [ -e "$artifact" ] && cp "$artifact" "build/fuzz-findings/$name-$(basename "$artifact")"
    done
    bad "fuzz_$name (inputs kept in build/fuzz-findings/)" "$STEP_DIR/$name.log"
}

names=()
for harness in "${harnesses[@]}"; do
    name=$(basename "$harness" .c)
    names+=("${name#fuzz_}")
done
for ((i = 0; i < ${#names[@]}; i += 2)); do
    search "${names[i]}" &
    first=$!
    second=""
    if ((i + 1 < ${#names[@]})); then
        search "${names[i + 1]}" &
        second=$!
    fi
    wait "$first"
    report_search "${names[i]}" $?
    if [ -n "$second" ]; then
        wait "$second"
        report_search "${names[i + 1]}" $?
    fi
done

for name in "${names[@]}"; do
    program=build/fuzz-clang/tests/fuzz/fuzz_$name
    covers=$(sed -n 's#^// covers: ##p' "tests/fuzz/fuzz_$name.c")
    if [ -z "$covers" ]; then
        bad "fuzz_$name has no line '// covers: FILE...'"
        continue
    fi
    # "timeout" here is the harness's: replaying is quick, a hang was found above.
    LLVM_PROFILE_FILE="$STEP_DIR/$name.profraw" \
        "$program" -runs=0 "$STEP_DIR/$name.corpus" >"$STEP_DIR/output" 2>&1
    "$profdata" merge -o "$STEP_DIR/$name.profdata" "$STEP_DIR/$name.profraw" >>"$STEP_DIR/output" 2>&1
    for file in $covers; do
        # Columns of the TOTAL line: regions, functions, lines; each as count, missed, percent.
        percent=$("$llvm_cov" report "$program" -instr-profile="$STEP_DIR/$name.profdata" "$file" \
            2>>"$STEP_DIR/output" | awk '$1 == "TOTAL" { sub("%", "", $10); print $10 }')
        echo "fuzz_$name reached ${percent:-nothing} % of the lines of $file"
        if awk "BEGIN { exit !(${percent:-0} >= $floor) }"; then
            ok
        else
            bad "fuzz_$name: less than $floor % of $file" "$STEP_DIR/output"
        fi
    done
done
finish
