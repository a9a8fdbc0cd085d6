/* In front of the routines by which drivers make, free and use again their own IRPs. */
#include <sysbuf/host.h>

#include "host/ke/ke.h"
#include "host/verifier/interpose.h"
#include "host/verifier/irp.h"
#include "host/verifier/watch.h"

static PIRP made(PIRP irp, const void *caller)
{
    if (irp)
        verifier_irp_made(irp, caller);
    return irp;
}

static PIRP NTAPI watch_IoAllocateIrp(CCHAR stack_size, BOOLEAN charge_quota)
{
    return made(IoAllocateIrp(stack_size, charge_quota), __builtin_return_address(0));
}
SB_WATCH("IoAllocateIrp", watch_IoAllocateIrp)

static PIRP NTAPI watch_IoAllocateIrpEx(PDEVICE_OBJECT device, CCHAR stack_size,
                                        BOOLEAN charge_quota)
{
    return made(IoAllocateIrp(stack_size, charge_quota), __builtin_return_address(0));
}
SB_WATCH("IoAllocateIrpEx", watch_IoAllocateIrpEx)

static PIRP NTAPI watch_IoBuildAsynchronousFsdRequest(ULONG major, PDEVICE_OBJECT device,
                                                      PVOID buffer, ULONG length,
                                                      PLARGE_INTEGER offset,
                                                      PIO_STATUS_BLOCK result)
{
    return made(IoBuildAsynchronousFsdRequest(major, device, buffer, length, offset, result),
                __builtin_return_address(0));
}
SB_WATCH("IoBuildAsynchronousFsdRequest", watch_IoBuildAsynchronousFsdRequest)

static PIRP NTAPI watch_IoBuildSynchronousFsdRequest(ULONG major, PDEVICE_OBJECT device,
                                                     PVOID buffer, ULONG length,
                                                     PLARGE_INTEGER offset, PKEVENT event,
                                                     PIO_STATUS_BLOCK result)
{
    return made(IoBuildSynchronousFsdRequest(major, device, buffer, length, offset, event, result),
                __builtin_return_address(0));
}
SB_WATCH("IoBuildSynchronousFsdRequest", watch_IoBuildSynchronousFsdRequest)

static PIRP NTAPI watch_IoBuildDeviceIoControlRequest(ULONG code, PDEVICE_OBJECT device,
                                                      PVOID input, ULONG input_length, PVOID output,
                                                      ULONG output_length, BOOLEAN internal,
                                                      PKEVENT event, PIO_STATUS_BLOCK result)
{
    return made(IoBuildDeviceIoControlRequest(code, device, input, input_length, output,
                                              output_length, internal, event, result),
                __builtin_return_address(0));
}
SB_WATCH("IoBuildDeviceIoControlRequest", watch_IoBuildDeviceIoControlRequest)

static VOID NTAPI watch_IoReuseIrp(PIRP irp, NTSTATUS status)
{
    struct verifier_irps *irps = verifier_irps();
    linux_lock(&irps->lock);
    struct irp_record *record = irp_find(irps, irp);
    if (record)
        irp_forget_uses(record);
    linux_unlock(&irps->lock);
    IoReuseIrp(irp, status);
}
SB_WATCH("IoReuseIrp", watch_IoReuseIrp)

static VOID NTAPI watch_IoInitializeIrp(PIRP irp, USHORT size, CCHAR stack_size)
{
    struct verifier_irps *irps = verifier_irps();
    linux_lock(&irps->lock);
    struct irp_record *record = irp_find(irps, irp);
    if (record)
        irp_forget_uses(record);
    linux_unlock(&irps->lock);
    IoInitializeIrp(irp, size, stack_size);
}
SB_WATCH("IoInitializeIrp", watch_IoInitializeIrp)

/* What is wrong with freeing it. */
enum bad_free { FREE_FINE, FREE_AGAIN, FREE_NO_IRP, FREE_THREADED, FREE_FOREIGN, FREE_IN_USE };

static enum bad_free judge_known(const struct irp_record *record, const IRP *irp)
{
    ULONG location = (ULONG)irp->CurrentLocation;
    if (irp->AllocationFlags & IO_IRP_QUEUED)
        return FREE_THREADED;
    if (!record->is_drivers)
        return FREE_FOREIGN;
    if (location >= 1 && location <= record->count && record->locations[location].is_sent &&
        !record->locations[location].is_done)
        return FREE_IN_USE;
    return FREE_FINE;
}

/* Associated IRPs are made by a driver and freed by the host, or by the driver that failed to use
 * them. */
static enum bad_free judge(PIRP irp)
{
    struct verifier_irps *irps = verifier_irps();
    enum bad_free result = FREE_FINE;
    USHORT type = 0;
    linux_lock(&irps->lock);
    struct irp_record *record = irp_find(irps, irp);
    if (record && record->is_freed)
        result = FREE_AGAIN;
    else if (!linux_copy_guarded(&type, &irp->Type, sizeof(type)) || type != IO_TYPE_IRP)
        result = FREE_NO_IRP;
    else if (record && !(irp->Flags & IRP_ASSOCIATED_IRP))
        result = judge_known(record, irp);
    linux_unlock(&irps->lock);
    return result;
}

static VOID NTAPI watch_IoFreeIrp(PIRP irp)
{
    const void *caller = __builtin_return_address(0);
    ULONG_PTR parameters[3] = {(ULONG_PTR)irp};
    enum bad_free result = verifier_checks(SB_VERIFY_IRP) ? judge(irp) : FREE_FINE;
    switch (result) {
    case FREE_FINE:
        IoFreeIrp(irp);
        return;
    case FREE_AGAIN:
        verifier_report(RULE_IRP_FREED_BAD, caller, parameters,
                        "IoFreeIrp was given the IRP at %p, which was completed or freed before",
                        irp);
        return;
    case FREE_NO_IRP:
        verifier_report(RULE_IRP_FREED_BAD, caller, parameters,
                        "IoFreeIrp was given %p, which is no IRP", irp);
        return;
    case FREE_THREADED:
        verifier_report(RULE_IRP_FREED_THREADED, caller, parameters,
                        "the IRP at %p was freed although it belongs to its thread, which the I/O "
                        "manager frees when it is completed",
                        irp);
        return;
    case FREE_FOREIGN:
        verifier_report(RULE_IRP_FREED_IN_USE, caller, parameters,
                        "the IRP at %p was freed by a driver that did not allocate it", irp);
        return;
    case FREE_IN_USE:
        verifier_report(RULE_IRP_FREED_IN_USE, caller, parameters,
                        "the IRP at %p was freed while the driver it was sent to still has it",
                        irp);
        return;
    }
}
SB_WATCH("IoFreeIrp", watch_IoFreeIrp)
