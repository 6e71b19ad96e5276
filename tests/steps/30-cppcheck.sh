#!/bin/bash
# cppcheck finds nothing.
. tests/step.sh
check "cppcheck" build release cppcheck
finish
