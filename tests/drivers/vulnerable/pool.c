/* Pool blocks: written, read and counted beyond their ends, and told to the caller. */
#include "handlers.h"

enum { BLOCK = 504 };

NOINLINE NTSTATUS pool_copy(struct request *request)
{
    NTSTATUS status = STATUS_SUCCESS;
    void *block = NULL;

    TRY
    {
        block = ExAllocatePoolWithTag(NonPagedPool, BLOCK, TAG);
        if (!block)
            return STATUS_NO_MEMORY;
        ProbeForRead(request->input, BLOCK, 1);
        RtlCopyMemory(block, request->input, request->input_length); /* MISTAKE: pool-overrun */
        ExFreePoolWithTag(block, TAG);
    }
    CATCH
    {
        status = STATUS_UNSUCCESSFUL;
    }
    return status;
}

NOINLINE NTSTATUS pool_loop(struct request *request)
{
    NTSTATUS status = STATUS_SUCCESS;
    ULONG *block = ExAllocatePoolWithTag(PagedPool, 128, TAG);

    if (!block)
        return STATUS_NO_MEMORY;
    TRY
    {
        const ULONG *input = request->input;
        ProbeForRead(request->input, request->input_length, 4);
        for (ULONG i = 0; i < request->input_length / 4; i++)
            ((volatile ULONG *)block)[i] = input[i]; /* MISTAKE: pool-overrun */
    }
    CATCH
    {
        status = STATUS_UNSUCCESSFUL;
    }
    ExFreePoolWithTag(block, TAG);
    return status;
}

/* The sum wraps around: the block is small, the copy is not. */
NOINLINE NTSTATUS integer_wrap(struct request *request)
{
    NTSTATUS status = STATUS_SUCCESS;
    UCHAR *block = NULL;

    TRY
    {
        ProbeForRead(request->input, 8, 1);
        ULONG size = *(volatile ULONG *)request->input;
        ULONG total = size + 16;
        block = ExAllocatePoolWithTag(NonPagedPool, total, TAG);
        if (!block)
            return STATUS_NO_MEMORY;
        for (ULONG i = 0; i < 16; i++)
            ((volatile UCHAR *)block)[size % 4096 + i] = 0x20; /* MISTAKE: pool-overrun */
    }
    CATCH
    {
        status = STATUS_UNSUCCESSFUL;
    }
    if (block)
        ExFreePoolWithTag(block, TAG);
    return status;
}

struct record {
    ULONG64 key, value, next;
};

NOINLINE NTSTATUS integer_count(struct request *request)
{
    NTSTATUS status = STATUS_SUCCESS;
    struct record *records = NULL;

    TRY
    {
        ProbeForRead(request->input, 4, 1);
        ULONG count = *(volatile ULONG *)request->input;
        if (count == 0)
            return STATUS_INVALID_PARAMETER;
        ULONG size = count * (ULONG)sizeof *records;
        records = ExAllocatePoolWithTag(PagedPool, size ? size : 8, TAG);
        if (!records)
            return STATUS_NO_MEMORY;
        for (ULONG i = 0; i < count; i++)
            ((volatile struct record *)records)[i].key = i; /* MISTAKE: pool-overrun */
    }
    CATCH
    {
        status = STATUS_UNSUCCESSFUL;
    }
    if (records)
        ExFreePoolWithTag(records, TAG);
    return status;
}

NOINLINE NTSTATUS pool_disclosure(struct request *request)
{
    NTSTATUS status = STATUS_SUCCESS;
    void *block = NULL;

    TRY
    {
        block = ExAllocatePoolWithTag(NonPagedPoolNx, BLOCK, TAG);
        if (!block)
            return STATUS_NO_MEMORY;
        RtlFillMemory(block, BLOCK, 0x41);
        ProbeForWrite(request->output, request->output_length, 1);
        RtlCopyMemory(request->output, block, request->output_length); /* MISTAKE: pool-overrun */
        request->information = request->output_length;
        ExFreePoolWithTag(block, TAG);
    }
    CATCH
    {
        status = STATUS_UNSUCCESSFUL;
    }
    return status;
}

NOINLINE NTSTATUS buffered_pool(struct request *request)
{
    void *block = ExAllocatePoolWithTag(NonPagedPoolNx, 96, TAG);

    if (!block)
        return STATUS_NO_MEMORY;
    TRY
    {
        RtlCopyMemory(block, request->input, request->input_length); /* MISTAKE: pool-overrun */
    }
    CATCH
    {
    }
    ExFreePoolWithTag(block, TAG);
    return STATUS_SUCCESS;
}

