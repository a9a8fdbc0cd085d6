# shellcheck shell=bash disable=SC2154 # the variables of ../check.sh
# The test programs raw.exe and client_test.exe, with the drivers that they call.

case_raw() {
    begin
    start_drivers rude pend
    run_tests "$raw" "$@"
}

case_client() {
    begin
    start_drivers echo rude pend
    run_tests "$client_test" "$@"
}

case_channels() {
    begin
    start_drivers channels
    run_tests "$client_test" "$@"
}

case_no_device() {
    begin
    run_tests "$client_test" no-device
}

mydevice_x86=build/windows-x86/mydevice/mydevice.exe

# What is left of the gaps: the rules that begin before a driver runs.
case_gaps() {
    begin
    start_drivers rude pend
    run_tests "$raw" gaps
    check_gap "a driver whose signature is broken does not start" broken_signature_is_refused
    check "$mydevice_x86 is not built" [ -f "$mydevice_x86" ]
    check_gap "a 32-bit program runs" x86_runs
}

# Without its 32-bit half Wine 8 ends such a program at once, and with exit code 0.
x86_runs() {
    [ "$(wine_run 60 "$mydevice_x86" --version 2>/dev/null)" = "mydevice $(cat VERSION)" ]
}

broken_signature_is_refused() {
    local copy=$work/broken.sys code

    cp "$binaries/tests/drivers/echo.sys" "$copy"
    printf 'X' | dd of="$copy" bs=1 seek=100 conv=notrunc status=none # in the DOS stub
    expect 0 "$client_test" service install SbBroken "$(wine_path "$copy")"
    wine_run 60 "$client_test" service start SbBroken
    code=$?
    expect 0 "$client_test" service uninstall SbBroken
    [ "$code" -ne 0 ]
}
