/* Calls that count in one order alone. */
#include "hidden.h"

static enum { FRESH, BEGUN, SIZED, ENDED } state;
static UCHAR *block;
static ULONG size;

NOINLINE NTSTATUS life_begin(struct request *request)
{
    const ULONG *words = request->input;

    if (request->input_length < 8 || words[0] != 0xC0DE0001)
        return STATUS_INVALID_PARAMETER;
    if (state == FRESH)
        state = BEGUN;
    return STATUS_SUCCESS;
}

NOINLINE NTSTATUS life_size(struct request *request)
{
    const ULONG *words = request->input;

    if (state != BEGUN)
        return STATUS_INVALID_DEVICE_STATE;
    if (request->input_length < 8 || words[0] < 16 || words[0] > 256)
        return STATUS_INVALID_PARAMETER;
    size = words[0];
    block = ExAllocatePoolWithTag(NonPagedPoolNx, size, TAG);
    if (!block)
        return STATUS_NO_MEMORY;
    RtlZeroMemory(block, size);
    state = SIZED;
    return STATUS_SUCCESS;
}

/* Four bytes are written where one fits. */
NOINLINE NTSTATUS life_put(struct request *request)
{
    const ULONG *words = request->input;

    if (state != SIZED)
        return STATUS_INVALID_DEVICE_STATE;
    if (request->input_length < 16 || words[0] >= size)
        return STATUS_INVALID_PARAMETER;
    TRY
    {
        *(volatile ULONG *)(block + words[0]) = words[1]; /* MISTAKE: pool-overrun */
    }
    CATCH
    {
    }
    return STATUS_SUCCESS;
}

NOINLINE NTSTATUS life_end(struct request *request)
{
    if (state != SIZED)
        return STATUS_INVALID_DEVICE_STATE;
    ExFreePoolWithTag(block, TAG);
    state = ENDED;
    return STATUS_SUCCESS;
}

NOINLINE NTSTATUS life_get(struct request *request)
{
    if (state != ENDED)
        return STATUS_INVALID_DEVICE_STATE;
    if (request->output_length < 16)
        return STATUS_BUFFER_TOO_SMALL;
    RtlCopyMemory(request->output, block, 16); /* MISTAKE: use-after-free */
    request->information = 16;
    return STATUS_SUCCESS;
}

void life_release(void)
{
    if (state == SIZED)
        ExFreePoolWithTag(block, TAG);
}
