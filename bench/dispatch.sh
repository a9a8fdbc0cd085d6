#!/bin/bash
# Counts instructions of a call with callgrind: dispatch.sh DISPATCH_COUNT FOLDER
# Once for the library and once for what is written by hand: from the entry to the handler, and from
# the handler to the completion. Prints "case value unit" lines.
set -eu -o pipefail
program=$1
folder=$2

# Callgrind counts inside the routine that chooses which of the two serves, and writes what it has
# after the handler and before the completion. The first part of a call so holds the handler's few
# instructions as well, and what is behind the completion of the call before: both have these alike.
count() {
    local name=$1 part

    rm -rf "$folder/callgrind-$name"
    mkdir -p "$folder/callgrind-$name"
    valgrind --quiet --tool=callgrind --callgrind-out-file="$folder/callgrind-$name/out" \
        --collect-atstart=no --toggle-collect=dispatch_choose \
        --dump-after=dispatch_handler --dump-before=IofCompleteRequest \
        "$program" "$name" >&2
    for part in "--dump-after=dispatch_handler entry-to-handler" \
        "--dump-before=IofCompleteRequest handler-to-completion"; do
        # The median of the ten calls; openings and the end have parts without instructions.
        find "$folder/callgrind-$name" -name 'out.*' -exec grep -lZ "Trigger: ${part% *}$" {} + |
            xargs -0 sed -n 's/^totals: //p' | grep -v '^0$' | sort -n |
            awk -v name="dispatch-$name/${part#* }" '{ value[NR] = $1 }
                END { if (NR < 10) exit 1; print name, value[int((NR + 1) / 2)], "instructions" }'
    done
}

count library
count hand
