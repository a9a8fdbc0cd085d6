#!/bin/bash
# Builds the drivers of one mistake, with and without it, by each compiler at two levels:
# build.sh SOURCE FOLDER FLAGS... A source that says COMPILER: clang is not for gcc.
set -eu
source=$1
folder=$2
shift 2
name=$(basename "$source" .c)
libraries=(-L/usr/x86_64-w64-mingw32/lib -lntoskrnl -lhal)
link=(-shared -nostdlib -Wl,--subsystem,native -Wl,--entry,DriverEntry -Wl,--dynamicbase
    -Wl,--exclude-all-symbols)
mkdir -p "$folder"

for defect in 0 1; do
    kind=$([ $defect = 1 ] && echo bad || echo good)
    for level in O0 O2; do
        # A mistake is often what compilers warn of.
        grep -q 'COMPILER: clang' "$source" || x86_64-w64-mingw32-gcc "$@" -w -$level -DDEFECT=$defect "$source" \
            -o "$folder/$name-$kind-gcc-$level.sys" "${link[@]}" "${libraries[@]}" -lgcc
        clang --target=x86_64-w64-windows-gnu -fuse-ld=lld "$@" -w -$level -DDEFECT=$defect \
            "$source" -o "$folder/$name-$kind-clang-$level.sys" "${link[@]}" \
            -Wl,--allow-multiple-definition "${libraries[@]}"
    done
done
