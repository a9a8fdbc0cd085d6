/* Extended attributes: lists of names and values, which drivers keep. */
#include "host/fs/zw_query.h"

enum { LIST_TAG = 0x6145775A, ALIGNMENT = sizeof(ULONG) };

/* One entry, with room bytes from its beginning to the list's end. */
static BOOLEAN is_entry(const FILE_FULL_EA_INFORMATION *entry, ULONG room)
{
    const ULONG header = FIELD_OFFSET(FILE_FULL_EA_INFORMATION, EaName);
    if (room < header || room < header + entry->EaNameLength + 1u + entry->EaValueLength)
        return FALSE;
    return entry->EaName[entry->EaNameLength] == 0;
}

/* Where it says the next one is, behind itself. */
static BOOLEAN is_next(const FILE_FULL_EA_INFORMATION *entry, ULONG room)
{
    ULONG size = FIELD_OFFSET(FILE_FULL_EA_INFORMATION, EaName) + entry->EaNameLength + 1u +
                 entry->EaValueLength;
    return entry->NextEntryOffset >= size && entry->NextEntryOffset < room &&
           entry->NextEntryOffset % ALIGNMENT == 0;
}

NTSTATUS NTAPI IoCheckEaBufferValidity(PFILE_FULL_EA_INFORMATION list, ULONG length,
                                       PULONG error_offset)
{
    ULONG at = 0;
    for (;;) {
        PFILE_FULL_EA_INFORMATION entry = (PFILE_FULL_EA_INFORMATION)((char *)list + at);
        if (!is_entry(entry, length - at))
            break;
        if (entry->NextEntryOffset == 0)
            return STATUS_SUCCESS;
        if (!is_next(entry, length - at))
            break;
        at += entry->NextEntryOffset;
    }
    *error_offset = at;
    return STATUS_EA_LIST_INCONSISTENT;
}
SB_EXPORT(IoCheckEaBufferValidity)

/* FILE_GET_EA_INFORMATION: names alone. */
static NTSTATUS check_names(const char *list, ULONG length)
{
    const ULONG header = FIELD_OFFSET(FILE_GET_EA_INFORMATION, EaName);
    ULONG at = 0;
    for (;;) {
        const FILE_GET_EA_INFORMATION *entry = (const void *)(list + at);
        ULONG room = length - at;
        if (room < header || room < header + entry->EaNameLength + 1u)
            return STATUS_EA_LIST_INCONSISTENT;
        if (entry->NextEntryOffset == 0)
            return STATUS_SUCCESS;
        if (entry->NextEntryOffset < header + entry->EaNameLength + 1u ||
            entry->NextEntryOffset >= room || entry->NextEntryOffset % ALIGNMENT)
            return STATUS_EA_LIST_INCONSISTENT;
        at += entry->NextEntryOffset;
    }
}

static void fill_query(PIO_STACK_LOCATION stack, const struct zw_query *query)
{
    stack->Parameters.QueryEa.Length = query->length;
    stack->Parameters.QueryEa.EaList = (PVOID)query->list;
    stack->Parameters.QueryEa.EaListLength = query->list_length;
    stack->Parameters.QueryEa.EaIndex = query->index;
}

NTSTATUS NTAPI ZwQueryEaFile(HANDLE handle, PIO_STATUS_BLOCK status_block, PVOID buffer,
                             ULONG length, BOOLEAN single, PVOID list, ULONG list_length,
                             PULONG index, BOOLEAN restart)
{
    struct zw_query query = {.major = IRP_MJ_QUERY_EA,
                             .flags = (UCHAR)((single ? SL_RETURN_SINGLE_ENTRY : 0) |
                                              (restart ? SL_RESTART_SCAN : 0) |
                                              (index ? SL_INDEX_SPECIFIED : 0)),
                             .fill = fill_query,
                             .length = length,
                             .index = index ? *index : 0};
    PVOID names = NULL;
    NTSTATUS status = STATUS_SUCCESS;
    if (list && list_length) {
        names = ExAllocatePoolWithTag(PagedPool, list_length, LIST_TAG);
        if (!names)
            return STATUS_INSUFFICIENT_RESOURCES;
        RtlCopyMemory(names, list, list_length);
        status = check_names(names, list_length);
        query.list = names;
        query.list_length = list_length;
    }
    if (NT_SUCCESS(status))
        status = zw_query_handle(handle, FILE_READ_EA, &query, buffer, status_block);
    if (names)
        ExFreePoolWithTag(names, LIST_TAG);
    return status;
}
SB_EXPORT(ZwQueryEaFile)

static void fill_set(PIO_STACK_LOCATION stack, const struct zw_query *query)
{
    stack->Parameters.SetEa.Length = query->length;
}

/* What is wrong with the list, and where, is told without asking the driver. */
NTSTATUS NTAPI ZwSetEaFile(HANDLE handle, PIO_STATUS_BLOCK status_block, PVOID buffer, ULONG length)
{
    struct zw_query query = {
        .major = IRP_MJ_SET_EA, .is_input = TRUE, .fill = fill_set, .length = length};
    ULONG error = 0;
    NTSTATUS status = IoCheckEaBufferValidity(buffer, length, &error);
    if (NT_SUCCESS(status))
        return zw_query_handle(handle, FILE_WRITE_EA, &query, buffer, status_block);
    *status_block = (IO_STATUS_BLOCK){.Status = status, .Information = error};
    return status;
}
SB_EXPORT(ZwSetEaFile)
