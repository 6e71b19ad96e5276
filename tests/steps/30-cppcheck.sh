#!/bin/bash
# cppcheck finds nothing.
. tests/step.sh
check "cppcheck" make -s --no-print-directory cppcheck
finish
