#!/bin/bash
# headers.sh SOURCE MINGW_INCLUDE: each public header alone, from C++, with all warnings, for Linux
# and for Windows of 64 and 32 bits; then a driver in C++. 77: there is no compiler for C++.
set -eu
source=$1
mingw=$2
here=$(dirname "$0")
shared=(client contract protocol ring ring_client socket)
host=(code fuzz host image)
kernel=(driver notify pend ring_driver wsk)
flags=(-Wall -Wextra -Wpedantic -Werror -fsyntax-only "-I$source/include")
windows=(-isystem "$mingw" -isystem "$mingw/ddk")
# mingw-w64 defines these two twice (cmake/SysbufTargets.cmake).
windows+=(-D__INTRINSIC_DEFINED_InterlockedBitTestAndSet)
windows+=(-D__INTRINSIC_DEFINED_InterlockedBitTestAndReset)
compiled=0

# compile COMPILER HEADER FLAG...
compile() {
    local compiler=$1 header=$2
    shift 2
    echo "#include <sysbuf/$header.h>" | "$compiler" "$@" "${flags[@]}" -x c++ -
    compiled=$((compiled + 1))
}

# Each header is tried, or a new one would be left out.
listed=$(printf '%s\n' "${shared[@]}" "${host[@]}" "${kernel[@]}" | sort)
there=$(cd "$source/include/sysbuf" && printf '%s\n' *.h | sed 's/\.h$//' | sort)
[ "$listed" = "$there" ] || { echo "the headers are not those of headers.sh"; exit 1; }

for compiler in g++ clang++; do
    command -v "$compiler" >/dev/null || continue
    for standard in c++17 c++20; do
        for header in "${shared[@]}" "${host[@]}"; do
            compile "$compiler" "$header" -std="$standard"
        done
    done
done
if command -v clang++ >/dev/null; then
    for header in "${shared[@]}" "${kernel[@]}"; do
        compile clang++ "$header" -std=c++17 --target=x86_64-w64-windows-gnu "${windows[@]}"
    done
    for header in "${shared[@]}"; do
        compile clang++ "$header" -std=c++17 --target=i686-w64-windows-gnu "${windows[@]}"
    done
    clang++ -std=c++20 --target=x86_64-w64-windows-gnu "${windows[@]}" "${flags[@]}" -ffreestanding \
        -fno-exceptions -fno-rtti "$here/driver.cpp"
    compiled=$((compiled + 1))
fi
for compiler in x86_64-w64-mingw32-g++ i686-w64-mingw32-g++; do
    command -v "$compiler" >/dev/null || continue
    for header in "${shared[@]}"; do
        compile "$compiler" "$header" -std=c++17
    done
done
[ "$compiled" -gt 0 ] || exit 77
echo "$compiled compilations"
