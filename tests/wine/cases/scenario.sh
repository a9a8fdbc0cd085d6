# shellcheck shell=bash disable=SC2154 # the variables of ../check.sh
# The scenario as a user runs it, and many users at once.

expected_demo() {
    echo "读取文件标志: 2"
    echo "读取写入地址: 401234"
    echo "读取缓冲区大小: 1024"
    echo "读取当前大小: 100"
    echo "要操作进程PID: 2566"
    printf '返回数据: %s\n' 104 101 108 108 111 32 108 121 115 104 97 114 107 0 0 0 0 0 0 0
    echo "Served by Wine ${1#wine-}."
}

# Wine is started and ended by the demo itself.
case_scenario() {
    local version round

    wine_find
    version=${WINE_VERSION%% *}
    trap 'rm -rf "$work"' EXIT
    for round in first second; do
        scripts/demo-wine.sh >"$work/out" 2>"$work/err"
        check "the $round run ends with $?" [ $? -eq 0 ]
        expected_demo "$version" >"$work/expected"
        check "the $round run's output" cmp -s "$work/expected" "$work/out"
    done
}

# To a file and through a pipe the same bytes, in UTF-8, with plain line feeds.
case_utf8() {
    begin
    install_mydevice
    expect 0 "$mydevice" demo
    check "twenty lines" [ "$(wc -l <"$work/out")" -eq 20 ]
    check "valid UTF-8" iconv -f UTF-8 -t UTF-8 -o /dev/null "$work/out"
    check "no carriage return" lacks $'\r' "$work/out"
    check "the first line" [ "$(head -n 1 "$work/out")" = "返回数据: 104" ]
    wine_run 60 "$mydevice" demo 2>/dev/null | cat >"$work/piped"
    check "the same through a pipe" cmp -s "$work/out" "$work/piped"
}

lacks() {
    ! grep -q "$1" "$2"
}

case_parallel() {
    local client mark lines
    local -a clients=()

    begin
    install_mydevice
    mark=$(wine_mark)
    for client in {1..20}; do
        wine_run 120 "$raw" calls 500 >"$work/client.$client" 2>&1 &
        clients+=($!)
    done
    for client in {1..20}; do
        check "client $client" wait "${clients[client - 1]}"
        check "client $client's calls" grep -q '^1000 checks, 0 failed' "$work/client.$client"
    done
    lines=$(wine_kernel_log "$mark" | wc -l)
    check "the driver has logged $lines lines, not five for each call" [ "$lines" -eq 50000 ]
    expect 0 "$mydevice" stop
}

case_cycles() {
    local round

    begin
    expect 0 "$mydevice" install "$(wine_path "$binaries/mydevice/mydevice.sys")"
    for round in {1..25}; do
        expect 0 "$mydevice" start
        expect_mydevice 0 "hello lyshark" "" call --flag "$round"
        expect 0 "$mydevice" stop
        expect_mydevice 4 "" "mydevice: The driver is installed but not started*" call
    done
    expect 0 "$mydevice" uninstall
}
