#!/bin/bash
# Layers and bans, headers that stand alone, no mutable globals, linked libraries.
. tests/step.sh

build release tools all >"$STEP_DIR/build" 2>&1 ||
    bad "release build" "$STEP_DIR/build"

build/release-gcc/tool/checksrc . >"$STEP_DIR/findings" 2>&1 ||
    true # the counts in its closing line say it
cat "$STEP_DIR/findings" | grep -v ' passed, '
closing=$(tail -n 1 "$STEP_DIR/findings")
if [[ $closing =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    STEP_PASSED=$((STEP_PASSED + BASH_REMATCH[1]))
    STEP_FAILED=$((STEP_FAILED + BASH_REMATCH[2]))
else
    bad "tool/checksrc" "$STEP_DIR/findings"
fi

includes=$(pkg-config --cflags libxml-2.0 libpq)
for header in src/*/*.h src/*/*/*.h; do
    [ -e "$header" ] || continue
    # shellcheck disable=SC2086  # a list of flags
    check "$header compiles alone" \
        gcc -std=c11 -D_GNU_SOURCE -Isrc $includes -fsyntax-only -x c "$header"
done

# Writable data in an object is mutable state of a file: only where tool/mutable_state.txt says why.
for object in $(find build/release-gcc/obj/src -name '*.o' | sort); do
    source=${object#build/release-gcc/obj/}
    source=${source%.o}.c
    [ -e "$source" ] || continue
    size -A "$object" |
        awk '$1 ~ /^\.(data|bss|tdata|tbss)$|^\.data\.rel(\.local)?$/ && $2 > 0 { found = 1 }
             END { exit found }' ||
        grep -q "^$source " tool/mutable_state.txt || { bad "$source keeps mutable state"; continue; }
    ok
done

if [ -x build/zhiheng ]; then
    ldd build/zhiheng | awk '{ print $1 }' | sed 's/.*\///; s/\.so.*//' | sort -u |
        while read -r library; do
            grep -q "^$library " tool/allowed_libs.txt || echo "$library"
        done >"$STEP_DIR/libraries"
    if [ -s "$STEP_DIR/libraries" ]; then
        bad "libraries that tool/allowed_libs.txt does not name" "$STEP_DIR/libraries"
    else
        ok
    fi
else
    bad "build/zhiheng is missing"
fi
finish
