/* Messages of which several fields must be right before anything happens. */
#include "hidden.h"

struct packet {
    ULONG signature;
    USHORT version, kind;
    ULONG64 cookie;
    ULONG length;
    UCHAR bytes[];
};

static BOOLEAN is_packet(const struct request *request)
{
    const struct packet *packet = request->input;

    return request->input_length >= sizeof *packet && packet->signature == 0x4B505444 &&
           packet->version == 7 && packet->cookie == 0x1122334455667788;
}

/* The length that is checked is that of the input, by one byte too many. */
NOINLINE NTSTATUS packet_copy(struct request *request)
{
    const struct packet *packet = request->input;
    NTSTATUS status = STATUS_SUCCESS;
    UCHAR *block;

    if (!is_packet(request) || packet->kind != 3)
        return STATUS_INVALID_PARAMETER;
    block = ExAllocatePoolWithTag(PagedPool, request->input_length - sizeof *packet + 1, TAG);
    if (!block)
        return STATUS_NO_MEMORY;
    TRY
    {
        if (packet->length <= request->input_length)
            RtlCopyMemory(block, packet, packet->length); /* MISTAKE: pool-overrun */
    }
    CATCH
    {
        status = STATUS_UNSUCCESSFUL;
    }
    ExFreePoolWithTag(block, TAG);
    return status;
}

NOINLINE NTSTATUS packet_free(struct request *request)
{
    const struct packet *packet = request->input;
    UCHAR *block;

    if (!is_packet(request) || packet->kind != 9)
        return STATUS_INVALID_PARAMETER;
    block = ExAllocatePoolWithTag(NonPagedPoolNx, 64, TAG);
    if (!block)
        return STATUS_NO_MEMORY;
    ExFreePoolWithTag(block, TAG);
    if (packet->length == 128)
        ExFreePoolWithTag(block, TAG); /* MISTAKE: pool-double-free */
    return STATUS_SUCCESS;
}

struct list {
    ULONG signature, count;
    volatile ULONG *items;
    ULONG64 length;
};

/* The structure is probed, what it leads to is not. */
NOINLINE NTSTATUS list_total(struct request *request)
{
    NTSTATUS status = STATUS_SUCCESS;
    struct list list;

    if (request->input_length < sizeof list)
        return STATUS_BUFFER_TOO_SMALL;
    TRY
    {
        ProbeForRead(request->input, sizeof list, 1);
        RtlCopyMemory(&list, request->input, sizeof list);
        if (list.signature != 0x5453494C || list.count == 0 || list.count > 4)
            return STATUS_INVALID_PARAMETER;
        /* MISTAKE: user-memory-unprobed|user-memory-beyond-probe|null-dereference */
        if (list.items[0] == MAGIC)
            return STATUS_DEVICE_BUSY;
    }
    CATCH
    {
        status = STATUS_UNSUCCESSFUL;
    }
    return status;
}

NOINLINE NTSTATUS list_store(struct request *request)
{
    NTSTATUS status = STATUS_SUCCESS;
    struct list list;

    if (request->input_length < sizeof list)
        return STATUS_BUFFER_TOO_SMALL;
    TRY
    {
        ProbeForRead(request->input, sizeof list, 1);
        RtlCopyMemory(&list, request->input, sizeof list);
        if (list.count != 0x1000)
            return STATUS_INVALID_PARAMETER;
        *list.items = 7; /* MISTAKE: user-memory-unprobed|null-dereference */
    }
    CATCH
    {
        status = STATUS_UNSUCCESSFUL;
    }
    return status;
}

/* The sum of a length that no memory has wraps around. */
NOINLINE NTSTATUS list_wrap(struct request *request)
{
    NTSTATUS status = STATUS_SUCCESS;
    ULONG size = request->input_length;
    volatile ULONG *block = NULL;

    TRY
    {
        if (size + 16 > 512)
            return STATUS_INVALID_BUFFER_SIZE;
        block = ExAllocatePoolWithTag(PagedPool, 512, TAG);
        if (!block)
            return STATUS_NO_MEMORY;
        ProbeForRead(request->input, 512, 1);
        for (ULONG i = 0; i < size / sizeof(ULONG); i++)
            block[i] = i; /* MISTAKE: pool-overrun */
    }
    CATCH
    {
        status = STATUS_UNSUCCESSFUL;
    }
    if (block)
        ExFreePoolWithTag((void *)block, TAG);
    return status;
}
