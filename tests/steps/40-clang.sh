#!/bin/bash
# Everything also compiles and links with clang, warnings being errors.
. tests/step.sh
check "clang build" make -j"$JOBS" -s --no-print-directory CC=clang all unit tests bench
finish
