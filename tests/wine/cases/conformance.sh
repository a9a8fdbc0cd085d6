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

    mark=$(wine_mark)
    clean_drive
    make_drive "$WINEPREFIX/drive_c" windows
    mapfile -t groups <"$work/groups"
    wine_run 40 "$conform" SbConform "$(wine_path "$copy")" "${groups[@]}" >"$work/out" 2>"$work/err"
    wine_kernel_log "$mark" >"$work/log"
    ! wine_crashes "$mark" >>"$work/err" && grep -q 'checks, [0-9]* failed' "$work/log"
}

# The same for the requests driver and who calls it; what both say is in $work/log.
call_under_wine() {
    local copy=$1 mark groups tests

    mark=$(wine_mark)
    mapfile -t groups <"$work/groups"
    mapfile -t tests <"$work/tests"
    wine_run 60 "$calls" SbConform "$(wine_path "$copy")" "${groups[@]}" -- "${tests[@]}" \
        >"$work/out" 2>"$work/err"
    { tr -d '\r' <"$work/out"; wine_kernel_log "$mark"; } >"$work/log"
    ! wine_crashes "$mark" >>"$work/err" && grep -q '^calls: [0-9]* checks, [0-9]* failed' "$work/log"
}

# start_under_wine or call_under_wine; a start that Wine lost (see expect) is done over, once, in a
# Wine of its own.
run_under_wine() {
    "$@" && return
    echo "$2 did not come to its end under Wine: started once more"
    wine_restart
    "$@" || { wine_restart; false; }
}

differs_as_listed() {
    local version

    version=$(wine_name)
    /usr/bin/python3 tests/wine/conformance.py compare $differences "$1" "$2" "$work/log" \
        "${version#Wine }" >"$work/out" 2>&1 && cat "$work/out"
}

# plan DRIVER FILE LIST: writes the groups of checks that are left out into the list.
plan() {
    /usr/bin/python3 tests/wine/conformance.py plan $differences "$1" "$2" \
        cmake/wine-8.0-exports.txt >"$3" 2>"$work/err" || fail "$1 has no plan"
}

conforms() {
    local driver=$1 compiler=$2 name=$1-$2 file copy
    file=build/linux/drivers/$name.sys
    copy=$work/$name.sys
    cp "$file" "$copy" || return
    check "$name holds on the host" holds_on_the_host "$copy"
    plan "$driver" "$copy" "$work/groups"
    check "$name comes to its end under Wine" run_under_wine start_under_wine "$copy"
    check "$name differs as listed, and not otherwise" differs_as_listed "$driver" "$compiler"
    # Both runs loaded the copy: it is the build's, and neither has changed it.
    check "$name was one file throughout" cmp "$file" "$copy"
}

# The compilers and layouts of a driver.
builds_of() {
    case "$1" in
    seh) echo O0 O2 ;;
    layout) echo gcc clang unguarded ;;
    *) echo gcc clang ;;
    esac
}

case_conformance() {
    local driver build

    begin
    for driver in "$@"; do
        for build in $(builds_of "$driver"); do
            conforms "$driver" "$build"
        done
    done
    clean_drive
}

# The requests driver, its groups run by a call; and the tests of its caller, which the host's test
# program test-host-requests runs from the same source.
case_calls() {
    local compiler copy

    begin
    for compiler in gcc clang; do
        copy=$work/requests-$compiler.sys
        cp "build/linux/drivers/requests-$compiler.sys" "$copy" || return
        plan requests "$copy" "$work/groups"
        plan calls "$copy" "$work/tests"
        check "the calls of requests-$compiler come to their end under Wine" \
            run_under_wine call_under_wine "$copy"
        check "they differ as listed, and not otherwise" differs_as_listed calls "$compiler"
        check "requests-$compiler differs as listed" differs_as_listed requests "$compiler"
    done
}
