#!/bin/bash
# Builds the drivers of one mistake, with and without it, by each compiler at two levels:
# build.sh SOURCE FOLDER FLAGS... A source that says COMPILER: clang is not for gcc.
#
# build.sh headers FOLDER FLAGS... reads the kernel's headers beforehand, once for all drivers: they
# are most of what there is to compile. A source that says HEADERS: own reads them itself.
set -eu
source=$1
folder=$2
shift 2
levels="O0 O2"
libraries=(-L/usr/x86_64-w64-mingw32/lib -lntoskrnl -lhal)
# shellcheck disable=SC2054 # the linker's commas
link=(-shared -nostdlib -Wl,--subsystem,native -Wl,--entry,DriverEntry -Wl,--dynamicbase
    -Wl,--exclude-all-symbols)

run_gcc() {
    x86_64-w64-mingw32-gcc "$@"
}

run_clang() {
    clang --target=x86_64-w64-windows-gnu "$@"
}

link_gcc() {
    run_gcc "$@" "${libraries[@]}" -lgcc
}

link_clang() {
    run_clang -fuse-ld=lld "$@" -Wl,--allow-multiple-definition "${libraries[@]}"
}

# Both compilers find HEADER.gch beside a header that is included first.
read_headers() {
    local compiler level header

    for compiler in gcc clang; do
        for level in $levels; do
            header=$folder/headers/$compiler-$level/kernel.h
            mkdir -p "$(dirname "$header")"
            echo '#include <ntifs.h>' >"$header"
            "run_$compiler" "$@" -w "-$level" -x c-header "$header" -o "$header.gch"
        done
    done
}

if [ "$source" = headers ]; then
    read_headers "$@"
    exit
fi

name=$(basename "$source" .c)
compilers="gcc clang"
grep -q 'COMPILER: clang' "$source" && compilers=clang # mingw's gcc has no __try

# GNU's assembler has no word for a section that the loader discards.
discard_init() {
    ! grep -q 'section("INIT")' "$source" ||
        x86_64-w64-mingw32-objcopy --set-section-flags INIT=alloc,load,data,debug "$1" ||
        exit 1
}

for defect in 0 1; do
    kind=$([ $defect = 1 ] && echo bad || echo good)
    for level in $levels; do
        for compiler in $compilers; do
            driver="$folder/$name-$kind-$compiler-$level.sys"
            headers=(-include "$folder/headers/$compiler-$level/kernel.h")
            ! grep -q 'HEADERS: own' "$source" || headers=()
            # A mistake is often what compilers warn of.
            "link_$compiler" "$@" -w "-$level" "${headers[@]}" -DDEFECT=$defect "$source" \
                -o "$driver" "${link[@]}"
            [ "$compiler" = clang ] || discard_init "$driver"
        done
    done
done
