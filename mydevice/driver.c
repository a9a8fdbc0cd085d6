/*
 * MyDevice: takes a request of five numbers, logs them, answers with a greeting.
 */
#include <sysbuf/driver.h>
#include <mydevice/contract.h>

static NTSTATUS hello(struct sb_call *call)
{
    static const struct mydevice_reply reply = {MYDEVICE_REPLY_TEXT};
    const struct mydevice_request *request = call->input;

    sb_log(SB_LOG_INFO, "读取文件标志: %u\n", request->flag);
    sb_log(SB_LOG_INFO, "读取写入地址: %x\n", request->address);
    sb_log(SB_LOG_INFO, "读取缓冲区大小: %u\n", request->write_buffer_address);
    sb_log(SB_LOG_INFO, "读取当前大小: %u\n", request->size);
    sb_log(SB_LOG_INFO, "要操作进程PID: %u\n", request->pid);
    return sb_reply(call, &reply, sizeof(reply));
}

static const struct sb_command commands[] = {
    {.code = MYDEVICE_HELLO,
     SB_INPUT_EXACT(struct mydevice_request),
     .output_minimum = sizeof(struct mydevice_reply),
     .flags = SB_TRUNCATABLE,
     .handler = hello},
};

static const struct sb_driver mydevice = {
    .device_name = MYDEVICE_DEVICE_NAME,
    .link_name = MYDEVICE_LINK_NAME,
    .exclusive = TRUE,
    .contract_version = MYDEVICE_CONTRACT_VERSION,
    .statistics = TRUE,
    .commands = commands,
    .command_count = SB_COUNT(commands),
};

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT object, PUNICODE_STRING registry_path)
{
    return sb_driver_start(object, registry_path, &mydevice);
}
