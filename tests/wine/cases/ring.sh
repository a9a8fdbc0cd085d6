# shellcheck shell=bash disable=SC2154 # the variables of ../check.sh
# The shared ring: the example pair, and a driver that does all that one can do.

ring_client=$binaries/examples/ring/ring_client.exe
ring_test=$binaries/tests/wine/ring_test.exe

case_ring_example() {
    begin
    expect 0 "$ring_client" "$(wine_path "$binaries/examples/ring/ring.sys")" hello ring "1 2 3"
    tr -d '\r' <"$work/out" >"$work/text"
    expect_text "the example" "HELLO
RING
1 2 3
3 messages" "$work/text"
    # Once more: what the first run has ended can be started again.
    expect 0 "$ring_client" "$(wine_path "$binaries/examples/ring/ring.sys")" again
    tr -d '\r' <"$work/out" >"$work/text"
    expect_text "the example again" "AGAIN
1 messages" "$work/text"
}

case_ring() {
    begin
    start_drivers ringer
    run_tests "$ring_test" "$@"
    expect 0 "$client_test" service uninstall SbRinger
}

# Wine stops a driver whose device is open: the ring's thread must not outlive it.
case_ring_stop() {
    local holder

    begin
    start_drivers ringer
    wine_run 10 "$ring_test" pound >"$work/pound" 2>&1 &
    holder=$!
    sleep 2
    wine_run 60 "$client_test" service stop SbRinger >"$work/out" 2>&1
    wine_run 60 "$client_test" service uninstall SbRinger >"$work/out" 2>&1
    wait $holder
    expect 0 "$mydevice" call # the driver's process has not crashed
}
