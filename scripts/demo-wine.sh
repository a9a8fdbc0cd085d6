#!/bin/bash
# Runs the scenario under Wine: installs and starts the driver, runs the client, stops and removes
# the driver. Prints the driver's five lines, the client's twenty and the runtime's name. Exit code
# 0 only if every line was the expected one and every step went well.
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=scripts/wine.sh
. scripts/wine.sh
# shellcheck source=scripts/scenario.sh
. scripts/scenario.sh

program=build/windows-x64/mydevice/mydevice.exe
driver=build/windows-x64/mydevice/mydevice.sys
output=$(mktemp -d)
mark=0

fail() {
    echo "demo: $*" >&2
    cat "$output"/*.err >&2
    wine_crashes "$mark" >&2
    exit 1
}

# Runs a command of the client; its output is kept, its errors are shown where it fails.
step() {
    local verb=$1

    wine_run 60 "$program" "$@" >"$output/$verb.out" 2>"$output/$verb.err" ||
        fail "'mydevice $verb' failed with exit code $?"
}

for file in "$program" "$driver"; do
    [ -f "$file" ] || { echo "demo: $file is not built; run 'make build'" >&2; exit 1; }
done
wine_begin
trap 'wine_end; rm -rf "$output"' EXIT

wine_run 60 "$program" uninstall >/dev/null 2>&1 # what a run left that was interrupted
step install "$(wine_path "$driver")"
step start
mark=$(wine_mark)
step demo
wine_kernel_log "$mark" >"$output/driver.out"
step stop
step uninstall

show_scenario "$output/driver.out" "$output/demo.out" || fail "$scenario_fault"
wine_crashes "$mark" >&2 && fail "a driver crashed"
echo "Served by $(wine_name)."
