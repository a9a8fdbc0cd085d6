# What the scenario must print; sourced by the scripts that run it.
# shellcheck shell=bash

driver_lines="读取文件标志: 2
读取写入地址: 401234
读取缓冲区大小: 1024
读取当前大小: 100
要操作进程PID: 2566"

# The reply as the client prints it: the text's bytes, then zeros up to twenty.
client_lines() {
    local text="hello lyshark" index

    for ((index = 0; index < 20; index++)); do
        if ((index < ${#text})); then
            printf '返回数据: %d\n' "'${text:index:1}"
        else
            echo "返回数据: 0"
        fi
    done
}

# Prints what driver and client said, from two files. Returns 1 with the reason in scenario_fault
# where it is not what the scenario must print.
show_scenario() {
    local driver=$1 client=$2

    scenario_fault=""
    cat "$driver" "$client"
    [ "$(cat "$driver")" = "$driver_lines" ] ||
        scenario_fault="the driver's lines are not the expected ones"
    [ "$(cat "$client")" = "$(client_lines)" ] ||
        scenario_fault="the client's lines are not the expected ones"
    [ -z "$scenario_fault" ]
}
