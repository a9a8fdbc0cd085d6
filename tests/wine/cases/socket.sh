# shellcheck shell=bash disable=SC2154 # the variables of ../check.sh
# The socket channel: the example's driver, called over TCP by its client, of Windows and of Linux.

socket_key='HKLM\SYSTEM\CurrentControlSet\Services\Greeter\Parameters'
socket_secret="a secret for one run"

# A port that nobody has at the moment.
free_port() {
    /usr/bin/python3 -c 'import socket
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    print(probe.getsockname()[1])'
}

# expect_greeting CODE OUT ERR PROGRAM SECRET
expect_greeting() {
    local code

    if [[ $4 == *.exe ]]; then
        wine_run 60 "$4" "tcp://127.0.0.1:$port" "$5" Wine >"$work/out" 2>"$work/err"
    else
        timeout 60 "$4" "tcp://127.0.0.1:$port" "$5" Wine >"$work/out" 2>"$work/err"
    fi
    code=$?
    tr -d '\r' <"$work/out" >"$work/text" && mv "$work/text" "$work/out"
    check "$4 ended with $code, not $1" [ "$code" -eq "$1" ]
    expect_text "$4" "$2" "$work/out"
    expect_text "$4" "$3" "$work/err"
}

case_socket() {
    local greet=$binaries/examples/socket/greet.exe driver=$binaries/examples/socket/greeter.sys
    local port peer byte

    begin
    port=$(free_port)
    expect 0 "$client_test" service install Greeter "$(wine_path "$driver")"
    expect 0 reg add "$socket_key" /v SocketPort /t REG_DWORD /d "$port" /f
    expect 0 reg add "$socket_key" /v SocketSecret /t REG_SZ /d "$socket_secret" /f
    expect 0 "$client_test" service start Greeter
    expect_greeting 0 "Hello, Wine" "" "$greet" "$socket_secret"
    expect_greeting 0 "Hello, Wine" "" build/linux/examples/socket/greet "$socket_secret"
    expect_greeting 1 "" "greet: tcp:*do not know the same secret*" "$greet" "a wrong secret for it"

    # Stopping ends a connection that says nothing: its challenge, a refusal or nothing, its end.
    exec {peer}<>"/dev/tcp/127.0.0.1/$port"
    IFS= read -r -N 1 -t 10 -u "$peer" byte
    check "the driver does not greet a peer with a challenge" [ "$byte" = S ]
    expect 0 "$client_test" service stop Greeter
    timeout 10 cat <&"$peer" >/dev/null
    check "the connection outlives the driver" [ $? -eq 0 ]
    exec {peer}>&-
    expect_greeting 1 "" "greet: tcp:*no such device*" "$greet" "$socket_secret"
    expect 0 "$client_test" service uninstall Greeter
}

# Notifications over the socket of a driver on Wine, heard by a program on Linux: by the way, that
# the driver's receive and send may be under way at the same time.
case_socket_notify() {
    local key='HKLM\SYSTEM\CurrentControlSet\Services\SbChannels\Parameters'
    local port

    begin
    port=$(free_port)
    expect 0 "$client_test" service install SbChannels \
        "$(wine_path "$binaries/tests/drivers/channels.sys")"
    expect 0 reg add "$key" /v SocketPort /t REG_DWORD /d "$port" /f
    expect 0 reg add "$key" /v SocketSecret /t REG_SZ /d "$socket_secret" /f
    expect 0 "$client_test" service start SbChannels
    PYTHONPATH=python PYTHONDONTWRITEBYTECODE=1 \
        SYSBUF_CLIENT_LIBRARY=build/linux/client/libsysbuf_client.so timeout 60 /usr/bin/python3 tests/wine/socket_notify.py "$port" "$socket_secret" \
        >"$work/out" 2>"$work/err"
    check "notifications over the socket: $(cat "$work/err")" [ $? -eq 0 ]
    expect_text "notifications over the socket" "heard 2000 and answered" "$work/out"
    expect 0 "$client_test" service stop SbChannels
    expect 0 "$client_test" service uninstall SbChannels
}
