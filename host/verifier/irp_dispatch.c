/* The way down: IoCallDriver, and what dispatch routines return. */
#include <sysbuf/host.h>

#include "host/ke/ke.h"
#include "host/ke/text.h"
#include "host/loader/loader.h"
#include "host/mm/mm.h"
#include "host/verifier/irp.h"
#include "host/verifier/irql.h"
#include "host/verifier/stop.h"
#include "host/verifier/watch.h"

static BOOLEAN checks_requests(void)
{
    return verifier_checks(SB_VERIFY_IRP);
}

static void report_routine(enum verifier_rule rule, const void *routine,
                           const ULONG_PTR *parameters, const char *format, ...)
    __attribute__((ms_abi));
static void __attribute__((ms_abi))
report_routine(enum verifier_rule rule, const void *routine, const ULONG_PTR *parameters,
               const char *format, ...)
{
    struct verifier_place place = {.caller = routine, .is_exact = TRUE};
    char message[VERIFIER_MESSAGE_SIZE];
    __builtin_ms_va_list arguments;

    __builtin_ms_va_start(arguments, format);
    text_format_list(message, sizeof(message), format, arguments);
    __builtin_ms_va_end(arguments);
    verifier_report_at(rule, &place, parameters, "%s", message);
}

/* ---- before a request is sent ---- */
static void need_device(PDEVICE_OBJECT device, PIRP irp, const void *caller)
{
    struct _DRIVER_OBJECT *driver = NULL;
    SHORT type = 0;
    ULONG_PTR parameters[3] = {(ULONG_PTR)device, (ULONG_PTR)irp};
    if (!device)
        verifier_stop(RULE_IRP_NO_DEVICE, caller, parameters,
                      "IoCallDriver was given no device (NULL) for the IRP at %p", irp);
    if (linux_copy_guarded(&type, &device->Type, sizeof(type)) && type == IO_TYPE_DEVICE &&
        linux_copy_guarded(&driver, &device->DriverObject, sizeof(driver)) && driver)
        return;
    verifier_stop(RULE_IRP_BAD_DEVICE, caller, parameters,
                  "IoCallDriver was given %p, which is no device object (any more)", device);
}

static void need_irp(PIRP irp, const void *caller)
{
    struct verifier_irps *irps = verifier_irps();
    ULONG_PTR parameters[3] = {(ULONG_PTR)irp};
    USHORT type = 0;
    linux_lock(&irps->lock);
    struct irp_record *record = irp_find(irps, irp);
    BOOLEAN is_freed = record && record->is_freed;
    linux_unlock(&irps->lock);
    if (is_freed)
        verifier_stop(RULE_IRP_USED_AFTER, caller, parameters,
                      "IoCallDriver was given the IRP at %p, which was completed or freed before",
                      irp);
    if (!linux_copy_guarded(&type, &irp->Type, sizeof(type)) || type != IO_TYPE_IRP)
        verifier_stop(RULE_IRP_BAD_TYPE, caller, parameters,
                      "IoCallDriver was given %p, which is no IRP", irp);
}

/* The next location as a driver leaves it that copied its own by hand: with the completion routine
 * that the driver above set for itself. */
static void check_copied_routine(PIRP irp, const void *caller)
{
    const UCHAR invoke = SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_ERROR | SL_INVOKE_ON_CANCEL;
    ULONG_PTR parameters[3] = {(ULONG_PTR)caller, (ULONG_PTR)irp};
    if (irp->CurrentLocation > irp->StackCount)
        return; /* the driver's own: there is no location above */
    PIO_STACK_LOCATION current = irp->Tail.Overlay.CurrentStackLocation, next = current - 1;
    if (!(next->Control & invoke) || next->CompletionRoutine != current->CompletionRoutine ||
        next->Context != current->Context || next->Control != current->Control ||
        !next->CompletionRoutine)
        return;
    verifier_report(RULE_IRP_COPIED_ROUTINE, caller, parameters,
                    "the next stack location of the IRP at %p has the completion routine %p of the "
                    "driver above, copied with the location",
                    irp, next->CompletionRoutine);
    next->Control = 0; /* as IoCopyCurrentIrpStackLocationToNext does */
}

/* Below this a pointer is a number. */
static BOOLEAN is_users(const void *address)
{
    enum { NO_ADDRESS = 0x10000 };
    return (uint64_t)address >= NO_ADDRESS && mm_is_user_address(address);
}

