#!/bin/bash
# Other engines find the door driver's mistake: engines.sh libfuzzer|afl PROGRAM SYSBUF DRIVER.sys
# [MUTATOR.so]. Ends with 77 (skipped) where afl-fuzz is not installed or may not run.
set -eu
engine=$1 program=$2 sysbuf=$3 driver=$4
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export SYSBUF_DRIVER=$driver SYSBUF_VERIFY=0 SYSBUF_CRASHES=$folder

case $engine in
libfuzzer)
    mkdir "$folder/corpus"
    if "$program" -seed=1 -max_total_time=100 -max_len=512 -artifact_prefix="$folder/" \
        "$folder/corpus" >"$folder/log" 2>&1; then
        tail "$folder/log"
        echo "libFuzzer found nothing"
        exit 1
    fi
    ;;
afl)
    command -v afl-fuzz >/dev/null || exit 77
    mkdir "$folder/in"
    printf '\005\000\000\000' >"$folder/in/open"
    export AFL_NO_UI=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_AFFINITY=1 \
        AFL_BENCH_UNTIL_CRASH=1 AFL_CUSTOM_MUTATOR_ONLY=1 AFL_CUSTOM_MUTATOR_LIBRARY=$5
    afl-fuzz -s 1 -V 100 -i "$folder/in" -o "$folder/out" -- "$program" "$driver" \
        >"$folder/log" 2>&1 || true
    if ! compgen -G "$folder/out/default/crashes/id*" >/dev/null; then
        tail "$folder/log"
        echo "AFL++ found nothing"
        exit 1
    fi
    ;;
esac

# What it found does it again, by the script that was written beside it.
script=$(compgen -G "$folder/stop-*.script" | head -1)
code=0
"$sysbuf" run -q "$driver" "$script" >/dev/null 2>&1 || code=$?
[ "$code" -eq 3 ] || {
    echo "the script ended with $code, not with a bug check"
    exit 1
}
