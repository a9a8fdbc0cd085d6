/* Counts in a pageable variable with a spin lock held. SEQUENCE: scheduled CALLS: buffered */
#define HAS_LOAD
#include "defect.h"

static KSPIN_LOCK lock;
#if DEFECT
__attribute__((section("PAGEDATA")))
#endif
static volatile LONG calls = 1;

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    KeInitializeSpinLock(&lock);
    return STATUS_SUCCESS;
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;
    KeAcquireSpinLock(&lock, &irql);
    calls++; /* MISTAKE: pageable-section-at-dispatch */
    KeReleaseSpinLock(&lock, irql);
    return complete(irp, STATUS_SUCCESS, 0);
}
