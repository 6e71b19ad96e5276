#!/bin/bash
# clang-format leaves every C file as it is.
. tests/step.sh
check "clang-format" make -s --no-print-directory format-check
finish
