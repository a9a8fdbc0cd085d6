/* Devices that a driver found by itself, and devices that are to be ejected. */
#include "host/io/pnp.h"
#include "host/mm/mm.h"

/* "\Driver\X": X. */
static UNICODE_STRING service_of(PDRIVER_OBJECT driver)
{
    UNICODE_STRING name = driver->DriverName;
    USHORT count = name.Length / sizeof(WCHAR), start = count;
    while (start > 0 && name.Buffer[start - 1] != '\\')
        start--;
    name.Buffer += start;
    name.Length = name.MaximumLength = (USHORT)((count - start) * sizeof(WCHAR));
    return name;
}

/* Appends a text with its end to a list of texts; TRUE when it fits. */
static BOOLEAN append_id(UNICODE_STRING *ids, PCWSTR prefix, const UNICODE_STRING *service)
{
    NTSTATUS status = RtlAppendUnicodeToString(ids, prefix);
    if (NT_SUCCESS(status))
        status = RtlAppendUnicodeStringToString(ids, service);
    ids->Length += sizeof(WCHAR); /* the zero that is there */
    return NT_SUCCESS(status) && ids->Length <= ids->MaximumLength;
}

/* The first bus of the resources has a name of its own only where there are such resources. */
static NTSTATUS name_compatible(struct io_node *node, const UNICODE_STRING *service)
{
    UNICODE_STRING *ids = &node->compatible_ids;
    *ids =
        (UNICODE_STRING){0, sizeof(node->compatible_text) - sizeof(WCHAR), node->compatible_text};
    return append_id(ids, L"DETECTEDInternal\\", service) && append_id(ids, L"DETECTED\\", service)
               ? STATUS_SUCCESS
               : STATUS_NAME_TOO_LONG;
}

/* The device counts as started; its driver attaches itself. Nothing is claimed for it: devices have
 * no resources here. A physical device object of the caller's own is not taken. */
NTSTATUS NTAPI IoReportDetectedDevice(PDRIVER_OBJECT driver, INTERFACE_TYPE bus_type,
                                      ULONG bus_number, ULONG slot, PCM_RESOURCE_LIST resources,
                                      PIO_RESOURCE_REQUIREMENTS_LIST requirements,
                                      BOOLEAN is_assigned, PDEVICE_OBJECT *device)
{
    UNICODE_STRING service = service_of(driver);
    struct io_node *node;
    if (*device)
        return STATUS_NOT_SUPPORTED;
    io_pnp_enter();
    NTSTATUS status = io_node_create(&service, &node);
    if (NT_SUCCESS(status))
        status = name_compatible(node, &service);
    if (NT_SUCCESS(status)) {
        node->started = TRUE;
        *device = node->device;
    }
    io_pnp_leave();
    return status;
}
SB_EXPORT(IoReportDetectedDevice)

/* ---- ejection ---- */

/* Behind the work item's own device. */
struct eject {
    WORK_QUEUE_ITEM item;
    PDEVICE_OBJECT device; /* both referenced */
    PDRIVER_OBJECT driver;
    PIO_DEVICE_EJECT_CALLBACK callback;
    PVOID context;
};

/* As a user's request: everybody is asked, the drivers go, the bus lets go of the device. */
static NTSTATUS eject(PDEVICE_OBJECT device)
{
    struct io_node *node = io_node_of(device);
    if (!node)
        return STATUS_NO_SUCH_DEVICE;
    BOOLEAN has_bus = node->parent != NULL;
    NTSTATUS status = io_node_act(node, IO_DEVICE_QUERY_REMOVE);
    if (!NT_SUCCESS(status))
        return status;
    status = io_node_act(node, IO_DEVICE_REMOVE);
    if (NT_SUCCESS(status) && has_bus)
        io_send_minor(device, IRP_MJ_PNP, IRP_MN_EJECT, NULL, NULL, NULL);
    return status;
}

static VOID NTAPI run_eject(PVOID context)
{
    struct eject *work = context;
    NTSTATUS status = eject(work->device);
    if (work->callback)
        work->callback(status, work->context);
    ob_dereference(work->device);
    if (work->driver)
        ob_dereference(work->driver);
    mm_pool_free(current_machine(), work);
}

NTSTATUS NTAPI IoRequestDeviceEjectEx(PDEVICE_OBJECT device, PIO_DEVICE_EJECT_CALLBACK callback,
                                      PVOID context, PDRIVER_OBJECT driver)
{
    struct eject *work = mm_pool_allocate_zero(current_machine(), sizeof(*work), PNP_TAG);
    if (!work)
        return STATUS_INSUFFICIENT_RESOURCES;
    ob_reference(device);
    if (driver)
        ob_reference(driver);
    work->device = device;
    work->driver = driver;
    work->callback = callback;
    work->context = context;
    ExInitializeWorkItem(&work->item, run_eject, work);
    ExQueueWorkItem(&work->item, DelayedWorkQueue);
    return STATUS_SUCCESS;
}
SB_EXPORT(IoRequestDeviceEjectEx)

VOID NTAPI IoRequestDeviceEject(PDEVICE_OBJECT device)
{
    IoRequestDeviceEjectEx(device, NULL, NULL, NULL);
}
SB_EXPORT(IoRequestDeviceEject)
