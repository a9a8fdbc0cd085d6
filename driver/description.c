#include "internal.h"

#include <sysbuf/ring_driver.h>

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

static NTSTATUS check_row(const struct sb_command *row)
{
    const uint32_t every_flag = SB_TRUNCATABLE | SB_IN_PLACE;
    const uint32_t every_access = SB_ACCESS_READ | SB_ACCESS_WRITE;

    if (row->handler == NULL)
        return wrong_row(row, "it has no handler");
    if (row->code == SB_QUERY_CONTRACT)
        return wrong_row(row, "the library serves it; give contract_version");
    if (row->code == SB_RING_OPEN || row->code == SB_RING_REPORT || row->code == SB_RING_CLOSE)
        return wrong_row(row, "the library serves it; give ring");
    if (SB_CONTROL_CODE_METHOD(row->code) != SB_METHOD_BUFFERED)
        return wrong_row(row, "its method is not METHOD_BUFFERED");
    if (row->input_minimum > row->input_maximum)
        return wrong_row(row, "its least input is above its greatest");
    if ((row->flags & ~every_flag) != 0)
        return wrong_row(row, "it has an unknown flag");
    if ((row->access & ~every_access) != 0)
        return wrong_row(row, "it asks for an unknown access");
    return STATUS_SUCCESS;
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

NTSTATUS sb_description_check(const struct sb_driver *driver)
{
    NTSTATUS status;
    size_t index;

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

    for (index = 0; index < driver->command_count; index++) {
        status = check_row(&driver->commands[index]);
        if (NT_SUCCESS(status))
            status = check_unique(driver, index);
        if (!NT_SUCCESS(status))
            return status;
    }
    return check_ring(driver->ring);
}
