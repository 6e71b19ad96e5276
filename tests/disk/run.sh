#!/bin/bash
# A full disk: imports, submissions and the log on file systems of a few megabytes that fill up
# (disk.py says what is checked). They are mounted in a mount namespace of their own, which needs
# root; without it the step says that it was skipped.
. tests/step.sh

program=build/release-gcc/zhiheng
if ! build release all >"$STEP_DIR/build" 2>&1; then
    bad "release build" "$STEP_DIR/build"
    finish
fi
mkdir "$STEP_DIR/disk"
if [ "$(id -u)" != 0 ] || ! unshare -m mount -t tmpfs -o size=1m none "$STEP_DIR/disk" 2>/dev/null; then
    echo "skipped: small file systems can be mounted by root only"
    ok
    finish
fi
unshare -m python3 -B tests/disk/disk.py "$program" "$STEP_DIR/disk" >"$STEP_DIR/said" 2>&1
closing=$(tail -n 1 "$STEP_DIR/said")
if [[ $closing =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    sed '$d' "$STEP_DIR/said"
    STEP_PASSED=$((STEP_PASSED + BASH_REMATCH[1]))
    STEP_FAILED=$((STEP_FAILED + BASH_REMATCH[2]))
else
    bad "disk.py ended without its closing line" "$STEP_DIR/said"
fi
finish
