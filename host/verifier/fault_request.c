/* What the caller put into the requests that its thread has under way. */
#include "host/io/io.h"
#include "host/ke/ke.h"
#include "host/linux/peek.h"
#include "host/verifier/fault_place.h"

enum { MOST_REQUESTS = 8, SCANNED = 4096, NEAR = 4096 };

struct request {
    const void *system_buffer;
    const void *input, *output; /* the caller's own pointers */
    ULONG input_length, output_length;
    BOOLEAN is_bare; /* the driver gets the caller's pointers */
};

/* The first stack location keeps what the caller sent, whatever drivers did below. */
static struct request describe(PIRP irp)
{
    const IO_STACK_LOCATION *stack = (const IO_STACK_LOCATION *)(irp + 1) + irp->StackCount - 1;
    struct request request = {.system_buffer = irp->AssociatedIrp.SystemBuffer,
                              .output = irp->UserBuffer};
    switch (stack->MajorFunction) {
    case IRP_MJ_DEVICE_CONTROL:
    case IRP_MJ_INTERNAL_DEVICE_CONTROL:
    case IRP_MJ_FILE_SYSTEM_CONTROL:
        request.input_length = stack->Parameters.DeviceIoControl.InputBufferLength;
        request.output_length = stack->Parameters.DeviceIoControl.OutputBufferLength;
        request.is_bare =
            METHOD_FROM_CTL_CODE(stack->Parameters.DeviceIoControl.IoControlCode) == METHOD_NEITHER;
        if (request.is_bare)
            request.input = stack->Parameters.DeviceIoControl.Type3InputBuffer;
        break;
    case IRP_MJ_READ:
        request.output_length = stack->Parameters.Read.Length;
        request.is_bare = !(irp->Flags & IRP_BUFFERED_IO) && !irp->MdlAddress;
        break;
    case IRP_MJ_WRITE:
        request.input_length = request.output_length = stack->Parameters.Write.Length;
        request.is_bare = !(irp->Flags & IRP_BUFFERED_IO) && !irp->MdlAddress;
        break;
    default:
        request = (struct request){0};
    }
    return request;
}

static ULONG collect(struct request requests[MOST_REQUESTS])
{
    PETHREAD thread = current_thread();
    ULONG count = 0;
    io_irps_lock(thread);
    for (PLIST_ENTRY link = thread->irps.Flink; link != &thread->irps && count < MOST_REQUESTS;
         link = link->Flink)
        requests[count++] = describe(CONTAINING_RECORD(link, IRP, ThreadListEntry));
    io_irps_unlock(thread);
    return count;
}

static LONG64 scan(uint64_t address, const void *input, ULONG length)
{
    uint8_t bytes[SCANNED];
    uint64_t value;
    SIZE_T read = linux_peek((uint64_t)input, bytes, length < SCANNED ? length : SCANNED);
    for (SIZE_T at = 0; at + sizeof(value) <= read; at++) {
        __builtin_memcpy(&value, bytes + at, sizeof(value));
        if (value >= NULL_PAGES_END && address - value + NEAR < 2 * NEAR)
            return (LONG64)at;
    }
    return -1;
}

LONG64 fault_find_in_requests(uint64_t address)
{
    struct request requests[MOST_REQUESTS];
    ULONG count = collect(requests);
    for (ULONG i = 0; i < count; i++) {
        const struct request *request = &requests[i];
        LONG64 found = -1;
        if (request->system_buffer)
            found = scan(address, request->system_buffer, request->input_length);
        if (found < 0 && request->input)
            found = scan(address, request->input, request->input_length);
        if (found >= 0)
            return found;
    }
    return -1;
}

/* An access to a small offset of a missing buffer goes to its length's worth of bytes from zero. */
static BOOLEAN holds(const void *base, ULONG length, uint64_t address)
{
    return length && address - (uint64_t)base < length;
}

BOOLEAN fault_is_request_buffer(uint64_t address)
{
    struct request requests[MOST_REQUESTS];
    ULONG count = collect(requests);
    for (ULONG i = 0; i < count; i++)
        if (requests[i].is_bare && (holds(requests[i].input, requests[i].input_length, address) ||
                                    holds(requests[i].output, requests[i].output_length, address)))
            return TRUE;
    return FALSE;
}
