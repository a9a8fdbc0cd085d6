/* Reads user memory with a spin lock held. COMPILER: clang CALLS: neither */
#define HAS_LOAD
#include "defect.h"

static KSPIN_LOCK lock;

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    KeInitializeSpinLock(&lock);
    return STATUS_SUCCESS;
}

static ULONG read_first(const volatile ULONG *input)
{
    KIRQL irql = KeGetCurrentIrql();
    ULONG first;
    if (DEFECT)
        KeAcquireSpinLock(&lock, &irql);
    first = *input; /* MISTAKE: user-memory-at-dispatch */
    if (DEFECT)
        KeReleaseSpinLock(&lock, irql);
    return first;
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    PVOID input = stack->Parameters.DeviceIoControl.Type3InputBuffer;
    NTSTATUS status = STATUS_SUCCESS;
    __try {
        ProbeForRead(input, sizeof(ULONG), sizeof(ULONG));
        DbgPrint("%u\n", read_first(input));
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return complete(irp, status, 0);
}
