#!/bin/bash
# client.sh SOURCE FOLDER LIBRARY DRIVER: links a client in C++ with the library and runs it.
# 77: there is no compiler for C++.
set -eu
source=$1 folder=$2 library=$3 driver=$4
command -v g++ >/dev/null || exit 77
g++ -std=c++17 -Wall -Wextra -Wpedantic -Werror -I"$source/include" -I"$source" \
    "$(dirname "$0")/client.cpp" "$library" -Wl,-rpath,"$(dirname "$library")" \
    -o "$folder/client-cpp"
"$folder/client-cpp" "$driver"
