/*
 * Is what the driver says of itself sound? Looked at once, before anything is made of it.
 */
#include "internal.h"

#include <sysbuf/ring_driver.h>

#define BATCH_MAXIMUM           4096u
#define NOTIFY_CAPACITY_MAXIMUM 65536u
#define NOTIFY_MEMORY_MAXIMUM   (16u << 20)
#define NOTIFY_MESSAGE_MAXIMUM  65536u

static NTSTATUS wrong(const char *mistake)
{
    sb_log(SB_LOG_ERROR, "sysbuf: the driver's description is wrong: %s\n", mistake);
    return STATUS_INVALID_PARAMETER;
}

static NTSTATUS wrong_row(const struct sb_command *row, const char *mistake)
{
    sb_log(SB_LOG_ERROR, "sysbuf: the row of control code 0x%x is wrong: %s\n", row->code, mistake);
    return STATUS_INVALID_PARAMETER;
}

static NTSTATUS check_limits(const struct sb_command *row)
{
    const uint32_t every_flag = SB_TRUNCATABLE | SB_IN_PLACE;
    const uint32_t every_access = SB_ACCESS_READ | SB_ACCESS_WRITE;

    if (row->input_minimum > row->input_maximum)
        return wrong_row(row, "its least input is above its greatest");
    if (row->data_minimum > row->data_maximum)
        return wrong_row(row, "its least data is above its greatest");
    if ((row->flags & ~every_flag) != 0)
        return wrong_row(row, "it has an unknown flag");
    if ((row->access & ~every_access) != 0)
        return wrong_row(row, "it asks for an unknown access");
    return STATUS_SUCCESS;
}

static NTSTATUS check_row(const struct sb_command *row)
{
    uint32_t method = SB_CONTROL_CODE_METHOD(row->code);

    if (row->handler == NULL)
        return wrong_row(row, "it has no handler");
    if (sb_is_standard_code(row->code))
        return wrong_row(row, "the library serves it; see what the description enables");
    if (row->code == SB_RING_OPEN || row->code == SB_RING_REPORT || row->code == SB_RING_CLOSE)
        return wrong_row(row, "the library serves it; give ring");
    if (method == SB_METHOD_NEITHER)
        return wrong_row(row, "METHOD_NEITHER is not served");
    if (method == SB_METHOD_IN_DIRECT && row->data_maximum == 0)
        return wrong_row(row, "it is METHOD_IN_DIRECT and takes no data");
    if (method == SB_METHOD_IN_DIRECT && row->output_minimum != 0)
        return wrong_row(row, "it is METHOD_IN_DIRECT, which has no output");
    if (method != SB_METHOD_IN_DIRECT && row->data_maximum != 0)
        return wrong_row(row, "only METHOD_IN_DIRECT takes data");
    if (method != SB_METHOD_BUFFERED && (row->flags & SB_IN_PLACE) != 0)
        return wrong_row(row, "SB_IN_PLACE is for METHOD_BUFFERED");
    return check_limits(row);
}

static NTSTATUS check_ring(const struct sb_ring_service *service)
{
    const char *mistake;

    if (service == NULL)
        return STATUS_SUCCESS;
    if (service->channel == NULL)
        return wrong("the ring's service does not say SB_RING");
    mistake = service->channel->check(service);
    return mistake == NULL ? STATUS_SUCCESS : wrong(mistake);
}

static NTSTATUS check_unique(const struct sb_driver *driver, size_t index)
{
    size_t earlier;

    for (earlier = 0; earlier < index; earlier++)
        if (driver->commands[earlier].code == driver->commands[index].code)
            return wrong_row(&driver->commands[index], "the code is in the table twice");
    return STATUS_SUCCESS;
}

/* The rows of READ and WRITE, where there are any. */
static NTSTATUS check_transfers(const struct sb_driver *driver)
{
    const struct sb_command *read = &driver->read;
    const struct sb_command *write = &driver->write;

    if (read->code != 0 || write->code != 0)
        return wrong("read and write have no code");
    if (read->input_maximum != 0 || read->data_maximum != 0)
        return wrong("read has no input");
    if (write->output_minimum != 0 || write->data_maximum != 0)
        return wrong("write has no output");
    if (write->handler != NULL && write->input_maximum == 0)
        return wrong("write takes no input: give input_maximum");
    if (((read->flags | write->flags) & SB_IN_PLACE) != 0)
        return wrong("read and write are not SB_IN_PLACE");
    if (!NT_SUCCESS(check_limits(read)) || !NT_SUCCESS(check_limits(write)))
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

static NTSTATUS check_channels(const struct sb_driver *driver)
{
    const struct sb_notify_options *notify = &driver->notify;

    if (driver->batch_maximum > BATCH_MAXIMUM)
        return wrong("batch_maximum is above 4096");
    if (notify->capacity == 0)
        return STATUS_SUCCESS;
    if (notify->capacity > NOTIFY_CAPACITY_MAXIMUM)
        return wrong("notify.capacity is above 65536");
    if (notify->maximum == 0 || notify->maximum > NOTIFY_MESSAGE_MAXIMUM)
        return wrong("notify.maximum is not 1 to 65536");
    if ((uint64_t)notify->capacity * notify->maximum > NOTIFY_MEMORY_MAXIMUM)
        return wrong("notify.capacity messages of notify.maximum bytes are above 16 MiB");
    if ((unsigned)notify->overflow > SB_FAIL_POST)
        return wrong("notify.overflow is unknown");
    return STATUS_SUCCESS;
}

static NTSTATUS check_table(const struct sb_driver *driver)
{
    NTSTATUS status = STATUS_SUCCESS;
    size_t index;

    for (index = 0; NT_SUCCESS(status) && index < driver->command_count; index++) {
        status = check_row(&driver->commands[index]);
        if (NT_SUCCESS(status))
            status = check_unique(driver, index);
    }
    return status;
}

NTSTATUS sb_description_check(const struct sb_driver *driver)
{
    NTSTATUS status;

    if (driver == NULL)
        return wrong("there is none");
    if (driver->device_name == NULL || driver->device_name[0] != L'\\')
        return wrong("device_name is not the full name of an object");
    if (driver->link_name != NULL && driver->link_name[0] != L'\\')
        return wrong("link_name is not the full name of an object");
    if ((unsigned)driver->access_level > SB_EVERYONE)
        return wrong("access_level is unknown");
    if (driver->commands == NULL && driver->command_count != 0)
        return wrong("commands is NULL, command_count is not 0");

    status = check_table(driver);
    if (NT_SUCCESS(status))
        status = check_transfers(driver);
    if (NT_SUCCESS(status))
        status = check_channels(driver);
    if (NT_SUCCESS(status))
        status = check_ring(driver->ring);
    return status;
}
