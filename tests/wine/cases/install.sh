# shellcheck shell=bash disable=SC2154 # the variables of ../check.sh
# Drivers' files that are not there or are none, paths of every kind, and drivers that do not start.

no_file="mydevice: The driver's file is not there;*"
no_driver="mydevice: The file is not a kernel driver for 64-bit Windows;*"

case_files() {
    local path code

    begin
    mkdir "$work/folder.sys"
    : >"$work/empty.sys"
    echo "this is text" >"$work/text.sys"
    head -c 200 "$binaries/mydevice/mydevice.sys" >"$work/cut.sys"
    { printf 'MZ'; head -c 58 /dev/zero; printf '\377\377\377\177'; } >"$work/far.sys"
    expect_mydevice 8 "" "$no_file" install "$(wine_path "$work/none.sys")"
    expect_mydevice 8 "" "$no_file" install none.sys
    expect_mydevice 8 "" "$no_file" install "$(wine_path "$work/folder.sys")"
    for path in empty text cut far; do
        expect_mydevice 8 "" "$no_driver" install "$(wine_path "$work/$path.sys")"
    done
    expect_mydevice 8 "" "$no_driver" install "$(wine_path "$mydevice")"
    expect_mydevice 3 "not installed" "" status

    cp "$binaries/mydevice/mydevice.sys" "$work/moved.sys"
    expect_mydevice 0 "installed" "" install "$(wine_path "$work/moved.sys")"
    rm "$work/moved.sys"
    wine_run 60 "$mydevice" start >"$work/out" 2>"$work/err"
    code=$?
    check "a start without the driver's file ends with $code" [ $code -eq 8 -o $code -eq 10 ]
    check_gap "a start says that the driver's file is not there" [ $code -eq 8 ]
    expect_mydevice 4 "installed, not running" "" status
    expect_mydevice 0 "uninstalled" "" uninstall
}

install_and_call() {
    expect_mydevice 0 "installed" "" install "$1"
    expect_mydevice 0 "started" "" start
    expect_mydevice 0 "hello lyshark" "" call
    expect_mydevice 0 "uninstalled" "" uninstall
}

case_paths() {
    local folder="$work/驱动 程序 é" full

    begin
    full=$(realpath "$mydevice")
    mkdir "$folder"
    cp "$binaries/mydevice/mydevice.sys" "$folder/my device.sys"
    cp "$mydevice" "$folder/我的 客户端.exe"
    install_and_call "$(wine_path "$folder/my device.sys")"
    mydevice="$folder/我的 客户端.exe"
    install_and_call "$(wine_path "$folder/my device.sys")"
    pushd "$folder" >/dev/null || return
    mydevice=$full
    install_and_call "my device.sys"
    install_and_call '.\my device.sys'
    popd >/dev/null || return
}

refuse() {
    local verb=$1 step=$2 code=$3
    expect "$code" "$client_test" service "$verb" "SbRefuse$step" \
        "$(wine_path "$binaries/tests/drivers/refuse.sys")"
}

# What a start that fails has done is undone: the same names start again, MyDevice's are left alone.
case_refuse() {
    local step mark

    begin
    install_mydevice
    for step in Description Device Load Link Nowhere; do
        wine_run 60 "$client_test" service uninstall "SbRefuse$step" >/dev/null 2>&1
        refuse install $step 0
    done
    for step in Description Device Load Link Description Device Load Link; do
        mark=$(wine_mark)
        refuse start $step 37
        refuse status $step 0
        wine_kernel_log "$mark" >"$work/log"
        case $step in
        Load) check "load was called" grep -q 'refuse: load fails' "$work/log" ;;
        Link) check "load was undone" grep -q 'refuse: unload' "$work/log" ;;
        *) check "load was not called" lacks 'refuse: ' "$work/log" ;;
        esac
        check "the log says that it did not start" \
            grep -q 'sysbuf: the \(driver did not start\|row of control code\)' "$work/log"
        refuse start Nowhere 0
        refuse stop Nowhere 0
        expect_mydevice 0 "hello lyshark" "" call
    done
    for step in Description Device Load Link Nowhere; do
        refuse uninstall $step 0
    done
}

is_open() {
    local end=$((SECONDS + 10))

    while ((SECONDS < end)); do
        grep -q open "$work/hold" && return
        sleep 0.05
    done
    return 1
}

# On Windows the driver stays until its last handle has gone, and the stop says so. Wine takes it
# away at once; whichever it is, nothing crashes and the driver starts again.
case_stop_open() {
    local holder code

    begin
    install_mydevice
    wine_run 60 "$raw" hold 3 >"$work/hold" 2>&1 &
    holder=$!
    check "the device is held" is_open
    wine_run 60 "$mydevice" stop >"$work/out" 2>"$work/err"
    code=$?
    check "the stop ends with $code" [ $code -eq 0 -o $code -eq 10 ]
    check_gap "a driver whose device is open does not stop" [ $code -eq 10 ]
    check "the holder closes its handle and ends well" wait $holder
    wine_run 60 "$mydevice" stop >/dev/null 2>&1
    expect_mydevice 0 "started" "" start
    expect_mydevice 0 "hello lyshark" "" call
    expect_mydevice 0 "uninstalled" "" uninstall
}
