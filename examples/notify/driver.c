/*
 * Notifications: what one application says, all that have subscribed hear.
 */
#include <sysbuf/notify.h>

#include "contract.h"

static NTSTATUS say(struct sb_call *call)
{
    return sb_notify_post(SB_EVERY_OPEN, call->input, call->input_length);
}

static const struct sb_command commands[] = {
    {.code = NOTIFY_SAY, .input_minimum = 1, .input_maximum = NOTIFY_TEXT_MAXIMUM, .handler = say},
};

static const struct sb_driver notify = {
    .device_name = L"\\Device\\SbNotify",
    .link_name = L"\\??\\SbNotify",
    .commands = commands,
    .command_count = SB_COUNT(commands),
    .notify = {.capacity = 32, .maximum = NOTIFY_TEXT_MAXIMUM, .overflow = SB_DROP_OLDEST},
};

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT object, PUNICODE_STRING registry_path)
{
    return sb_driver_start(object, registry_path, &notify);
}
