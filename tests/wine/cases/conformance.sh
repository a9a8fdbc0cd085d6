# shellcheck shell=bash disable=SC2154 # the variables of ../check.sh
# The drivers that check NT from the inside: one file, run on the host, where every check must hold,
# and under Wine, where exactly those differ that differences.txt lists.

differences=tests/wine/differences.txt

# What the file driver finds on drive C:; a link leads out of it.
make_drive() {
    mkdir -p "$1/$2" && printf 'hello, file' >"$1/$2/Hello.txt" && ln -sf /etc/passwd "$1/$2/out"
}

clean_drive() {
    local drive=$WINEPREFIX/drive_c

    rm -f "$drive"/windows/{Hello.txt,out,new.bin} "$drive"/{data.bin,Data.New}
    rm -rf "$drive/Folder"
}

holds_on_the_host() {
    local copy=$1

    rm -rf "$work/root"
    make_drive "$work/root" Windows
    timeout 60 build/sysbuf run --processors 4 --root "$work/root" "$copy" >"$work/out" 2>&1 &&
        grep -q 'checks, 0 failed' "$work/out"
}

# One start under Wine; what the driver says is in $work/log.
start_under_wine() {
    local copy=$1 mark groups
    shift
    mark=$(wine_mark)
    clean_drive
    make_drive "$WINEPREFIX/drive_c" windows
    mapfile -t groups <"$work/groups"
    wine_run 40 "$conform" SbConform "$(wine_path "$copy")" "${groups[@]}" >"$work/out" 2>"$work/err"
    wine_kernel_log "$mark" >"$work/log"
    ! wine_crashes "$mark" >>"$work/err" && grep -q 'checks, [0-9]* failed' "$work/log"
}

# A start that Wine lost (see expect) is done over, once, in a Wine of its own.
run_under_wine() {
    start_under_wine "$1" && return
    echo "$2 did not come to its end under Wine: started once more"
    wine_restart
    start_under_wine "$1" || { wine_restart; false; }
}

differs_as_listed() {
    local version

    version=$(wine_name)
    /usr/bin/python3 tests/wine/conformance.py compare $differences "$1" "$2" "$work/log" \
        "${version#Wine }" >"$work/out" 2>&1 && cat "$work/out"
}

conforms() {
    local driver=$1 compiler=$2 name=$1-$2 file copy
    file=build/linux/drivers/$name.sys
    copy=$work/$name.sys
    cp "$file" "$copy" || return
    check "$name holds on the host" holds_on_the_host "$copy"
    /usr/bin/python3 tests/wine/conformance.py plan $differences "$driver" "$copy" \
        cmake/wine-8.0-exports.txt >"$work/groups" 2>"$work/err" || fail "$name has no plan"
    check "$name comes to its end under Wine" run_under_wine "$copy" "$name"
    check "$name differs as listed, and not otherwise" differs_as_listed "$driver" "$compiler"
    # Both runs loaded the copy: it is the build's, and neither has changed it.
    check "$name was one file throughout" cmp "$file" "$copy"
}

case_conformance() {
    local driver

    begin
    for driver in "$@"; do
        conforms "$driver" gcc
        conforms "$driver" clang
    done
    clean_drive
}
