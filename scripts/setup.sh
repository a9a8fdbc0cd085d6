#!/bin/bash
# Installs what a target of the Makefile needs and the machine lacks:
# setup.sh demo|demo-wine|test|bench|lint|package
#
# Uses the distribution's packages only. Says nothing and changes nothing where all is there.
# Where it cannot install, it names the packages and exits with 1. SYSBUF_NO_SETUP=1 leaves it out.
set -eu

build=(cmake ninja-build gcc libc6-dev gcc-mingw-w64-x86-64 gcc-mingw-w64-i686 mingw-w64-tools
    python3 python3-pefile openssl osslsigncode)
host=(libdw-dev libelf-dev libcjson-dev libssl-dev libxml2-dev libcmocka-dev libcapstone-dev)
run=(wine wine64)
test=(clang libclang-rt-dev lld llvm zip unzip gdb groff-base spin libck-dev afl++)
bench=(gnuplot-nox libck-dev util-linux valgrind)
lint=(clang-format cppcheck shellcheck codespell)

case "${1:-}" in
demo) wanted=("${build[@]}" "${host[@]}") ;;
demo-wine) wanted=("${build[@]}" "${run[@]}") ;;
package) wanted=("${build[@]}" zip unzip) ;;
test) wanted=("${build[@]}" "${host[@]}" "${run[@]}" "${test[@]}") ;;
bench) wanted=("${build[@]}" "${host[@]}" "${run[@]}" "${bench[@]}") ;;
lint) wanted=("${lint[@]}") ;;
*)
    echo "usage: $0 demo|demo-wine|test|bench|lint|package" >&2
    exit 2
    ;;
esac

[ -z "${SYSBUF_NO_SETUP:-}" ] || exit 0

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "sysbuf: this is no Debian or Ubuntu. Install the equivalents of these packages:" >&2
    echo "  ${wanted[*]}" >&2
    echo "and then run again with SYSBUF_NO_SETUP=1." >&2
    exit 1
fi

missing=()
for package in "${wanted[@]}"; do
    dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed' ||
        missing+=("$package")
done
[ ${#missing[@]} -ne 0 ] || exit 0

give_up() {
    echo "sysbuf: cannot install the packages that are needed ($1). Have them installed with" >&2
    echo "  sudo apt-get install --no-install-recommends ${missing[*]}" >&2
    echo "and run this again." >&2
    exit 1
}

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || give_up "not root, and there is no sudo"
    as_root=(sudo)
fi

echo "sysbuf: installing ${missing[*]} (once; this takes a few minutes)"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
"${as_root[@]}" apt-get update >"$log" 2>&1 || {
    cat "$log" >&2
    give_up "apt-get update failed"
}
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends "${missing[@]}" >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    give_up "apt-get install failed"
}
