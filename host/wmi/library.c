/*
 * wmilib.sys: takes IRP_MJ_SYSTEM_CONTROL requests apart for drivers that describe their blocks in
 * a WMILIB_CONTEXT, and puts the answers together.
 */
#include "host/ke/ke.h"
#include "host/mm/mm.h"
#include "host/wmi/wmi.h"

#include <wmilib.h>

/* One request, and where in its WNODE the data begin. */
struct control {
    PWMILIB_CONTEXT library;
    PDEVICE_OBJECT device;
    PIRP irp;
    UCHAR minor;
    const GUID *guid;
    ULONG guid_index, size;
    void *buffer;
};

static ULONG align(ULONG size)
{
    return (size + 7) & ~7u;
}

static ULONG all_data_offset(ULONG count)
{
    return align(FIELD_OFFSET(WNODE_ALL_DATA, OffsetInstanceDataAndLength) +
                 count * (ULONG)sizeof(OFFSETINSTANCEDATAANDLENGTH));
}

/* ---- completing ---- */
static ULONG data_offset(UCHAR minor, const void *wnode)
{
    if (minor == IRP_MN_QUERY_ALL_DATA)
        return ((const WNODE_ALL_DATA *)wnode)->DataBlockOffset;
    if (minor == IRP_MN_QUERY_SINGLE_INSTANCE)
        return ((const WNODE_SINGLE_INSTANCE *)wnode)->DataBlockOffset;
    return ((const WNODE_METHOD_ITEM *)wnode)->DataBlockOffset;
}

/* The driver wrote only lengths, one after the other; each instance begins at a multiple of 8. */
static void spread_lengths(PWNODE_ALL_DATA all)
{
    const ULONG *lengths = (const ULONG *)all->OffsetInstanceDataAndLength;
    for (ULONG i = all->InstanceCount; i-- > 0;) {
        ULONG length = lengths[i], offset = all->DataBlockOffset;
        for (ULONG before = 0; before < i; before++)
            offset += align(lengths[before]);
        all->OffsetInstanceDataAndLength[i] = (OFFSETINSTANCEDATAANDLENGTH){offset, length};
    }
}

/* What a request with an answer has in its WNODE once the driver is done; its size. */
static ULONG finish_answer(UCHAR minor, void *wnode, ULONG used)
{
    PWNODE_HEADER header = wnode;
    ULONG size = data_offset(minor, wnode) + used;
    if (minor == IRP_MN_QUERY_ALL_DATA)
        spread_lengths(wnode);
    else if (minor == IRP_MN_QUERY_SINGLE_INSTANCE)
        ((PWNODE_SINGLE_INSTANCE)wnode)->SizeDataBlock = used;
    else
        ((PWNODE_METHOD_ITEM)wnode)->SizeDataBlock = used;
    KeQuerySystemTime(&header->TimeStamp);
    header->BufferSize = size;
    return size;
}

static ULONG say_too_small(UCHAR minor, void *wnode, ULONG used)
{
    PWNODE_TOO_SMALL small = wnode;
    ULONG needed = data_offset(minor, wnode) + used;
    small->WnodeHeader.BufferSize = sizeof(*small);
    small->WnodeHeader.Flags |= WNODE_FLAG_TOO_SMALL;
    small->SizeNeeded = needed;
    return sizeof(*small);
}

NTSTATUS NTAPI WmiCompleteRequest(PDEVICE_OBJECT device, PIRP irp, NTSTATUS status, ULONG used,
                                  CCHAR boost)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    void *wnode = stack->Parameters.WMI.Buffer;
    UCHAR minor = stack->MinorFunction;
    BOOLEAN has_answer = minor == IRP_MN_QUERY_ALL_DATA || minor == IRP_MN_QUERY_SINGLE_INSTANCE ||
                         minor == IRP_MN_EXECUTE_METHOD;
    ULONG_PTR information = minor == IRP_MN_REGINFO_EX || minor == IRP_MN_REGINFO ? used : 0;
    if (has_answer && NT_SUCCESS(status)) {
        information = finish_answer(minor, wnode, used);
    } else if (has_answer && status == STATUS_BUFFER_TOO_SMALL) {
        information = say_too_small(minor, wnode, used);
        status = STATUS_SUCCESS;
    }
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IofCompleteRequest(irp, boost);
    return status;
}
SB_EXPORT_FROM("wmilib.sys", WmiCompleteRequest)