/* A request of the kernel's own is not probed: nobody below looks at its addresses. */
static void check_user_address(PIRP irp, const void *caller)
{
    const IO_STACK_LOCATION *next = IoGetNextIrpStackLocation(irp);
    const void *address = is_users(irp->UserBuffer) ? irp->UserBuffer : NULL;
    BOOLEAN is_neither = next->MajorFunction == IRP_MJ_DEVICE_CONTROL &&
                         (next->Parameters.DeviceIoControl.IoControlCode & 3) == METHOD_NEITHER;
    if (!address && is_neither && is_users(next->Parameters.DeviceIoControl.Type3InputBuffer))
        address = next->Parameters.DeviceIoControl.Type3InputBuffer;
    if (irp->RequestorMode != KernelMode || !address ||
        !loader_find(current_machine(), (uint64_t)caller))
        return;
    verifier_report(
        RULE_IRP_USER_ADDRESS, caller, (ULONG_PTR[3]){(ULONG_PTR)irp, (ULONG_PTR)address},
        "the IRP at %p has RequestorMode KernelMode and holds the user address %p", irp, address);
}

void verifier_irp_send(PDEVICE_OBJECT device, PIRP irp, const void *caller)
{
    KIRQL irql = KeGetCurrentIrql();
    ULONG_PTR parameters[3] = {irql, (ULONG_PTR)irp};
    if (!checks_requests())
        return;
    need_irp(irp, caller);
    if (irp->CurrentLocation <= 1)
        verifier_stop(RULE_IRP_NO_LOCATION, caller, (ULONG_PTR[3]){(ULONG_PTR)irp},
                      "the IRP at %p was sent on although all its %d stack locations are used", irp,
                      irp->StackCount);
    need_device(device, irp, caller);
    if (irql > DISPATCH_LEVEL)
        verifier_report(RULE_IRP_SENT_HIGH, caller, parameters,
                        "IoCallDriver was called at %s (%u)", verifier_irql_name(irql), irql);
    if (irp->CancelRoutine && irp->CurrentLocation <= irp->StackCount)
        verifier_report(RULE_IRP_SENT_CANCELABLE, caller, (ULONG_PTR[3]){0, (ULONG_PTR)irp},
                        "the IRP at %p was sent on with the cancel routine %p set", irp,
                        irp->CancelRoutine);
    check_copied_routine(irp, caller);
    check_user_address(irp, caller);
}

/* ---- around the dispatch routine ---- */
static void note_request(struct verifier_request *request)
{
    struct verifier_irps *irps = verifier_irps();
    PIRP irp = request->irp;
    request->location = (ULONG)irp->CurrentLocation;
    request->was_marked =
        (irp->Tail.Overlay.CurrentStackLocation->Control & SL_PENDING_RETURNED) != 0;
    linux_lock(&irps->lock);
    struct irp_record *record = irp_find(irps, irp);
    struct irp_location *location = record ? irp_location(record, (LONG)request->location) : NULL;
    if (location) {
        request->serial = record->serial;
        if (!location->is_sent || location->is_done) /* not shared with a driver above */
            *location = (struct irp_location){.is_sent = TRUE};
        location->routine = request->callback.routine;
        location->device = (PDEVICE_OBJECT)request->callback.object;
    }
    linux_unlock(&irps->lock);
}

void verifier_request_begin(struct verifier_request *request)
{
    request->serial = 0;
    if (verifier_knows_irps())
        note_request(request);
    verifier_callback_begin(&request->callback);
}

static void report_unfinished(const struct verifier_request *request, NTSTATUS answer,
                              BOOLEAN is_marked)
{
    const void *routine = request->callback.routine;
    ULONG_PTR parameters[3] = {(ULONG_PTR)routine, (ULONG_PTR)request->irp,
                               (ULONG_PTR)request->callback.object};
    if (is_marked)
        report_routine(
            RULE_IRP_MARKED_NOT_RETURNED, routine, parameters,
            "the dispatch routine at %p marked the IRP at %p pending and returned 0x%08x "
            "instead of STATUS_PENDING",
            routine, request->irp, answer);
    else
        report_routine(
            RULE_IRP_UNFINISHED, routine, parameters,
            "the dispatch routine at %p returned 0x%08x and neither completed the IRP at "
            "%p nor sent it on nor marked it pending",
            routine, answer, request->irp);
}

