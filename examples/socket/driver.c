/*
 * A driver that is reached over TCP. Nothing in it knows of sockets but one field; the registry
 * turns the socket on, here SocketPort (REG_DWORD) and SocketSecret (REG_SZ) in the key
 * HKLM\SYSTEM\CurrentControlSet\Services\Greeter\Parameters; greeter.script does so on the host.
 */
#include <sysbuf/driver.h>

#include "contract.h"

static NTSTATUS greet(struct sb_call *call)
{
    static const char hello[] = "Hello, ";
    char greeting[sizeof(hello) - 1 + GREETER_NAME_MAXIMUM];

    RtlCopyMemory(greeting, hello, sizeof(hello) - 1);
    RtlCopyMemory(greeting + sizeof(hello) - 1, call->input, call->input_length);
    return sb_reply(call, greeting, sizeof(hello) - 1 + call->input_length);
}

static const struct sb_command commands[] = {
    {.code = GREETER_GREET,
     .input_minimum = 1,
     .input_maximum = GREETER_NAME_MAXIMUM,
     .output_minimum = 1,
     .handler = greet},
};

static const struct sb_driver greeter = {
    .device_name = L"\\Device\\Greeter",
    .link_name = L"\\??\\Greeter",
    .commands = commands,
    .command_count = SB_COUNT(commands),
    .socket = &sb_socket_channel,
};

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT object, PUNICODE_STRING registry_path)
{
    return sb_driver_start(object, registry_path, &greeter);
}