/* The input is taken to be as long as the structure. */
NOINLINE NTSTATUS buffered_read_beyond(struct request *request)
{
    struct record *record = request->input;

    if (request->input_length == 0)
        return STATUS_BUFFER_TOO_SMALL;
    TRY
    {
        ULONG64 next = *(volatile ULONG64 *)&record->next; /* MISTAKE: pool-overrun */
        return next ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
    }
    CATCH
    {
        return STATUS_UNSUCCESSFUL;
    }
}

/* A length inside of the input is believed. */
NOINLINE NTSTATUS buffered_length_field(struct request *request)
{
    struct message {
        ULONG length;
        UCHAR bytes[];
    } *message = request->input;
    ULONG sum = 0;

    if (request->input_length < sizeof *message)
        return STATUS_BUFFER_TOO_SMALL;
    TRY
    {
        for (ULONG i = 0; i < message->length; i++)
            sum += ((volatile UCHAR *)message->bytes)[i]; /* MISTAKE: pool-overrun */
    }
    CATCH
    {
        return STATUS_UNSUCCESSFUL;
    }
    return sum == MAGIC ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

static volatile ULONG table[16];

/* An index from the caller, signed, checked against the end only. */
NOINLINE NTSTATUS buffered_index(struct request *request)
{
    const struct {
        LONG index;
        ULONG value;
    } *set = request->input;

    if (request->input_length < sizeof *set)
        return STATUS_BUFFER_TOO_SMALL;
    if (set->index >= 16)
        return STATUS_INVALID_PARAMETER;
    TRY
    {
        table[set->index] = set->value; /* MISTAKE: request-pointer|invalid-address */
    }
    CATCH
    {
        return STATUS_UNSUCCESSFUL;
    }
    return STATUS_SUCCESS;
}

/* All of the output is returned, the first bytes are written. */
NOINLINE NTSTATUS buffered_disclosure(struct request *request)
{
    if (request->output_length < sizeof(struct record))
        return STATUS_BUFFER_TOO_SMALL;
    ((struct record *)request->output)->key = 1;
    request->information = request->output_length; /* (found at its completion) */
    return STATUS_SUCCESS;
}

static const UCHAR secret[64];

NOINLINE NTSTATUS buffered_address(struct request *request)
{
    struct record *record = request->output;

    if (request->output_length < sizeof *record)
        return STATUS_BUFFER_TOO_SMALL;
    record->key = 0;
    record->value = (ULONG64)secret; /* (found at its completion) */
    record->next = 0;
    request->information = sizeof *record;
    return STATUS_SUCCESS;
}

/* Behind a number that nobody guesses. */
NOINLINE NTSTATUS buffered_magic(struct request *request)
{
    const ULONG *words = request->input;
    UCHAR *block;

    if (request->input_length < 16)
        return STATUS_BUFFER_TOO_SMALL;
    if (words[0] != 0x5EC2E7A1 || words[1] != 3)
        return STATUS_INVALID_PARAMETER;
    block = ExAllocatePoolWithTag(PagedPool, 32, TAG);
    if (!block)
        return STATUS_NO_MEMORY;
    TRY
    {
        RtlCopyMemory(block, words + 2, request->input_length - 8); /* MISTAKE: pool-overrun */
    }
    CATCH
    {
    }
    ExFreePoolWithTag(block, TAG);
    return STATUS_SUCCESS;
}

/* One code, commands inside of it. */
NOINLINE NTSTATUS buffered_command(struct request *request)
{
    struct {
        ULONG command, size;
        UCHAR bytes[];
    } *input = request->input;
    UCHAR *block;

    if (request->input_length < sizeof *input)
        return STATUS_BUFFER_TOO_SMALL;
    switch (input->command) {
    case 0x1001:
        return STATUS_SUCCESS;
    case 0x1002:
        block = ExAllocatePoolWithTag(PagedPool, 64, TAG);
        if (!block)
            return STATUS_NO_MEMORY;
        RtlFillMemory(block, request->input_length, 0x42); /* MISTAKE: pool-overrun */
        ExFreePoolWithTag(block, TAG);
        return STATUS_SUCCESS;
    case 0x1003:
        block = NULL;
        use(&block);
        TRY
        {
            *(volatile UCHAR *)(block + 8) = 1; /* MISTAKE: null-dereference */
        }
        CATCH
        {
        }
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}
