#!/bin/bash
# Runs the scenario on the host: the shipped driver in a Linux process, the client beside it. Prints
# the driver's five lines, the client's twenty and the runtime's name. Exit code 0 only if every
# line was the expected one.
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=scripts/scenario.sh
. scripts/scenario.sh

program=build/mydevice
driver=build/mydevice.sys
output=$(mktemp -d)
trap 'rm -rf "$output"' EXIT

for file in "$program" "$driver"; do
    [ -f "$file" ] || { echo "demo: $file is not built; run 'make build'" >&2; exit 1; }
done
# The driver's debug output comes on stderr.
timeout -k 5 60 "$program" --host "$driver" demo >"$output/client" 2>"$output/driver"
code=$?
show_scenario "$output/driver" "$output/client" || {
    echo "demo: $scenario_fault" >&2
    exit 1
}
[ $code -eq 0 ] || { echo "demo: the client failed with exit code $code" >&2; exit 1; }
echo "Served by the sysbuf host."