/* ---- registration ---- */
static ULONG put_text(char *info, ULONG at, const UNICODE_STRING *text)
{
    USHORT length = text ? text->Length : 0;
    *(PUSHORT)(info + at) = length;
    if (length)
        RtlCopyMemory(info + at + sizeof(USHORT), text->Buffer, length);
    return at + (ULONG)sizeof(USHORT) + length;
}

struct names {
    UNICODE_STRING instance, mof;
    PUNICODE_STRING registry;
    PDEVICE_OBJECT device;
    ULONG flags;
};

static void write_info(const struct control *control, const struct names *names, ULONG size)
{
    const WMILIB_CONTEXT *library = control->library;
    char *base = control->buffer;
    WMIREGINFO *info = control->buffer;
    ULONG at = (ULONG)sizeof(*info) + library->GuidCount * (ULONG)sizeof(WMIREGGUID);
    *info = (WMIREGINFO){.BufferSize = size, .GuidCount = library->GuidCount};
    ULONG base_name = at;
    at = put_text(base, at, &names->instance);
    info->MofResourceName = at;
    at = put_text(base, at, &names->mof);
    info->RegistryPath = at;
    put_text(base, at, names->registry);
    for (ULONG i = 0; i < library->GuidCount; i++) {
        const WMIGUIDREGINFO *from = &library->GuidList[i];
        WMIREGGUID *entry = &info->WmiRegGuid[i];
        *entry = (WMIREGGUID){.Guid = *from->Guid,
                              .Flags = from->Flags | names->flags,
                              .InstanceCount = from->InstanceCount};
        if (names->flags & WMIREG_FLAG_INSTANCE_PDO) {
            entry->Pdo = (ULONG_PTR)names->device;
            ob_reference(names->device); /* WMI lets go of it */
        } else {
            entry->BaseNameOffset = base_name;
        }
    }
}

static NTSTATUS register_blocks(const struct control *control)
{
    struct names names = {0};
    ULONG needed;
    NTSTATUS status = control->library->QueryWmiRegInfo(
        control->device, &names.flags, &names.instance, &names.registry, &names.mof, &names.device);
    if (NT_SUCCESS(status)) {
        if (!(names.flags & WMIREG_FLAG_INSTANCE_PDO))
            names.flags |= WMIREG_FLAG_INSTANCE_BASENAME;
        needed = (ULONG)(sizeof(WMIREGINFO) + control->library->GuidCount * sizeof(WMIREGGUID) +
                         3 * sizeof(USHORT) + names.instance.Length + names.mof.Length +
                         (names.registry ? names.registry->Length : 0));
        if (needed <= control->size) {
            write_info(control, &names, needed);
        } else {
            *(PULONG)control->buffer = needed;
            needed = sizeof(ULONG);
        }
    } else {
        needed = 0;
    }
    if (names.instance.Buffer)
        ExFreePool(names.instance.Buffer); /* the driver's, for us */
    return WmiCompleteRequest(control->device, control->irp, status, needed, IO_NO_INCREMENT);
}

/* ---- requests about a block ---- */
/* The request never reached the driver's routine: it stays the driver's to complete. */
static NTSTATUS refuse(const struct control *control, NTSTATUS status,
                       PSYSCTL_IRP_DISPOSITION disposition)
{
    control->irp->IoStatus.Status = status;
    control->irp->IoStatus.Information = 0;
    *disposition = IrpNotCompleted;
    return status;
}

static BOOLEAN find_guid(struct control *control)
{
    for (ULONG i = 0; i < control->library->GuidCount; i++)
        if (__builtin_memcmp(control->library->GuidList[i].Guid, control->guid, sizeof(GUID)) ==
            0) {
            control->guid_index = i;
            return TRUE;
        }
    return FALSE;
}

static NTSTATUS query_all(const struct control *control)
{
    PWNODE_ALL_DATA all = control->buffer;
    ULONG count = control->library->GuidList[control->guid_index].InstanceCount;
    ULONG offset = all_data_offset(count);
    BOOLEAN has_room = control->size > offset;
    *all = (WNODE_ALL_DATA){
        .WnodeHeader = {.BufferSize = control->size,
                        .Guid = *control->guid,
                        .Flags = WNODE_FLAG_ALL_DATA | WNODE_FLAG_STATIC_INSTANCE_NAMES},
        .DataBlockOffset = offset,
        .InstanceCount = count};
    return control->library->QueryWmiDataBlock(
        control->device, control->irp, control->guid_index, 0, count,
        has_room ? (PULONG)all->OffsetInstanceDataAndLength : NULL,
        has_room ? control->size - offset : 0, has_room ? (PUCHAR)all + offset : NULL);
}

