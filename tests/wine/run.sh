#!/bin/bash
# Runs a test under Wine: run.sh CASE [ARGUMENT...]. The cases are the functions case_* of
# cases/*.sh. Starts Wine, runs the case and ends Wine. Exit code 0 only if the case checked
# something and all of it held; 2 if there is no such case, or what it needs is not built.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=scripts/wine.sh
. scripts/wine.sh
# shellcheck source=tests/wine/check.sh
. tests/wine/check.sh
for file in tests/wine/cases/*.sh; do
    # shellcheck source=/dev/null
    . "$file"
done

name=${1:-}
if ! declare -F "case_$name" >/dev/null; then
    echo "run.sh: there is no case '$name'" >&2
    exit 2
fi
shift
need_binaries
"case_$name" "$@"
check_result
