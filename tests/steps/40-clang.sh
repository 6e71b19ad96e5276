#!/bin/bash
# clang reads everything, warnings being errors, and makes what the fuzz step searches; in the long
# run its program is made too.
. tests/step.sh
check "clang reads every file" build fuzz objects fuzz
[ "${ZH_LONG:-0}" != 1 ] || CC=clang check "clang makes the program" build release all
finish