/* The WNODE of a request about one instance, as far as the kinds are alike. */
static BOOLEAN instance_of(const struct control *control, ULONG head, ULONG *index)
{
    const WNODE_SINGLE_INSTANCE *single = control->buffer;
    *index = control->size >= head ? single->InstanceIndex : 0;
    return control->size >= head &&
           (single->WnodeHeader.Flags & WNODE_FLAG_STATIC_INSTANCE_NAMES) &&
           *index < control->library->GuidList[control->guid_index].InstanceCount;
}

/* The data behind offset, or NULL when it does not lie within the buffer. */
static PUCHAR data_at(const struct control *control, ULONG offset, ULONG size)
{
    BOOLEAN lies_within = offset <= control->size && size <= control->size - offset;
    return lies_within ? (PUCHAR)control->buffer + offset : NULL;
}

static NTSTATUS query_single(const struct control *control, ULONG index)
{
    PWNODE_SINGLE_INSTANCE single = control->buffer;
    PUCHAR data = data_at(control, single->DataBlockOffset, 0);
    return control->library->QueryWmiDataBlock(
        control->device, control->irp, control->guid_index, index, 1, &single->SizeDataBlock,
        data ? control->size - single->DataBlockOffset : 0, data);
}

static NTSTATUS set_block(const struct control *control, ULONG index, PUCHAR data, ULONG size)
{
    return control->library->SetWmiDataBlock(control->device, control->irp, control->guid_index,
                                             index, size, data);
}

static NTSTATUS single_instance(const struct control *control, PSYSCTL_IRP_DISPOSITION disposition)
{
    const WNODE_SINGLE_INSTANCE *single = control->buffer;
    ULONG index;
    if (!instance_of(control, sizeof(*single), &index))
        return refuse(control, STATUS_WMI_INSTANCE_NOT_FOUND, disposition);
    if (control->minor == IRP_MN_QUERY_SINGLE_INSTANCE)
        return query_single(control, index);
    PUCHAR data = data_at(control, single->DataBlockOffset, single->SizeDataBlock);
    if (!control->library->SetWmiDataBlock || !data)
        return refuse(control, data ? STATUS_WMI_READ_ONLY : STATUS_INVALID_PARAMETER, disposition);
    return set_block(control, index, data, single->SizeDataBlock);
}

static NTSTATUS single_item(const struct control *control, PSYSCTL_IRP_DISPOSITION disposition)
{
    const WNODE_SINGLE_ITEM *item = control->buffer;
    ULONG index;
    if (!instance_of(control, sizeof(*item), &index))
        return refuse(control, STATUS_WMI_INSTANCE_NOT_FOUND, disposition);
    PUCHAR data = data_at(control, item->DataBlockOffset, item->SizeDataItem);
    if (!control->library->SetWmiDataItem || !data)
        return refuse(control, data ? STATUS_WMI_READ_ONLY : STATUS_INVALID_PARAMETER, disposition);
    return control->library->SetWmiDataItem(control->device, control->irp, control->guid_index,
                                            index, item->ItemId, item->SizeDataItem, data);
}

static NTSTATUS method(const struct control *control, PSYSCTL_IRP_DISPOSITION disposition)
{
    const WNODE_METHOD_ITEM *item = control->buffer;
    ULONG index;
    if (!instance_of(control, sizeof(*item), &index))
        return refuse(control, STATUS_WMI_INSTANCE_NOT_FOUND, disposition);
    PUCHAR data = data_at(control, item->DataBlockOffset, item->SizeDataBlock);
    if (!control->library->ExecuteWmiMethod || !data)
        return refuse(control, data ? STATUS_INVALID_DEVICE_REQUEST : STATUS_INVALID_PARAMETER,
                      disposition);
    return control->library->ExecuteWmiMethod(control->device, control->irp, control->guid_index,
                                              index, item->MethodId, item->SizeDataBlock,
                                              control->size - item->DataBlockOffset, data);
}

static NTSTATUS switch_on(const struct control *control, WMIENABLEDISABLECONTROL what,
                          BOOLEAN enable, PSYSCTL_IRP_DISPOSITION disposition)
{
    if (!control->library->WmiFunctionControl)
        return refuse(control, STATUS_SUCCESS, disposition);
    return control->library->WmiFunctionControl(control->device, control->irp, control->guid_index,
                                                what, enable);
}

