#!/bin/bash
# Runs a fuzzer of image files for a moment: info.sh FUZZER CORPUS FOLDER...
# The drivers that were built are the seeds, those without debug information: it is not read.
set -eu
fuzzer=$1 corpus=$2
shift 2
mkdir -p "$corpus"
find "$@" -name '*.sys' 2>/dev/null | while read -r driver; do
    seed=$corpus/seed-$(basename "$driver")
    x86_64-w64-mingw32-strip -o "$seed" "$driver" 2>/dev/null || cp "$driver" "$seed"
    # The signature goes with the debug information; one seed keeps both.
    [ "$(basename "$driver")" != mydevice.sys ] || cp "$driver" "$corpus/seed-signed.sys"
done
exec "$fuzzer" -seed=1 -runs="${RUNS:-20000}" -max_len=300000 -rss_limit_mb=3000 "$corpus"
