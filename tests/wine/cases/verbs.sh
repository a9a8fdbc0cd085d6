# shellcheck shell=bash disable=SC2154 # the variables of ../check.sh
# The client's command line: every verb, its mistakes, its exit codes and sentences.

usage_mistakes() {
    expect_mydevice 2 "" "mydevice: What should it do?*"
    expect_mydevice 2 "" "mydevice: There is no command 'dance'*" dance
    expect_mydevice 2 "" "mydevice: There is no command ''*" ""
    expect_mydevice 2 "" "mydevice: There is no command '设备'*" 设备
    for verb in demo start stop uninstall status help; do
        expect_mydevice 2 "" "mydevice: $verb takes no arguments*" "$verb" more
    done
    expect_mydevice 2 "" "mydevice: install needs the path*" install
    expect_mydevice 2 "" "mydevice: install needs the path*" install ""
    expect_mydevice 2 "" "mydevice: install takes one path*" install a.sys b.sys
    expect_mydevice 2 "" "mydevice: install does not know --force*" install --force
    expect_mydevice 2 "" "mydevice: call does not know --colour*" call --colour 1
    expect_mydevice 2 "" "mydevice: --flag needs a number*" call --flag
    expect_mydevice 2 "" "mydevice: call does not know what to do with '7'*" call 7
    for number in -1 4294967296 0x100000000 0x 1.5 12a "" " 1" 99999999999999999999; do
        expect_mydevice 2 "" "mydevice: --pid takes a number*'$number' is none." \
            call --pid "$number"
    done
}

case_usage() {
    begin
    usage_mistakes
    expect_mydevice 0 "mydevice: talks to the MyDevice driver*" "" help
    expect_mydevice 0 "mydevice: talks to the MyDevice driver*" "" --help
    expect_mydevice 0 "mydevice $(cat VERSION)" "" --version
}

# Numbers of every form arrive in the driver as they were given.
case_call() {
    local mark

    begin
    install_mydevice
    mark=$(wine_mark)
    expect_mydevice 0 "hello lyshark" "" call --flag 4294967295 --addr 0xFFFFFFFF \
        --write-buffer-addr 0X10 --size=007 --pid 0
    wine_kernel_log "$mark" >"$work/log"
    expect_text "the driver's lines" "读取文件标志: 4294967295
读取写入地址: ffffffff
读取缓冲区大小: 16
读取当前大小: 7
要操作进程PID: 0" "$work/log"
    expect_mydevice 0 "hello lyshark" "" call
    expect_mydevice 0 "hello lyshark" "" call --timeout 0xFFFFFFFF
    check "nothing on the way" [ "$(wine_kernel_log "$mark" | wc -l)" -eq 15 ]
}

not_installed="mydevice: The driver is not installed; run, as an administrator, *"
not_started="mydevice: The driver is installed but not started; run, as an administrator, *"

case_states() {
    local path

    begin
    path=$(wine_path "$binaries/mydevice/mydevice.sys")
    expect_mydevice 3 "not installed" "" status
    expect_mydevice 3 "" "$not_installed" demo
    expect_mydevice 3 "" "$not_installed" call
    for verb in start stop uninstall; do
        expect_mydevice 3 "" "mydevice: The service is not installed; install it first." "$verb"
    done

    expect_mydevice 0 "installed" "" install "$path"
    expect_mydevice 4 "installed, not running" "" status
    expect_mydevice 4 "" "$not_started" demo
    expect_mydevice 4 "" "$not_started" call
    expect_mydevice 4 "" "mydevice: The service is not running; start it first." stop
    expect_mydevice 9 "" "mydevice: The service is already installed;*" install "$path"

    expect_mydevice 0 "started" "" start
    expect_mydevice 0 "installed, running" "" status
    expect_mydevice 9 "" "mydevice: The service is already running;*" start
    expect_mydevice 9 "" "mydevice: The service is already installed;*" install "$path"
    expect_mydevice 0 "hello lyshark" "" call

    expect_mydevice 0 "stopped" "" stop
    expect_mydevice 0 "started" "" start
    expect_mydevice 0 "uninstalled" "" uninstall
    expect_mydevice 3 "not installed" "" status
}
