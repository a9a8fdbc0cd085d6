#!/bin/bash
# Makes the archive for Windows from the builds windows-x64 and windows-x86: package.sh [FOLDER]
#
# Writes FOLDER/sysbuf-VERSION-windows-x64.zip, by default to build/dist. The archive's order, times
# (SOURCE_DATE_EPOCH, or the last commit's) and modes are fixed, and the builds contain neither
# times nor folders. What differs from build to build is the test certificate, which each build
# folder makes for itself, and the signature, which states its time: name a certificate of your own
# (cmake/SysbufSigning.cmake) and set SOURCE_DATE_EPOCH for an archive that is the same each time.
set -eu
cd "$(dirname "$0")/.."

fail() {
    echo "package: $1" >&2
    exit 1
}

version=$(head -n 1 VERSION)
name=sysbuf-$version-windows-x64
mkdir -p "${1:-build/dist}"
output=$(cd "${1:-build/dist}" && pwd)
stage=$output/.stage
trap 'rm -rf "$stage"' EXIT
rm -rf "$stage"
mkdir -p "$stage/$name"

for preset in windows-x64 windows-x86; do
    [ -f "build/$preset/cmake_install.cmake" ] || fail "build/$preset is not built; use 'make package'"
    cmake --install "build/$preset" --prefix "$stage/$name" >"$stage/log" 2>&1 ||
        { cat "$stage/log" >&2; fail "build/$preset is not complete; use 'make package'"; }
done

certificate=$stage/$name/bin/x64/mydevice.cer
[ -f "$certificate" ] || fail "the drivers are not signed (SYSBUF_SIGN is OFF)"
thumbprint=$(sha1sum "$certificate" | cut -d ' ' -f 1)
sed -i "s/@THUMBPRINT@/$thumbprint/" "$stage/$name/install.cmd" "$stage/$name/uninstall.cmd"

time=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y VERSION)}
find "$stage/$name" -type d -exec chmod 755 {} +
find "$stage/$name" -type f -exec chmod 644 {} +
find "$stage/$name" -exec touch -h -d "@$time" {} +
(cd "$stage" && find "$name" -type f | LC_ALL=C sort | TZ=UTC zip -X -q -9 "$name.zip" -@)
mv "$stage/$name.zip" "$output/$name.zip"
echo "${output#"$PWD"/}/$name.zip"
