#!/bin/bash
# The unit tests that start threads, under ThreadSanitizer.
threaded=$(grep -l pthread_create tests/unit/test_*.c)
[ -n "$threaded" ] || { echo "no test starts threads"; echo "0 passed, 0 failed"; exit 0; }
# shellcheck disable=SC2086  # a list of files
ZH_MODE=tsan exec tests/unit/run.sh $threaded
