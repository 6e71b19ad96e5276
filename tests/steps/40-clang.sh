#!/bin/bash
# Everything also compiles and links with clang, warnings being errors.
. tests/step.sh
export CC=clang
check "clang build" build release all unit tests bench
finish