void irp_compare(const void *irp, const struct irp_location *location)
{
    ULONG_PTR parameters[3] = {(ULONG_PTR)location->routine, (ULONG_PTR)irp,
                               (ULONG_PTR)location->device};
    if (!checks_requests())
        return;
    if (location->answer == STATUS_PENDING && !location->is_pending)
        report_routine(
            RULE_IRP_PENDING_NOT_MARKED, location->routine, parameters,
            "the dispatch routine at %p returned STATUS_PENDING for the IRP at %p, which "
            "was not marked pending (IoMarkIrpPending) when it was completed",
            location->routine, irp);
    else if (location->answer != STATUS_PENDING && location->is_pending)
        report_routine(
            RULE_IRP_MARKED_NOT_RETURNED, location->routine, parameters,
            "the dispatch routine at %p marked the IRP at %p pending and returned 0x%08x "
            "instead of STATUS_PENDING",
            location->routine, irp, location->answer);
    else if (location->answer != STATUS_PENDING && location->is_completer &&
             location->answer != location->status && location->status != STATUS_PENDING)
        report_routine(
            RULE_IRP_STATUS_DIFFERS, location->routine, parameters,
            "the dispatch routine at %p returned 0x%08x and completed the IRP at %p with "
            "0x%08x",
            location->routine, location->answer, irp, location->status);
}

/* The answer is known; *found is what is known of the location then. */
static BOOLEAN note_answer(const struct verifier_request *request, NTSTATUS answer,
                           struct irp_location *found, BOOLEAN *is_marked)
{
    struct verifier_irps *irps = verifier_irps();
    PIRP irp = request->irp;
    linux_lock(&irps->lock);
    struct irp_record *record = irp_find(irps, irp);
    struct irp_location *location = record && record->serial == request->serial
                                        ? irp_location(record, (LONG)request->location)
                                        : NULL;
    /* A driver above that shares the location and passes the answer on is not asked again. */
    BOOLEAN is_known = location && location->is_sent && !location->is_reported &&
                       !(location->has_returned && location->answer == answer);
    if (is_known) {
        /* Nobody frees it before completion has passed here, which needs the lock. */
        if (!location->is_done && !record->is_freed)
            *is_marked = ((PIO_STACK_LOCATION)(irp + 1))[request->location - 1].Control &
                         SL_PENDING_RETURNED;
        location->has_returned = TRUE;
        location->answer = answer;
        location->routine = request->callback.routine;
        *found = *location;
        is_known = location->is_done || !record->is_freed;
        if (!location->is_done && answer != STATUS_PENDING)
            location->is_reported = TRUE;
    }
    linux_unlock(&irps->lock);
    return is_known;
}

void verifier_request_end(struct verifier_request *request, NTSTATUS answer)
{
    const NTSTATUS garbage = (NTSTATUS)0xFFFFFFFF;
    const void *routine = request->callback.routine;
    struct irp_location location;
    BOOLEAN is_marked = FALSE;
    verifier_callback_end(&request->callback);
    if (!verifier_knows_irps())
        return;
    BOOLEAN is_known = note_answer(request, answer, &location, &is_marked);
    if (!checks_requests())
        return;
    if (answer == garbage) {
        ULONG_PTR parameters[3] = {(ULONG_PTR)routine, (ULONG_PTR)request->irp};
        report_routine(RULE_IRP_GARBAGE_ANSWER, routine, parameters,
                       "the dispatch routine at %p returned 0xffffffff", routine);
        return;
    }
    if (!is_known)
        return;
    if (location.is_done) {
        if (!(request->was_marked && location.is_pending && answer != STATUS_PENDING))
            irp_compare(request->irp, &location);
    } else if (answer != STATUS_PENDING && !(is_marked && request->was_marked)) {
        report_unfinished(request, answer, is_marked);
    }
}

/* A request that its caller gave up. */
void verifier_irp_not_cancelled(PIRP irp, ULONG milliseconds)
{
    PIO_STACK_LOCATION stack = irp->Tail.Overlay.CurrentStackLocation;
    ULONG_PTR parameters[3] = {(ULONG_PTR)irp, milliseconds};
    if (!checks_requests() || irp->CurrentLocation > irp->StackCount || !stack->DeviceObject)
        return;
    PDRIVER_OBJECT driver = stack->DeviceObject->DriverObject;
    const void *routine = (const void *)driver->MajorFunction[stack->MajorFunction];
    report_routine(RULE_IRP_CANCEL_TIMEOUT, routine, parameters,
                   "the IRP at %p (major function 0x%02x), which the dispatch routine at %p left "
                   "pending, was not completed within %u ms of its cancellation; %s",
                   irp, stack->MajorFunction, routine, milliseconds,
                   irp->CancelRoutine ? "its cancel routine is set" : "no cancel routine is set");
}
