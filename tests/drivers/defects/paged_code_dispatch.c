/* Calls a pageable function with a spin lock held. SEQUENCE: scheduled CALLS: buffered */
#define HAS_LOAD
#include "defect.h"

static KSPIN_LOCK lock;
static volatile LONG calls;

__attribute__((section("PAGE"))) static DEFECT_NOINLINE void count(void)
{ /* MISTAKE: pageable-section-at-dispatch */
    DbgPrint("call %d\n", calls++);
    DEFECT_KEEP_FRAME();
}

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    KeInitializeSpinLock(&lock);
    return STATUS_SUCCESS;
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    KIRQL irql;
    KeAcquireSpinLock(&lock, &irql);
    if (DEFECT)
        count();
    KeReleaseSpinLock(&lock, irql);
    count();
    return complete(irp, STATUS_SUCCESS, 0);
}
