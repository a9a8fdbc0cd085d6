#!/bin/bash
# The example in a README, taken out of the text and compiled as it stands: example.sh README.md
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
readme=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# The C blocks, each after the line that names its file.
awk -v folder="$folder" '
    /^`[a-z]+\.(h|c)`/ { split($0, part, "`"); file = part[2] }
    /^```c$/ { inside = 1; next }
    /^```$/ { inside = 0 }
    inside { print > (folder "/" file) }
' "$readme"

for file in contract.h driver.c client.c; do
    [ -s "$folder/$file" ] || { echo "$readme: the example has no $file" >&2; exit 1; }
done
flags=(-std=c11 -Wall -Wextra -Werror -fsyntax-only -I"$top/include" -I"$folder")
x86_64-w64-mingw32-gcc "${flags[@]}" -isystem /usr/x86_64-w64-mingw32/include/ddk "$folder/driver.c"
x86_64-w64-mingw32-gcc "${flags[@]}" "$folder/client.c"
i686-w64-mingw32-gcc "${flags[@]}" "$folder/client.c"
