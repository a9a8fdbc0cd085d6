/* The root bus's side of its devices: what a bus driver answers at the bottom of each stack. */
#include "host/io/pnp.h"
#include "host/ke/ke.h"
#include "host/mm/mm.h"

static NTSTATUS finish(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    IofCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static void *copy_text(const UNICODE_STRING *text, ULONG terminators)
{
    SIZE_T size = text->Length + terminators * sizeof(WCHAR);
    void *copy = mm_pool_allocate_zero(current_machine(), size, PNP_TAG);
    if (copy)
        __builtin_memcpy(copy, text->Buffer, text->Length);
    return copy;
}

static NTSTATUS query_id(const struct io_node *node, PIRP irp, BUS_QUERY_ID_TYPE type)
{
    static const WCHAR zero[] = L"0000";
    UNICODE_STRING number = SB_UNICODE(zero);
    void *text;
    switch (type) {
    case BusQueryDeviceID:
        text = copy_text(&node->hardware_id, 1);
        break;
    case BusQueryHardwareIDs:
        text = copy_text(&node->hardware_id, 2);
        break;
    case BusQueryInstanceID:
        text = copy_text(&number, 1);
        break;
    case BusQueryCompatibleIDs:
        if (node->compatible_ids.Length == 0)
            return irp->IoStatus.Status;
        text = copy_text(&node->compatible_ids, 1);
        break;
    default:
        return irp->IoStatus.Status;
    }
    irp->IoStatus.Information = (ULONG_PTR)text;
    return text ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS query_relations(PDEVICE_OBJECT device, PIRP irp, DEVICE_RELATION_TYPE type)
{
    if (type != TargetDeviceRelation)
        return irp->IoStatus.Status;
    PDEVICE_RELATIONS relations =
        mm_pool_allocate(current_machine(), PagedPool, sizeof(*relations), PNP_TAG);
    if (!relations)
        return STATUS_INSUFFICIENT_RESOURCES;
    ob_reference(device);
    relations->Count = 1;
    relations->Objects[0] = device;
    irp->IoStatus.Information = (ULONG_PTR)relations;
    return STATUS_SUCCESS;
}

static NTSTATUS query_capabilities(PDEVICE_CAPABILITIES capabilities)
{
    if (capabilities->Version != 1 || capabilities->Size < sizeof(*capabilities))
        return STATUS_UNSUCCESSFUL;
    capabilities->DeviceState[PowerSystemUnspecified] = PowerDeviceUnspecified;
    capabilities->DeviceState[PowerSystemWorking] = PowerDeviceD0;
    for (int state = PowerSystemSleeping1; state <= PowerSystemShutdown; state++)
        capabilities->DeviceState[state] = PowerDeviceD3;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI pnp(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    const struct io_node *node = io_node_of(device);
    switch (stack->MinorFunction) {
    case IRP_MN_START_DEVICE:
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_REMOVE_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
    case IRP_MN_QUERY_PNP_DEVICE_STATE:
    case IRP_MN_DEVICE_USAGE_NOTIFICATION:
        return finish(irp, STATUS_SUCCESS);
    case IRP_MN_QUERY_ID:
        return finish(irp, query_id(node, irp, stack->Parameters.QueryId.IdType));
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        return finish(irp,
                      query_relations(device, irp, stack->Parameters.QueryDeviceRelations.Type));
    case IRP_MN_QUERY_CAPABILITIES:
        return finish(irp, query_capabilities(stack->Parameters.DeviceCapabilities.Capabilities));
    default:
        return finish(irp, irp->IoStatus.Status); /* not this bus's to change */
    }
}

static NTSTATUS NTAPI power(PDEVICE_OBJECT device, PIRP irp)
{
    UCHAR minor = IoGetCurrentIrpStackLocation(irp)->MinorFunction;
    BOOLEAN handled = minor == IRP_MN_SET_POWER || minor == IRP_MN_QUERY_POWER;
    return finish(irp, handled ? STATUS_SUCCESS : irp->IoStatus.Status);
}

static NTSTATUS NTAPI leave_alone(PDEVICE_OBJECT device, PIRP irp)
{
    return finish(irp, irp->IoStatus.Status);
}

void io_root_bus_fill(PDRIVER_OBJECT driver)
{
    driver->MajorFunction[IRP_MJ_PNP] = pnp;
    driver->MajorFunction[IRP_MJ_POWER] = power;
    driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = leave_alone;
}
