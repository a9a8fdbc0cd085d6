#!/bin/bash
# Installs what a target of the Makefile needs and the machine lacks: setup.sh demo|test|lint|package
#
# Uses the distribution's packages only. Says nothing and changes nothing where all is there.
# Where it cannot install, it names the packages and exits with 1.
set -eu

build="cmake ninja-build gcc libc6-dev gcc-mingw-w64-x86-64 gcc-mingw-w64-i686 mingw-w64-tools
       python3 python3-pefile openssl osslsigncode"
run="wine wine64"
test="libcmocka-dev clang lld llvm libclang-rt-14-dev valgrind zip unzip"
lint="clang-format clang-tidy cppcheck shellcheck codespell"

case "${1:-}" in
demo) wanted="$build $run" ;;
package) wanted="$build zip unzip" ;;
test) wanted="$build $run $test" ;;
lint) wanted="$build $lint libcmocka-dev" ;;
*)
    echo "usage: $0 demo|test|lint|package" >&2
    exit 2
    ;;
esac

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "sysbuf: this is no Debian or Ubuntu; install the equivalents of these yourself:" >&2
    echo "  "$wanted >&2
    echo "and then run with SYSBUF_NO_SETUP=1." >&2
    exit 1
fi

# A package under another name on this release of the distribution.
renamed() {
    case "$1" in
    libclang-rt-14-dev) apt-cache show "$1" >/dev/null 2>&1 || { echo libclang-rt-18-dev; return; } ;;
    esac
    echo "$1"
}

installed() {
    dpkg-query -W -f '${Status}\n' "$1" 2>/dev/null | grep -q '^install ok installed'
}

missing_packages() {
    for package in $wanted; do
        installed "$package" || installed "$(renamed "$package")" || renamed "$package"
    done
}

[ "${SYSBUF_NO_SETUP:-}" = "" ] || exit 0
missing=$(missing_packages)
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
    as_root="sudo"
    command -v sudo >/dev/null || as_root="missing"
fi

give_up() {
    echo "sysbuf: these packages are needed and could not be installed ($1):" >&2
    echo "  sudo apt-get install --no-install-recommends" $missing >&2
    exit 1
}

[ "$as_root" != "missing" ] || give_up "not root, and there is no sudo"
echo "sysbuf: installing" $missing
log=$(mktemp)
trap 'rm -f "$log"' EXIT
$as_root apt-get update >"$log" 2>&1 || { cat "$log" >&2; give_up "apt-get update failed"; }
missing=$(missing_packages)
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing \
    >"$log" 2>&1 || { tail -n 20 "$log" >&2; give_up "apt-get install failed"; }
