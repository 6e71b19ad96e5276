#!/bin/bash
# Everything also compiles with clang, and its program links, warnings being errors. The objects are
# those of the fuzz step.
. tests/step.sh
check "clang build" build fuzz objects all
finish
