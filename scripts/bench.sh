#!/bin/bash
# Measures each case beside its baselines: bench.sh [--quick|--tiny] [--host] [--document]
#
# The programs run in alternation, several rounds, pinned to processors; then a table of all figures
# and one of the goals is printed, and build/bench has results.json and results.svg.
#
#   --quick     fewer and shorter rounds, under a minute
#   --tiny      one round that only shows that all answers are right
#   --host      without Wine: what is beside it is missing
#   --document  put the tables and the chart into docs/performance.md, too
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=scripts/wine.sh
. scripts/wine.sh

size=full wine=yes documented=()
for argument in "$@"; do
    case "$argument" in
    --quick) size=quick ;;
    --tiny) size=tiny ;;
    --host) wine= ;;
    --document) documented=(--document) ;;
    *)
        sed -n 's/^# \{0,1\}//p' "$0" | sed -n 1,10p >&2
        exit 2
        ;;
    esac
done
results=${BENCH_RESULTS:-build/bench/results.json}
driver=build/windows-x64/mydevice/mydevice.sys
client=build/windows-x64/mydevice/mydevice.exe
python=/usr/bin/python3
[ -x "$python" ] || python=python3

# Wine's own processes inherit the script's processors: one for calls, which pass from process to
# process, and two for rings, where both sides work at once.
pin() {
    taskset -cp "$1" $$ >/dev/null 2>&1 || echo "bench: cannot pin to processors $1" >&2
}

run() {
    "$python" bench/run.py "$size" "$1" "$results"
}

run_beside_wine() {
    pin 0
    wine_begin
    export WINEDEBUG=-all BENCH_WINE=$WINE_LOADER
    wine_run 60 "$client" uninstall >/dev/null 2>&1 # what a run left that was interrupted
    wine_run 60 "$client" install "$(wine_path "$driver")" >/dev/null &&
        wine_run 60 "$client" start >/dev/null || echo "bench: MyDevice does not start" >&2
    run wine
    wine_run 60 "$client" uninstall >/dev/null
    run wine-cycle
    pin 0,1
    wine_restart
    run wine-ring
    wine_end
}

mkdir -p build/bench
rm -f "$results"
pin 0,1
failed=0
run host || failed=1
if [ -n "$wine" ]; then
    (run_beside_wine) || echo "bench: Wine does not run; what is beside it is missing" >&2
fi
"$python" bench/report.py "$results" "${documented[@]}" || failed=1
exit "$failed"
