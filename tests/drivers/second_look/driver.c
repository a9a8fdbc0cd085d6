/*
 * A driver whose mistakes do not show where a verifier lays memory out, and fills it, in one way
 * alone. A line that check must report carries the comment
 *
 *     MISTAKE: rule-identifier
 */
#define DEFECT 1
#include "defects/defect.h"

enum { TAG = 0x64646948, ENTRIES = 8 };
enum { LOOK_UP = 0x800, STATE, SUM, PEEK };

/* An index from the request, a signed byte of which only the upper bound is looked at: what stands
 * a little before the table is read. */
static DEFECT_NOINLINE ULONG look_up(const volatile ULONG *table, SCHAR index)
{
    return table[index]; /* MISTAKE: pool-underrun */
}

static NTSTATUS answer_look_up(ULONG *reply, SCHAR index)
{
    ULONG *table = ExAllocatePoolWithTag(NonPagedPoolNx, ENTRIES * sizeof *table, TAG);

    if (!table)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (ULONG i = 0; i < ENTRIES; i++)
        table[i] = i * i;
    if (index < ENTRIES)
        *reply = look_up(table, index);
    ExFreePoolWithTag(table, TAG);
    return index < ENTRIES ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

/* The same before the request's own buffer. */
static DEFECT_NOINLINE UCHAR peek(const volatile UCHAR *input, SCHAR index)
{
    return input[index]; /* MISTAKE: pool-underrun */
}

static NTSTATUS answer_peek(ULONG *buffer, SCHAR index)
{
    if (index >= (SCHAR)sizeof *buffer)
        return STATUS_INVALID_PARAMETER;
    *buffer = peek((const UCHAR *)buffer, index);
    return STATUS_SUCCESS;
}

struct session {
    ULONG number;
    UCHAR state; /* nobody sets it */
};

/* One byte that was never written. */
static NTSTATUS answer_state(ULONG *reply)
{
    struct session *session = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof *session, TAG);

    if (!session)
        return STATUS_INSUFFICIENT_RESOURCES;
    session->number = 1;
    *reply = session->number + session->state;
    ExFreePoolWithTag(session, TAG);
    return STATUS_SUCCESS;
}

struct settings {
    ULONG mode;
    ULONG features; /* nobody sets it */
};

static DEFECT_NOINLINE void read_settings(struct settings *settings)
{
    settings->mode = 1;
}

static DEFECT_NOINLINE ULONG sum_of(const struct settings *settings)
{
    return (settings->features >> 7 ^ settings->mode) & 0xFFF;
}

/* What was on the stack, in another shape. */
static NTSTATUS answer_sum(ULONG *reply)
{
    struct settings settings;

    read_settings(&settings);
    *reply = sum_of(&settings);
    return STATUS_SUCCESS;
}

static NTSTATUS answer(PIO_STACK_LOCATION stack, ULONG *buffer)
{
    if (stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(ULONG) ||
        stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(ULONG))
        return STATUS_BUFFER_TOO_SMALL;
    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
    case CTL_CODE(FILE_DEVICE_UNKNOWN, LOOK_UP, METHOD_BUFFERED, FILE_ANY_ACCESS):
        return answer_look_up(buffer, (SCHAR)*buffer);
    case CTL_CODE(FILE_DEVICE_UNKNOWN, STATE, METHOD_BUFFERED, FILE_ANY_ACCESS):
        return answer_state(buffer);
    case CTL_CODE(FILE_DEVICE_UNKNOWN, SUM, METHOD_BUFFERED, FILE_ANY_ACCESS):
        return answer_sum(buffer);
    case CTL_CODE(FILE_DEVICE_UNKNOWN, PEEK, METHOD_BUFFERED, FILE_ANY_ACCESS):
        return answer_peek(buffer, (SCHAR)*buffer);
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    NTSTATUS status = answer(stack, irp->AssociatedIrp.SystemBuffer);

    irp->IoStatus.Status = status;
    irp->IoStatus.Information = NT_SUCCESS(status) ? sizeof(ULONG) : 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT); /* MISTAKE: reply-unwritten */
    DEFECT_KEEP_FRAME();
    return status;
}
