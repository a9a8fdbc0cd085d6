/* What happens to a device that a driver has open: removal, and events of its own driver's. */
#include "host/io/pnp.h"
#include "host/ke/ke.h"
#include "host/mm/mm.h"

static const GUID events[] = {
    [IO_TARGET_QUERY_REMOVE] = {0xcb3a4006,
                                0x46f0,
                                0x11d0,
                                {0xb0, 0x8f, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3f}},
    [IO_TARGET_REMOVE_CANCELLED] = {0xcb3a4007,
                                    0x46f0,
                                    0x11d0,
                                    {0xb0, 0x8f, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3f}},
    [IO_TARGET_REMOVED] = {0xcb3a4008,
                           0x46f0,
                           0x11d0,
                           {0xb0, 0x8f, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3f}},
};

NTSTATUS io_tell_target(PDEVICE_OBJECT device, enum io_target_event event)
{
    TARGET_DEVICE_REMOVAL_NOTIFICATION notification = {
        .Version = 1, .Size = sizeof(notification), .Event = events[event]};
    return io_notify_target(device, &notification);
}

/* The PnP manager's own events are not a driver's to report. */
static NTSTATUS check(PDEVICE_OBJECT device, const TARGET_DEVICE_CUSTOM_NOTIFICATION *notification)
{
    if (!io_node_of(device))
        return STATUS_INVALID_DEVICE_REQUEST;
    for (ULONG i = 0; i < RTL_NUMBER_OF(events); i++)
        if (__builtin_memcmp(&events[i], &notification->Event, sizeof(GUID)) == 0)
            return STATUS_INVALID_DEVICE_REQUEST;
    return notification->Size >= FIELD_OFFSET(TARGET_DEVICE_CUSTOM_NOTIFICATION, CustomDataBuffer)
               ? STATUS_SUCCESS
               : STATUS_INVALID_PARAMETER;
}

NTSTATUS NTAPI IoReportTargetDeviceChange(PDEVICE_OBJECT device, PVOID notification)
{
    NTSTATUS status = check(device, notification);
    if (NT_SUCCESS(status))
        io_notify_target(device, notification);
    return status;
}
SB_EXPORT(IoReportTargetDeviceChange)

struct report {
    WORK_QUEUE_ITEM item;
    PDEVICE_OBJECT device; /* referenced */
    PDEVICE_CHANGE_COMPLETE_CALLBACK callback;
    PVOID context;
    UCHAR notification[]; /* a copy */
};

static VOID NTAPI report_now(PVOID context)
{
    struct report *report = context;
    io_notify_target(report->device, report->notification);
    if (report->callback)
        report->callback(report->context);
    ob_dereference(report->device);
    mm_pool_free(current_machine(), report);
}

NTSTATUS NTAPI IoReportTargetDeviceChangeAsynchronous(PDEVICE_OBJECT device, PVOID notification,
                                                      PDEVICE_CHANGE_COMPLETE_CALLBACK callback,
                                                      PVOID context)
{
    USHORT size = ((const TARGET_DEVICE_CUSTOM_NOTIFICATION *)notification)->Size;
    NTSTATUS status = check(device, notification);
    if (!NT_SUCCESS(status))
        return status;
    struct report *report =
        mm_pool_allocate(current_machine(), NonPagedPoolNx,
                         FIELD_OFFSET(struct report, notification) + size, PNP_TAG);
    if (!report)
        return STATUS_INSUFFICIENT_RESOURCES;
    ob_reference(device);
    report->device = device;
    report->callback = callback;
    report->context = context;
    RtlCopyMemory(report->notification, notification, size);
    ExInitializeWorkItem(&report->item, report_now, report);
    ExQueueWorkItem(&report->item, DelayedWorkQueue);
    return STATUS_PENDING;
}
SB_EXPORT(IoReportTargetDeviceChangeAsynchronous)