static NTSTATUS dispatch(struct control *control, PSYSCTL_IRP_DISPOSITION disposition)
{
    if (!find_guid(control))
        return refuse(control, STATUS_WMI_GUID_NOT_FOUND, disposition);
    switch (control->minor) {
    case IRP_MN_QUERY_ALL_DATA:
        if (control->size < sizeof(WNODE_ALL_DATA))
            return refuse(control, STATUS_BUFFER_TOO_SMALL, disposition);
        return query_all(control);
    case IRP_MN_QUERY_SINGLE_INSTANCE:
    case IRP_MN_CHANGE_SINGLE_INSTANCE:
        return single_instance(control, disposition);
    case IRP_MN_CHANGE_SINGLE_ITEM:
        return single_item(control, disposition);
    case IRP_MN_EXECUTE_METHOD:
        return method(control, disposition);
    case IRP_MN_ENABLE_EVENTS:
    case IRP_MN_DISABLE_EVENTS:
        return switch_on(control, WmiEventControl, control->minor == IRP_MN_ENABLE_EVENTS,
                         disposition);
    default: /* IRP_MN_ENABLE_COLLECTION, IRP_MN_DISABLE_COLLECTION */
        return switch_on(control, WmiDataBlockControl, control->minor == IRP_MN_ENABLE_COLLECTION,
                         disposition);
    }
}

NTSTATUS NTAPI WmiSystemControl(PWMILIB_CONTEXT library, PDEVICE_OBJECT device, PIRP irp,
                                PSYSCTL_IRP_DISPOSITION disposition)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    struct control control = {.library = library,
                              .device = device,
                              .irp = irp,
                              .minor = stack->MinorFunction,
                              .guid = stack->Parameters.WMI.DataPath,
                              .size = stack->Parameters.WMI.BufferSize,
                              .buffer = stack->Parameters.WMI.Buffer};
    *disposition = IrpNotWmi;
    if (control.minor > IRP_MN_REGINFO_EX)
        return irp->IoStatus.Status;
    *disposition = IrpForward;
    if (stack->Parameters.WMI.ProviderId != (ULONG_PTR)device)
        return irp->IoStatus.Status;
    *disposition = IrpProcessed;
    if (control.minor == IRP_MN_REGINFO || control.minor == IRP_MN_REGINFO_EX)
        return register_blocks(&control);
    return dispatch(&control, disposition);
}
SB_EXPORT_FROM("wmilib.sys", WmiSystemControl)

/* ---- events ---- */
/* data is the driver's pool block, which goes. */
NTSTATUS NTAPI WmiFireEvent(PDEVICE_OBJECT device, LPCGUID guid, ULONG index, ULONG size,
                            PVOID data)
{
    ULONG offset = align(sizeof(WNODE_SINGLE_INSTANCE));
    PWNODE_SINGLE_INSTANCE event = mm_pool_allocate_zero(current_machine(), offset + size, WMI_TAG);
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    if (event) {
        event->WnodeHeader.BufferSize = offset + size;
        event->WnodeHeader.ProviderId = (ULONG)(ULONG_PTR)device;
        event->WnodeHeader.Guid = *guid;
        event->WnodeHeader.Flags =
            WNODE_FLAG_SINGLE_INSTANCE | WNODE_FLAG_EVENT_ITEM | WNODE_FLAG_STATIC_INSTANCE_NAMES;
        KeQuerySystemTime(&event->WnodeHeader.TimeStamp);
        event->InstanceIndex = index;
        event->DataBlockOffset = offset;
        event->SizeDataBlock = size;
        RtlCopyMemory((char *)event + offset, data, size);
        status = IoWMIWriteEvent(event);
        if (!NT_SUCCESS(status))
            mm_pool_free(current_machine(), event);
    }
    if (data)
        ExFreePool(data);
    return status;
}
SB_EXPORT_FROM("wmilib.sys", WmiFireEvent)

/* ---- who a device is to WMI ---- */
ULONG NTAPI nt_IoWMIDeviceObjectToProviderId(PDEVICE_OBJECT device)
{
    return (ULONG)(ULONG_PTR)device;
}
SB_EXPORT_AS("IoWMIDeviceObjectToProviderId", nt_IoWMIDeviceObjectToProviderId)
