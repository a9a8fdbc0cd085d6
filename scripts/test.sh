#!/bin/bash
# Runs every test and sums up: what a runtime cannot show, by name, then "N passed, N failed".
# Arguments go to ctest, as in: test.sh -R unit. Two at a time: most have threads of their own.
set -u
cd "$(dirname "$0")/.." || exit 2
results=$PWD/build/test-results.xml

rm -f "$results"
ctest --preset linux --parallel 2 --output-junit "$results" --test-output-size-passed 65536 "$@"
code=$?
/usr/bin/python3 scripts/test_summary.py "$results" || code=1
exit $code
