# shellcheck shell=bash
# What the cases assert with, over scripts/wine.sh.

binaries=build/windows-x64
mydevice=$binaries/mydevice/mydevice.exe
raw=$binaries/tests/wine/raw.exe
client_test=$binaries/tests/wine/client_test.exe
conform=$binaries/tests/wine/conform.exe
calls=$binaries/tests/wine/calls.exe
work=$(mktemp -d)
checks=0
failures=0

need_binaries() {
    local file

    for file in "$mydevice" "$raw" "$client_test" "$conform" "$calls" $binaries/mydevice/mydevice.sys \
        $binaries/tests/drivers/{echo,rude,pend,refuse,channels}.sys; do
        [ -f "$file" ] || { echo "$file is not built; run 'make build'" >&2; exit 2; }
    done
}

services=(MyDevice SbEcho SbRude SbPend SbChannels SbRinger Greeter)

# Starts Wine with nothing installed that an earlier run has left.
begin() {
    local service code

    wine_begin
    trap 'wine_end; rm -rf "$work"' EXIT
    for service in "${services[@]}"; do
        run_program "$client_test" service uninstall "$service"
        code=$?
        [ $code -eq 0 ] || [ $code -eq 30 ] || fail "$service of an earlier run stays: $code"
    done
}

pass() {
    checks=$((checks + 1))
}

fail() {
    checks=$((checks + 1))
    failures=$((failures + 1))
    echo "FAILED: $* (at $(date +%T.%N))"
    sed 's/^/    out: /' "$work/out" 2>/dev/null
    sed 's/^/    err: /' "$work/err" 2>/dev/null
}

check() {
    local what=$1
    shift
    if "$@"; then pass; else fail "$what"; fi
}

# Something that Wine does not show; the arguments after its name are a command that is true once it
# does. That fails the test on Wine 8, where the gap was found.
check_gap() {
    local what=$1
    shift
    if ! "$@"; then
        echo "not shown by Wine: $what"
        pass
    elif [[ $(wine_name) == "Wine 8."* ]]; then
        fail "the gap '$what' has closed; assert it from now on"
    else
        echo "shown by this Wine, though not by 8: $what"
    fi
}

# Runs a Windows program; its output is in $work/out and $work/err. Every program here says why it
# fails. One that ends with 1 and without a word was lost by Wine before it began, which happens in
# some runs of hundreds: it is started once more, and said.
run_program() {
    local code

    wine_run 60 "$@" >"$work/out" 2>"$work/err"
    code=$?
    if [ "$code" -eq 1 ] && [ ! -s "$work/out" ] && [ ! -s "$work/err" ]; then
        echo "'${*:2}' ended with 1 and said nothing: started once more"
        wine_run 60 "$@" >"$work/out" 2>"$work/err"
        code=$?
    fi
    return $code
}

# The same, and its exit code must be the first argument.
expect() {
    local wanted=$1 code
    shift
    run_program "$@"
    code=$?
    if [ "$code" -eq "$wanted" ]; then pass; else fail "'${*:2}' ended with $code, not $wanted"; fi
}

# The same for the client of MyDevice: expect_mydevice CODE OUT ERR ARGUMENT... OUT and ERR are what
# it must print, each a whole text or, with a * in it, a pattern.
expect_mydevice() {
    local wanted=$1 out=$2 err=$3
    shift 3
    expect "$wanted" "$mydevice" "$@"
    expect_text "mydevice $*" "$out" "$work/out"
    expect_text "mydevice $*" "$err" "$work/err"
}

expect_text() {
    local what=$1 wanted=$2 found
    found=$(cat "$3")
    # shellcheck disable=SC2053 # a pattern is meant as one
    if [[ $found == "$wanted" || ($wanted == *\** && $found == $wanted) ]]; then
        pass
    else
        fail "$what: the text is not '$wanted'"
    fi
}

start_drivers() {
    local driver

    install_mydevice
    for driver in "$@"; do
        expect 0 "$client_test" service install "Sb${driver^}" \
            "$(wine_path "$binaries/tests/drivers/$driver.sys")"
        expect 0 "$client_test" service start "Sb${driver^}"
    done
}

install_mydevice() {
    expect 0 "$mydevice" install "$(wine_path $binaries/mydevice/mydevice.sys)"
    expect 0 "$mydevice" start
}

# Runs tests of a program one by one and shows what they print.
run_tests() {
    local program=$1 test
    shift
    for test in "$@"; do
        echo "- $test"
        expect 0 "$program" "$test"
        tr -d '\r' <"$work/out"
    done
}

# Prints what says otherwise.
no_crash() {
    ! wine_crashes "$@"
}

check_result() {
    check "a driver or a service crashed" no_crash
    [ "$failures" -eq 0 ] || sed 's/^/    kernel: /' "$WINE_LOG" | tail -n 40
    echo "$checks checks, $failures failed"
    [ "$failures" -eq 0 ] && [ "$checks" -gt 1 ]
}
