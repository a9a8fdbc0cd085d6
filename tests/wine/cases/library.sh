# shellcheck shell=bash disable=SC2154 # the variables of ../check.sh
# scripts/wine.sh itself: what a broken prefix, a missing Wine, a second run and a kill lead to.

# Makes the prefix, for the tests that come after.
case_prefix() {
    begin
    expect 0 cmd /c exit
    expect 7 cmd /c exit 7
}

# Ends what a killed test has left; nothing runs in the prefix afterwards.
case_end() {
    wine_begin
    wine_end
    check "Wine still runs" wine_has_ended
}

# -w returns as soon as no server runs for the prefix. Its programs are on their way out by then.
wine_has_ended() {
    local end=$((SECONDS + 5))

    timeout 5 "$WINE_SERVER" -w </dev/null >/dev/null 2>&1 || return 1
    until [ -z "$(wine_processes)" ]; do
        ((SECONDS < end)) || return 1
        sleep 0.1
    done
}

# Another script with the library, as a process of its own.
other_script() {
    printf '. scripts/wine.sh\nwine_begin\n%s\n' "$1" >"$work/other.sh"
    shift
    env "$@" bash "$work/other.sh" >"$work/out" 2>"$work/err" &
    other=$!
}

is_ready() {
    local end=$((SECONDS + 30))

    until grep -q ready "$work/out"; do
        ((SECONDS < end)) || return 1
        sleep 0.1
    done
}

case_library() {
    local other start

    wine_find
    wine_environment
    trap 'wine_kill; rm -rf "$work"' EXIT

    other_script "echo begun" WINE_CANDIDATES=/none
    wait "$other"
    check "a missing Wine ends with $?, not 3" [ $? -eq 3 ]
    expect_text "a missing Wine" "wine: Wine is not installed; run*" "$work/err"
    expect_text "and nothing after it" "" "$work/out"

    other_script 'echo ready; wine_run 30 cmd /c "ping -n 30 127.0.0.1"'
    check "the other script begins" is_ready
    WINE_LOCK_LIMIT=1 bash -c '. scripts/wine.sh; wine_begin' 2>"$work/second"
    check "a second run ends with $?, not 3" [ $? -eq 3 ]
    expect_text "a second run" "wine: waiting for another run*another run keeps*" "$work/second"
    start=$SECONDS
    kill -TERM "$other"
    wait "$other"
    check "a script that is told to end ends with $?" [ $? -eq 143 ]
    check "it took long" [ $((SECONDS - start)) -lt 10 ]
    check "Wine still runs after TERM" wine_has_ended

    other_script 'echo ready; wine_run 30 cmd /c "ping -n 30 127.0.0.1"'
    check "the other script begins" is_ready
    kill -KILL "$other"
    wait "$other" 2>/dev/null
    WINE_LOCK_LIMIT=10 wine_begin # what was left does not keep the lock
    trap 'wine_end; rm -rf "$work"' EXIT
    expect 0 cmd /c exit
    start=$SECONDS
    wine_run 1 cmd /c "ping -n 30 127.0.0.1" >"$work/out" 2>&1
    check "a program over its limit ends with $?, not 124" [ $? -eq 124 ]
    check "it took long" [ $((SECONDS - start)) -lt 10 ]
    timeout 20 "$WINE_SERVER" -k9 </dev/null >/dev/null 2>&1
    wine_end
    check "Wine still runs after its server was killed" wine_has_ended
}

# A prefix that is half there is made anew, one of another version too.
case_broken_prefix() {
    local folder=$work/prefix
    mkdir -p "$folder/drive_c/windows"

    # shellcheck disable=SC2034 # the library reads them
    WINE_FOLDER=$folder WINE_STAMP=$folder/.sysbuf-complete WINE_LOG=$folder.kernel.log
    begin 2>"$work/begin"
    expect_text "the remaking is said" "wine: making $folder*" "$work/begin"
    expect 0 cmd /c exit
    check "the prefix is whole" wine_prefix_is_whole
    rm "$folder/drive_c/windows/system32/services.exe"
    check "a prefix without its services is not" not wine_prefix_is_whole
    echo "wine-0.1" >"$WINE_STAMP"
    check "nor one of another version" not wine_prefix_is_whole
}

not() {
    ! "$@"
}
