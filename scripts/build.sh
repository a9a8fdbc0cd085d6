#!/bin/bash
# Configures and builds presets: build.sh PRESET...  Quiet unless something is wrong.
#
# windows-x64-driver and linux-client are parts of their presets: what the scenario needs of them.
# What is built for use stands in build/ itself, as links: the drivers and programs by name.
set -eu
cd "$(dirname "$0")/.."

part_of() {
    case "$1" in
    windows-x64-driver) echo windows-x64 mydevice_driver ;;
    linux-client) echo linux mydevice_client ;;
    *) echo "$1" all ;;
    esac
}

link() {
    [ ! -e "build/$1" ] || ln -sfn "$1" "build/$(basename "$1")"
}

for wanted in "$@"; do
    read -r preset target < <(part_of "$wanted")
    log=build/$preset.log
    mkdir -p build
    # A whole preset is configured anew: what was installed since may be of use to it.
    if [ ! -f "build/$preset/build.ninja" ] || [ "$target" = all ]; then
        [ -f "build/$preset/build.ninja" ] || echo "sysbuf: configuring $preset"
        cmake --preset "$preset" >"$log" 2>&1 || { cat "$log" >&2; rm -f "build/$preset/build.ninja"; exit 1; }
    fi
    # Ninja answers a build that has nothing to do in milliseconds; only then it is silent.
    if ! ninja -C "build/$preset" -n "$target" | grep -q 'no work to do'; then
        echo "sysbuf: building $preset"
    fi
    cmake --build --preset "$preset" --target "$target" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
done
link windows-x64/mydevice/mydevice.sys
link windows-x64/mydevice/mydevice.exe
link linux/mydevice/mydevice
link linux/cli/sysbuf
