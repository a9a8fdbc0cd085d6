#!/bin/bash
# Measures, each case beside its baseline, in alternation and pinned to one processor: the median of
# the rounds with the least and the greatest, and the ratio. bench.sh [ROUNDS]
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=scripts/wine.sh
. scripts/wine.sh

rounds=${1:-5}
host_calls=1000000
wine_calls=2000
results=build/bench
driver=build/mydevice.sys
client=build/windows-x64/mydevice/mydevice.exe
host=build/linux/bench/ioctl_host
fuzz=build/linux/bench/fuzz_host
fuzz_inputs=100000
replayed_inputs=2000
windows=build/windows-x64/bench/ioctl_windows.exe

fail() {
    echo "bench: $*" >&2
    exit 1
}

# The median, the least and the greatest of the numbers in a file.
spread() {
    sort -n "$1" | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)], value[1], value[NR] }'
}

mkdir -p "$results"
rm -f "$results"/*.ns
for file in "$driver" "$client" "$host" "$windows"; do
    [ -f "$file" ] || fail "$file is not built; run 'make build'"
done

taskset -cp 0 $$ >/dev/null || fail "cannot pin to processor 0"
export WINEDEBUG=-all
wine_begin
trap wine_end EXIT
wine_run 60 "$client" uninstall >/dev/null 2>&1 # what a run left that was interrupted
wine_run 60 "$client" install "$(wine_path "$driver")" >/dev/null || fail "mydevice install failed"
wine_run 60 "$client" start >/dev/null || fail "mydevice start failed"

for ((round = 1; round <= rounds; round++)); do
    echo "bench: round $round of $rounds"
    "$host" "$driver" $host_calls >>"$results/host.ns" || fail "a call on the host failed"
    wine_run 120 "$windows" $wine_calls | tr -d '\r' >>"$results/wine.ns" || fail "a call on Wine failed"
done
wine_run 60 "$client" uninstall >/dev/null

read -r host_median host_least host_greatest < <(spread "$results/host.ns")
read -r wine_median wine_least wine_greatest < <(spread "$results/wine.ns")
printf '%-44s %12s %12s %12s\n' "one buffered call of MyDevice, nanoseconds" median least greatest
printf '%-44s %12s %12s %12s\n' "  host" "$host_median" "$host_least" "$host_greatest"
printf '%-44s %12s %12s %12s\n' "  $(wine_name)" "$wine_median" "$wine_least" "$wine_greatest"
awk -v host="$host_median" -v wine="$wine_median" \
    'BEGIN { printf "the host is %.0f times as fast\n", wine / host }'

# Fuzzing beside `sysbuf run`, which replays the same requests from a script.
replayed=$("$fuzz" "$driver" $replayed_inputs 0 "$results/fuzz.script") || fail "no script to replay"
rm -f "$results"/fuzz-*.rate
for ((round = 1; round <= rounds; round++)); do
    for rules in none:0 pool:1 all:0xffff; do
        "$fuzz" "$driver" $fuzz_inputs "${rules#*:}" >>"$results/fuzz-${rules%:*}.rate" ||
            fail "fuzzing broke $driver"
    done
    start=$(date +%s%N)
    build/sysbuf run -q "$driver" "$results/fuzz.script" >/dev/null || fail "the replay failed"
    echo $((replayed * 1000000000 / ($(date +%s%N) - start))) >>"$results/fuzz-run.rate"
done
printf '%-44s %12s %12s %12s\n' "fuzzing MyDevice, requests a second" median least greatest
for rules in "none:without rules" "pool:pool rules" "all:all rules" "run:sysbuf run, a script of them"; do
    read -r median least greatest < <(spread "$results/fuzz-${rules%%:*}.rate")
    printf '%-44s %12s %12s %12s\n' "  ${rules#*:}" "$median" "$least" "$greatest"
done
echo "the channels on the host, the least of many rounds:"
build/linux/bench/channels_host build/windows-x64/tests/drivers/channels.sys ||
    fail "a channel failed"
