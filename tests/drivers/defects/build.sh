#!/bin/bash
# Builds the drivers of one mistake, with and without it, by each compiler at two levels:
# build.sh SOURCE FOLDER FLAGS... A source that says COMPILER: clang is not for gcc.
set -eu
source=$1
folder=$2
shift 2
name=$(basename "$source" .c)
compilers="gcc clang"
grep -q 'COMPILER: clang' "$source" && compilers=clang # mingw's gcc has no __try
libraries=(-L/usr/x86_64-w64-mingw32/lib -lntoskrnl -lhal)
# shellcheck disable=SC2054 # the linker's commas
link=(-shared -nostdlib -Wl,--subsystem,native -Wl,--entry,DriverEntry -Wl,--dynamicbase
    -Wl,--exclude-all-symbols)
mkdir -p "$folder"

compile_gcc() {
    x86_64-w64-mingw32-gcc "$@" "${libraries[@]}" -lgcc
}

compile_clang() {
    clang --target=x86_64-w64-windows-gnu -fuse-ld=lld "$@" -Wl,--allow-multiple-definition \
        "${libraries[@]}"
}

# GNU's assembler has no word for a section that the loader discards.
discard_init() {
    ! grep -q 'section("INIT")' "$source" ||
        x86_64-w64-mingw32-objcopy --set-section-flags INIT=alloc,load,data,debug "$1" ||
        exit 1
}

for defect in 0 1; do
    kind=$([ $defect = 1 ] && echo bad || echo good)
    for level in O0 O2; do
        for compiler in $compilers; do
            driver="$folder/$name-$kind-$compiler-$level.sys"
            # A mistake is often what compilers warn of.
            "compile_$compiler" "$@" -w -$level -DDEFECT=$defect "$source" -o "$driver" \
                "${link[@]}"
            [ "$compiler" = clang ] || discard_init "$driver"
        done
    done
done
