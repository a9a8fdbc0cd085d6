/*
 * Batches: the handlers know nothing of them; batch_maximum is all that it takes.
 */
#include <sysbuf/driver.h>

#include "contract.h"

static volatile LONG registers[BATCH_REGISTERS];

static NTSTATUS write(struct sb_call *call)
{
    const struct batch_write *write = call->input;

    if (write->index >= BATCH_REGISTERS)
        return STATUS_INVALID_PARAMETER;
    InterlockedExchange(&registers[write->index], (LONG)write->value);
    return STATUS_SUCCESS;
}

static NTSTATUS read(struct sb_call *call)
{
    uint32_t index = *(const uint32_t *)call->input;
    uint32_t value;

    if (index >= BATCH_REGISTERS)
        return STATUS_INVALID_PARAMETER;
    value = (uint32_t)registers[index];
    return sb_reply(call, &value, sizeof(value));
}

static const struct sb_command commands[] = {
    {.code = BATCH_WRITE, SB_INPUT_EXACT(struct batch_write), .handler = write},
    {.code = BATCH_READ,
     SB_INPUT_EXACT(uint32_t),
     .output_minimum = sizeof(uint32_t),
     .handler = read},
};

static const struct sb_driver batch = {
    .device_name = L"\\Device\\SbBatch",
    .link_name = L"\\??\\SbBatch",
    .commands = commands,
    .command_count = SB_COUNT(commands),
    .batch_maximum = 64,
};

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT object, PUNICODE_STRING registry_path)
{
    return sb_driver_start(object, registry_path, &batch);
}
