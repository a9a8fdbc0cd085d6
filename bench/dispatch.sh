#!/bin/bash
# Counts instructions of a call with callgrind: dispatch.sh DISPATCH_COUNT FOLDER
# Once for the library and once for what is written by hand: from the entry to the handler, and from
# the handler to the completion. Prints "case value unit" lines.
set -eu
program=$1
folder=$2

# Callgrind counts inside the dispatch routine and writes what it has at each of these points; the
# last call's three parts end before the handler, after it and before the completion.
count() {
    local name=$1 routine=$2 files parts

    rm -rf "$folder/callgrind-$name"
    mkdir -p "$folder/callgrind-$name"
    valgrind --quiet --tool=callgrind --callgrind-out-file="$folder/callgrind-$name/out" \
        --collect-atstart=no --toggle-collect="$routine" --dump-before=dispatch_handler \
        --dump-after=dispatch_handler --dump-before=IofCompleteRequest \
        "$program" "$name" >&2
    mapfile -t files < <(find "$folder/callgrind-$name" -name 'out.*' | sort -V)
    [ $((${#files[@]} % 3)) -eq 0 ] && [ ${#files[@]} -ge 6 ] || {
        echo "dispatch.sh: ${#files[@]} parts of callgrind, where each call has three" >&2
        return 1
    }
    # A part begins where the one before it ended: the first one of a call with the end of the call
    # before, from its completion on. That end is the first call's own: none went before it.
    mapfile -t parts < <(sed -n 's/^totals: //p' "${files[@]}")
    echo "dispatch-$name/entry-to-handler ${parts[0]} instructions"
    echo "dispatch-$name/handler-to-completion ${parts[${#parts[@]} - 1]} instructions"
}

count library sb_dispatch_device_control
count hand dispatch_written_by_hand
