#!/bin/bash
# Proves the wakeup protocol: check.sh FOLDER, an empty folder to work in.
#
# The model must hold in every state that can be reached, and must fail without each of the things
# that it is about: else it would prove nothing. Exit code 0 only if all of that is so.
set -u
model=$(cd "$(dirname "$0")" && pwd)/wakeup.pml
folder=${1:?usage: check.sh FOLDER}
rm -rf "$folder"
mkdir -p "$folder"
failures=0

# Searches all states; prints the report. A search that was cut short says so in it.
search() {
    local name=$1
    shift
    mkdir "$folder/$name"
    (cd "$folder/$name" && spin "$@" -a "$model" >spin.log 2>&1 &&
        gcc -w -O2 -DSAFETY -o pan pan.c && ./pan -m1000000) 2>&1
}

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

must_hold() {
    local name=$1 report
    shift
    report=$(search "$name" "$@")
    if grep -q 'errors: 0$' <<<"$report" && ! grep -qE 'too small|not completed|truncated' <<<"$report"; then
        echo "$name: holds in all $(sed -n 's/ *\([0-9e+.]*\) states, stored.*/\1/p' <<<"$report") states"
    else
        fail "$name does not hold"
        printf '%s\n' "$report" | sed 's/^/    /'
    fi
}

must_fail() {
    local name=$1 report
    shift
    report=$(search "$name" "$@")
    if grep -q '^pan:1: invalid end state' <<<"$report"; then
        echo "$name: somebody sleeps for ever, as it must be"
    else
        fail "$name was not found out"
        printf '%s\n' "$report" | sed 's/^/    /'
    fi
}

# Both directions: the client writes, the client reads.
for client in WRITER READER; do
    must_hold "client-$client" -DCLIENT=$client
    must_hold "client-$client-one-place" -DCLIENT=$client -DROOM=1
    must_fail "client-$client-without-fence" -DCLIENT=$client -DNO_FENCE
    must_fail "client-$client-without-recheck" -DCLIENT=$client -DNO_RECHECK
    must_fail "client-$client-without-stop" -DCLIENT=$client -DNO_STOP
    must_fail "client-$client-without-bell" -DCLIENT=$client -DNO_BELL
done
must_hold longer -DMESSAGES=6 -DROOM=3
[ "$failures" -eq 0 ]
