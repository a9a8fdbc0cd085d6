/* The way up: IoCompleteRequest and the completion routines. */
#include <sysbuf/host.h>

#include "host/ke/ke.h"
#include "host/seh/crash.h"
#include "host/verifier/irp.h"
#include "host/verifier/irql.h"
#include "host/verifier/lock.h"
#include "host/verifier/stop.h"
#include "host/verifier/watch.h"

enum { PLACE_SIZE = 160 };

static void report_twice(PIRP irp, const void *caller, const void *first)
{
    char place[PLACE_SIZE] = "the host";
    ULONG_PTR parameters[3] = {0};
    if (first)
        crash_describe_address(current_machine(), (uint64_t)first, TRUE, place, sizeof(place));
    verifier_report(RULE_IRP_COMPLETED_TWICE, caller, parameters,
                    "the IRP at %p was completed a second time; the first was at %s", irp, place);
}

/* It came back to the driver that made it, which may free or send it again. */
static BOOLEAN is_back(const struct irp_record *record, const IRP *irp)
{
    return (ULONG)irp->CurrentLocation > record->count && record->locations[record->count].is_done;
}

/* FALSE: it is completed already; *first is where. */
static BOOLEAN note_completion(PIRP irp, const void *caller, const void **first)
{
    struct verifier_irps *irps = verifier_irps();
    if (!verifier_knows_irps())
        return TRUE;
    linux_lock(&irps->lock);
    struct irp_record *record = irp_find(irps, irp);
    BOOLEAN allowed = !record || (!record->is_freed && !is_back(record, irp));
    if (record && !allowed)
        *first = record->completed_by;
    if (record && allowed) {
        record->completed_by = caller;
        struct irp_location *location = irp_location(record, irp->CurrentLocation);
        if (location)
            location->is_completer = TRUE;
    }
    linux_unlock(&irps->lock);
    return allowed;
}

/* A request that ends "pending" never ends for who waits for it: it gets an error instead. */
static void check_status(PIRP irp, const void *caller)
{
    NTSTATUS status = irp->IoStatus.Status;
    ULONG_PTR parameters[3] = {(ULONG_PTR)(LONG_PTR)status, (ULONG_PTR)irp};
    if (status == STATUS_PENDING) {
        verifier_report(RULE_IRP_COMPLETED_PENDING, caller, parameters,
                        "the IRP at %p was completed with STATUS_PENDING", irp);
        irp->IoStatus.Status = STATUS_UNSUCCESSFUL;
    } else if (status == (NTSTATUS)0xFFFFFFFF) {
        verifier_report(RULE_IRP_COMPLETED_GARBAGE, caller, parameters,
                        "the IRP at %p was completed with the status 0xffffffff", irp);
    }
}

static void check_surroundings(PIRP irp, const void *caller)
{
    const struct verifier_held *held;
    KIRQL irql = KeGetCurrentIrql();
    if (irql > DISPATCH_LEVEL)
        verifier_report(RULE_IRP_COMPLETED_HIGH, caller, (ULONG_PTR[3]){irql, (ULONG_PTR)irp},
                        "IoCompleteRequest was called at %s (%u)", verifier_irql_name(irql), irql);
    else if (verifier_holds_spin_lock(&held))
        verifier_report(RULE_IRP_COMPLETED_LOCKED, caller, NULL,
                        "IoCompleteRequest was called with the spin lock at %p held", held->lock);
    if (irp->CancelRoutine)
        verifier_report(RULE_IRP_COMPLETED_CANCELABLE, caller,
                        (ULONG_PTR[3]){(ULONG_PTR)irp->CancelRoutine, (ULONG_PTR)irp},
                        "the IRP at %p was completed with the cancel routine %p still set", irp,
                        irp->CancelRoutine);
}

BOOLEAN verifier_irp_completing(PIRP irp, const void *caller)
{
    const void *first = NULL;
    if (!note_completion(irp, caller, &first)) {
        if (verifier_checks(SB_VERIFY_IRP))
            report_twice(irp, caller, first);
        return FALSE;
    }
    if (verifier_checks(SB_VERIFY_IRP) && irp->Type == IO_TYPE_IRP) {
        check_status(irp, caller);
        check_surroundings(irp, caller);
    }
    return TRUE;
}

void verifier_irp_passes(PIRP irp, ULONG passed)
{
    struct verifier_irps *irps = verifier_irps();
    struct irp_location known = {0};
    if (!verifier_knows_irps())
        return;
    linux_lock(&irps->lock);
    struct irp_record *record = irp_find(irps, irp);
    struct irp_location *location = record ? irp_location(record, (LONG)passed) : NULL;
    if (location && location->is_sent) {
        location->is_done = TRUE;
        location->is_pending = irp->PendingReturned;
        location->status = irp->IoStatus.Status;
        known = *location;
    }
    linux_unlock(&irps->lock);
    if (known.has_returned && !known.is_reported)
        irp_compare(irp, &known);
}
