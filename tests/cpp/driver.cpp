// A driver in C++: the description and a handler, as in C.
#include <sysbuf/notify.h>
#include <sysbuf/pend.h>
#include <sysbuf/ring_driver.h>

namespace {

constexpr uint32_t echo_code =
    SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, 0x800, SB_METHOD_BUFFERED, SB_ACCESS_ANY);

NTSTATUS echo(sb_call *call)
{
    return sb_reply(call, call->input, call->input_length);
}

sb_command row(uint32_t code, uint32_t longest, sb_handler *handler)
{
    sb_command command = {};
    command.code = code;
    command.input_maximum = longest;
    command.handler = handler;
    return command;
}

sb_command commands[1];
sb_driver driver;

} // namespace

extern "C" NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT object, PUNICODE_STRING registry_path)
{
    commands[0] = row(echo_code, 64, echo);
    driver.device_name = L"\\Device\\Cpp";
    driver.link_name = L"\\??\\Cpp";
    driver.commands = commands;
    driver.command_count = SB_COUNT(commands);
    driver.notify.capacity = 16;
    driver.notify.maximum = 64;
    return sb_driver_start(object, registry_path, &driver);
}
