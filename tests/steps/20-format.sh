#!/bin/bash
# clang-format leaves every C file as it is.
. tests/step.sh
check "clang-format" build release format-check
finish
