#!/bin/bash
# Configures and builds presets: build.sh PRESET...  Quiet unless something is wrong.
set -eu
cd "$(dirname "$0")/.."

for preset in "$@"; do
    log=build/$preset.log
    mkdir -p build
    if [ ! -f "build/$preset/build.ninja" ]; then
        echo "sysbuf: configuring $preset"
        cmake --preset "$preset" >"$log" 2>&1 || { cat "$log" >&2; rm -rf "build/$preset"; exit 1; }
    fi
    # Ninja answers a build that has nothing to do in milliseconds; only then it is silent.
    if ! ninja -C "build/$preset" -n | grep -q 'no work to do'; then
        echo "sysbuf: building $preset"
    fi
    cmake --build --preset "$preset" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
done
