#!/bin/bash
# Runs Windows programs and kernel drivers under Wine, in a prefix of the project's own. To be
# sourced by bash scripts:
#
#   wine_begin               take the prefix, start Wine; where it cannot, the script ends with 3
#   wine_run LIMIT PROGRAM [ARGUMENT...]
#                            run a Windows program for at most LIMIT seconds; its exit code, or 124
#   wine_path PATH           print the Windows name of a file
#   wine_mark                print where the kernel log ends now
#   wine_kernel_log [MARK]   print what drivers have logged, since MARK if given: plain UTF-8 lines
#   wine_crashes [MARK]      print what says that a driver crashed; 0 if there is such a line
#   wine_restart             stop Wine and start it again, as after a driver's crash
#   wine_end                 stop Wine and give the prefix back; also happens at any exit or signal
#   wine_name                print the runtime's name and version, as in "Wine 8.0"
#
# The prefix is build/wine (or WINE_PREFIX_FOLDER) and is made at the first use. It is one script's
# at a time; another one waits. Every call has a limit, and Wine itself ends a minute after its last
# program, so that nothing outlives even a script that was killed.

WINE_SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
WINE_FOLDER=${WINE_PREFIX_FOLDER:-$WINE_SOURCE/build/wine}
WINE_STAMP=$WINE_FOLDER/.sysbuf-complete
WINE_LOG=$WINE_FOLDER.kernel.log
WINE_CANDIDATES=${WINE_CANDIDATES:-/usr/lib/wine/wine64 wine64 wine}
WINE_STARTED=""
WINE_LOCK=""

# What the whole of Wine must see, so exported. The overrides keep it from asking for Mono and Gecko
# and from writing to the user's menus.
wine_environment() {
    export WINEPREFIX=$WINE_FOLDER WINEARCH=win64 WINEDEBUG=-all
    export WINEDLLOVERRIDES='mscoree=;mshtml=;winemenubuilder.exe=d'
    export LC_ALL=C.UTF-8 # the encoding of the arguments
    unset DISPLAY WAYLAND_DISPLAY
}

wine_fail() {
    echo "wine: $*" >&2
    exit 3
}

wine_find() {
    local candidate

    # Debian's "wine" asks for the 32-bit half; the loader behind it does not.
    for candidate in $WINE_CANDIDATES; do
        WINE_LOADER=$(command -v "$candidate") && break
    done
    WINE_SERVER=$(command -v wineserver || command -v /usr/lib/wine/wineserver64 ||
        command -v /usr/lib/wine/wineserver) || WINE_SERVER=""
    if [ -z "$WINE_LOADER" ] || [ -z "$WINE_SERVER" ]; then
        wine_fail "Wine is not installed; run 'sudo apt-get install wine wine64'."
    fi
    WINE_VERSION=$(timeout 20 "$WINE_LOADER" --version 2>/dev/null </dev/null) ||
        wine_fail "$WINE_LOADER does not run; reinstall the packages wine and wine64."
}

