#!/bin/bash
# install.cmd and uninstall.cmd of the package, run by Wine's cmd, with the real program and driver.
#
# The programs of Windows that they call and Wine lacks are played by a stand-in (standin.c): the
# scripts look for them below %SystemRoot%, which is set to a folder of the test's. What the real
# programs answer is thus not shown here.
set -u
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=scripts/wine.sh
. scripts/wine.sh

scratch=$(mktemp -d)
root="$scratch/system root"
tools=$root/System32
passed=0
failed=0
version=$(head -n 1 VERSION)
package="$scratch/sysbuf-$version-windows-x64"

finish() {
    wine_run 60 "$package/bin/x64/mydevice.exe" uninstall >/dev/null 2>&1
    wine_end
    rm -rf "$scratch"
}

# expect WHAT CONDITION...: counts, and says what fails with what the last script said.
expect() {
    local what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $what"
        sed 's/^/    /' "$scratch/output"
    fi
}

# script NAME ARGUMENT...: runs NAME.cmd with the stand-ins; its exit code, and its output is kept.
script() {
    local name=$1 folder
    shift
    folder=$(wine_path "$package")
    rm -f "$tools/calls.txt"
    {
        printf '@set SystemRoot=%s\r\n' "$(wine_path "$root")"
        printf '@set PROCESSOR_ARCHITECTURE=%s\r\n' "${MACHINE:-AMD64}"
        # Not with call, which in Wine 8 makes every exit code but 0 a 1.
        printf '@"%s\\%s.cmd" %s\r\n' "$folder" "$name" "$*"
    } >"$scratch/run.cmd"
    wine_run 120 cmd /c "$(wine_path "$scratch/run.cmd")" >"$scratch/output" 2>&1
}

code_is() {
    local wanted=$1 code
    shift
    "$@"
    code=$?
    [ "$code" -eq "$wanted" ] || { echo "exit code $code, not $wanted" >>"$scratch/output"; false; }
}

says() { tr -d '\r' <"$scratch/output" | tr '\n' ' ' | grep -qF -- "$1"; }
calls() { tr -d '\r' 2>/dev/null <"$tools/calls.txt" | grep -E "^$1" | sed 's/Z:[^ ]*a folder/FOLDER/'; }
answer() { echo "$2" >"$tools/$1.code"; }

# The service's state, as the program says it.
service_is() {
    local state
    state=$(wine_run 60 "$package/bin/x64/mydevice.exe" status 2>&1 | tr -d '\r')
    [ "$state" = "$1" ] || { echo "the service is $state" >>"$scratch/output"; false; }
}

nothing_is_installed() {
    service_is "not installed" && [ ! -e "$tools/drivers/mydevice.sys" ]
}

refused() { # WHAT SENTENCE [ARGUMENT...]
    local what=$1 sentence=$2
    shift 2
    expect "$what: exit code 1" code_is 1 script install "$@"
    expect "$what: says so" says "$sentence"
    expect "$what: leaves the certificates alone" [ -z "$(calls certutil)" ]
    expect "$what: installs nothing" nothing_is_installed
}

scripts/package.sh "$scratch" >"$scratch/output" 2>&1 || { cat "$scratch/output"; exit 1; }
unzip -q "$scratch"/*.zip -d "$scratch"
mv "$package" "$scratch/a folder"
package="$scratch/a folder"
thumbprint=$(sha1sum "$package/bin/x64/mydevice.cer" | cut -d ' ' -f 1)
mkdir -p "$tools/drivers"
for tool in fltmc reg find findstr bcdedit certutil; do
    cp build/windows-x64/tests/package/standin/standin.exe "$tools/$tool.exe" || exit 1
done
wine_begin
trap finish EXIT
wine_run 60 "$package/bin/x64/mydevice.exe" uninstall >/dev/null 2>&1

# What is checked before anything is changed.
expect "an unknown argument is refused" code_is 2 script install /what
expect "an unknown argument is named" says 'I do not know "/what"'
expect "help is given" code_is 0 script install '/?'
expect "help names /trust" says "/trust"
MACHINE=ARM64 refused "another processor" "x64 processors" /trust
answer fltmc 1
refused "no administrator" "Only an administrator can install a driver" /trust
expect "no administrator: uninstall says so as well" code_is 1 script uninstall
answer fltmc 0
answer find 1
refused "test mode set, not restarted" "restart the machine" /trust
answer findstr 1
refused "no test mode" "bcdedit /set testsigning on" /trust
answer find 0
mv "$package/bin/x64/mydevice.cer" "$scratch/"
refused "an incomplete package" "unpack the whole archive" /trust
mv "$scratch/mydevice.cer" "$package/bin/x64/"

# Install and remove, the certificates left alone.
expect "install succeeds" code_is 0 script install
expect "install says that it runs" says "MyDevice is installed and runs"
expect "the driver runs" service_is "installed, running"
expect "the driver lies where the system keeps drivers" \
    cmp -s "$package/bin/x64/mydevice.sys" "$tools/drivers/mydevice.sys"
expect "no certificate was touched" [ -z "$(calls certutil)" ]
expect "the demo works" code_is 0 wine_run 60 "$package/bin/x64/mydevice.exe" demo >"$scratch/demo"
expect "a second install is refused" code_is 1 script install
expect "a second install names uninstall" says "run uninstall.cmd first"
expect "a second install does no harm" service_is "installed, running"
expect "uninstall succeeds" code_is 0 script uninstall
expect "nothing is left" nothing_is_installed
expect "uninstall leaves certificates alone" [ -z "$(calls certutil)" ]
expect "uninstall of nothing succeeds" code_is 0 script uninstall

# With the certificate.
expect "install /trust succeeds" code_is 0 script install /trust
expect "it says what it adds" says "$thumbprint"
expect "it adds the certificate to both stores" [ "$(calls certutil)" = \
    "certutil -addstore Root FOLDER\\bin\\x64\\mydevice.cer
certutil -addstore TrustedPublisher FOLDER\\bin\\x64\\mydevice.cer" ]
expect "uninstall /untrust succeeds" code_is 0 script uninstall /untrust
removal="certutil -delstore TrustedPublisher $thumbprint
certutil -delstore Root $thumbprint"
expect "it removes the certificate from both" [ "$(calls certutil)" = "$removal" ]

# Failures undo what was done.
answer certutil 1
expect "a certificate that cannot be added ends it" code_is 1 script install /trust
expect "it says so" says "certutil could not add the certificate"
expect "nothing was installed" nothing_is_installed
answer certutil 0
truncate -s 1024 "$package/bin/x64/mydevice.sys" # its headers are there, its code is not
expect "a driver that does not start ends it" code_is 1 script install /trust
expect "it says so" says "could not be installed and started"
expect "all is undone" nothing_is_installed
expect "the certificate is removed again" [ "$(calls 'certutil -del')" = "$removal" ]

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