wine_name() {
    local version=${WINE_VERSION#wine-}

    echo "Wine ${version%% *}"
}

# Runs a command in the background and waits for it: bash serves a signal at once that way. The
# lock is not passed on: a process that stayed behind would keep it.
wine_bounded() {
    local limit=$1 code
    shift
    timeout -k 5 "$limit" "$@" </dev/null {WINE_LOCK}>&- &
    wait $!
    code=$?
    [ "$code" -ne 137 ] || code=124
    return "$code"
}

wine_lock() {
    mkdir -p "$(dirname "$WINE_FOLDER")" || wine_fail "cannot make $(dirname "$WINE_FOLDER")."
    exec {WINE_LOCK}>"$WINE_FOLDER.lock" || wine_fail "cannot write $WINE_FOLDER.lock."
    flock -n "$WINE_LOCK" && return
    echo "wine: waiting for another run to give $WINE_FOLDER back" >&2
    flock -w "${WINE_LOCK_LIMIT:-600}" "$WINE_LOCK" ||
        wine_fail "another run keeps $WINE_FOLDER; end it, or wait for it."
}

# The ids of Wine's processes that were started for this prefix. The scripts that started them have
# the same environment; their executable tells them apart.
wine_processes() {
    local file process

    grep -lzxF "WINEPREFIX=$WINE_FOLDER" /proc/[0-9]*/environ 2>/dev/null |
        while read -r file; do
            process=${file%/environ}
            [[ $(readlink "$process/exe") == */wine* ]] && echo "${process#/proc/}"
        done
}

# Ends all that runs in this prefix, and in no other; the server's socket is the prefix's own. A
# server that had to be killed, now or before, leaves its services behind.
wine_kill() {
    local process

    [ -d "$WINE_FOLDER" ] || return 0
    timeout -k 5 20 "$WINE_SERVER" -k </dev/null >/dev/null 2>&1 {WINE_LOCK}>&-
    timeout -k 5 20 "$WINE_SERVER" -w </dev/null >/dev/null 2>&1 {WINE_LOCK}>&- ||
        timeout -k 5 20 "$WINE_SERVER" -k9 </dev/null >/dev/null 2>&1 {WINE_LOCK}>&-
    for process in $(wine_processes); do
        kill -KILL "$process" 2>/dev/null
    done
}

# A prefix is whole if the version of Wine that runs now has finished it and its heart is there.
wine_prefix_is_whole() {
    local system32=$WINE_FOLDER/drive_c/windows/system32

    [ "$(cat "$WINE_STAMP" 2>/dev/null)" = "$WINE_VERSION" ] &&
        [ -s "$WINE_FOLDER/system.reg" ] && [ -s "$WINE_FOLDER/user.reg" ] &&
        [ -s "$system32/ntoskrnl.exe" ] && [ -s "$system32/winedevice.exe" ] &&
        [ -s "$system32/services.exe" ] && [ -e "$WINE_FOLDER/dosdevices/z:" ]
}

wine_make_prefix() {
    local log=$WINE_FOLDER.setup.log

    echo "wine: making $WINE_FOLDER (once, takes some seconds)" >&2
    wine_kill
    rm -rf "$WINE_FOLDER" || wine_fail "cannot remove $WINE_FOLDER; remove it yourself."
    mkdir -p "$WINE_FOLDER" || wine_fail "cannot make $WINE_FOLDER."
    wine_bounded 300 "$WINE_LOADER" wineboot -i >"$log" 2>&1
    timeout -k 5 60 "$WINE_SERVER" -w </dev/null >>"$log" 2>&1 {WINE_LOCK}>&-
    echo "$WINE_VERSION" >"$WINE_STAMP"
    wine_prefix_is_whole || wine_fail "Wine could not make $WINE_FOLDER; $log says why."
    rm -f "$log"
}

# The first program's stderr becomes the stderr of the services, and so of every driver: a file. The
# server outlives pauses between programs, but only for a minute: see above.
wine_start_once() {
    timeout -k 5 20 "$WINE_SERVER" -p60 </dev/null >/dev/null 2>&1 {WINE_LOCK}>&-
    WINEDEBUG=-all,warn+debugstr \
        wine_bounded 60 "$WINE_LOADER" cmd /c exit 2>>"$WINE_LOG" >/dev/null &&
        wine_settle "$1"
}

# Waits until Wine's own drivers, which start beside the first program, are there: fails where one
# of them has crashed.
wine_settle() {
    local end=$((SECONDS + 30))

    until wine_run 20 sc query mountmgr 2>/dev/null | grep -q RUNNING; do
        wine_crashes "$1" >/dev/null && return 1
        ((SECONDS < end)) || return 1
        sleep 0.05
    done
    ! wine_crashes "$1" >/dev/null
}

# On a busy machine one start of Wine 8 in some fifty crashes in Wine itself (a device before its
# driver, in the process that will host ours), before any driver of ours: such a start is done over.
wine_start() {
    local mark attempt

    mark=$(wine_mark)
    for attempt in 1 2 3; do
        wine_start_once "$mark" && return
        echo "wine: start $attempt failed" >&2
        wine_kill
        truncate -s "$mark" "$WINE_LOG"
    done
    return 1
}

wine_begin() {
    wine_find
    wine_environment
    wine_lock
    WINE_STARTED=yes
    trap wine_end EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    wine_kill # what a script left that was killed
    wine_prefix_is_whole || wine_make_prefix
    : >"$WINE_LOG"
    wine_start && return
    wine_make_prefix
    : >"$WINE_LOG"
    wine_start || wine_fail "Wine does not start; $WINE_LOG says why."
}

wine_run() {
    local limit=$1
    shift
    wine_bounded "$limit" "$WINE_LOADER" "$@"
}

wine_path() {
    local full

    full=$(realpath -m -- "$1")
    printf 'Z:%s\n' "${full//\//\\}"
}

wine_mark() {
    stat -c %s "$WINE_LOG"
}

wine_kernel_log() {
    tail -c +"$((${1:-0} + 1))" "$WINE_LOG" |
        sed -n 's/^[0-9a-f]*:warn:debugstr:vDbgPrintExWithPrefix [0-9a-f]*:[0-9a-f]*: //p'
}

wine_crashes() {
    tail -c +"$((${1:-0} + 1))" "$WINE_LOG" | grep -aE '^wine: (Unhandled|Call from|Unimplemented)'
}

wine_restart() {
    wine_kill
    wine_start || wine_fail "Wine does not start again; $WINE_LOG says why."
}

wine_end() {
    [ -n "$WINE_STARTED" ] || return 0
    WINE_STARTED=""
    wine_kill
    exec {WINE_LOCK}>&-
}
