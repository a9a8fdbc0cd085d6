/* Around every routine of a driver: it must leave IRQL, APC counts and locks as they were. */
#include <sysbuf/host.h>

#include "host/ex/ex.h"
#include "host/io/io.h"
#include "host/ke/ke.h"
#include "host/ke/text.h"
#include "host/loader/loader.h"
#include "host/verifier/irql.h"
#include "host/verifier/lock.h"
#include "host/verifier/watch.h"

static const char *name_of(const struct verifier_callback *call)
{
    static const char *const names[] = {
        "dispatch routine", "completion routine", "cancel routine", "DPC routine",      "work item",
        "thread routine",   "DriverEntry",        "DriverUnload",   "AddDevice routine"};
    return names[call->kind];
}

/* Calls that an exception jumped over lie below on the stack; what is on the guarded stack lies
 * below all of the thread's own. */
static BOOLEAN is_abandoned(const struct verifier_callback *call, ULONG_PTR here)
{
    BOOLEAN is_guarded = linux_guarded_stack_holds((ULONG_PTR)call);
    return is_guarded == linux_guarded_stack_holds(here) ? (ULONG_PTR)call < here : is_guarded;
}

static void forget_abandoned(struct verifier_thread *thread, ULONG_PTR here)
{
    while (thread->call && is_abandoned(thread->call, here)) {
        verifier_watch_until(thread, thread->call->watched_until);
        thread->call = thread->call->outer;
    }
}

void verifier_callback_begin(struct verifier_callback *call)
{
    struct verifier_thread *thread = verifier_thread();
    PETHREAD current = current_thread();
    call->irql = KeGetCurrentIrql();
    call->apc_disable = current->Tcb.combined_apc_disable;
    call->outer = NULL;
    call->held_count = 0;
    if (!thread)
        return;
    forget_abandoned(thread, (ULONG_PTR)call + 1);
    call->outer = thread->call;
    call->held_count = thread->held_count;
    if (call->kind == VERIFIER_CALLBACK_CANCEL && call->held_count &&
        thread->held[call->held_count - 1].caller == call->routine)
        call->held_count--; /* the cancel spin lock is the routine's to release */
    call->raised_by = thread->raised_by;
    call->disabled_by = thread->disabled_by;
    thread->raised_by = thread->disabled_by = NULL;
    thread->call = call;
    verifier_watch_begin(thread, call);
}

/* A resource or push lock may have been released by, or given to, another thread. */
static BOOLEAN is_still_held(const struct verifier_held *held)
{
    switch (held->kind) {
    case LOCK_RESOURCE:
        return ExIsResourceAcquiredSharedLite((PERESOURCE)held->lock) != 0;
    case LOCK_PUSH:
        return *(const volatile ULONG_PTR *)held->lock != 0;
    case LOCK_MUTEX:
        return ((const KMUTANT *)held->lock)->OwnerThread == &current_thread()->Tcb;
    default:
        return TRUE;
    }
}

/* A lock that one driver takes for another (or keeps until a later call of the same request) is
 * released before the thread leaves the kernel. */
static BOOLEAN must_be_released(const struct verifier_callback *call,
                                const struct verifier_held *held)
{
    BOOLEAN raises = held->kind == LOCK_SPIN || held->kind == LOCK_QUEUED;
    return raises || !call->outer;
}

/* What the driver's own release would have done, so that the machine can go on. */
static void release(const struct verifier_held *held)
{
    switch (held->kind) {
    case LOCK_SPIN:
        *(volatile KSPIN_LOCK *)held->lock = 0;
        break;
    case LOCK_QUEUED:
        KeReleaseInStackQueuedSpinLockFromDpcLevel(held->handle);
        break;
    case LOCK_FAST_MUTEX:
        ExReleaseFastMutexUnsafe((PFAST_MUTEX)held->lock);
        break;
    case LOCK_GUARDED_MUTEX:
        KeReleaseGuardedMutexUnsafe((PKGUARDED_MUTEX)held->lock);
        break;
    case LOCK_MUTEX:
        while (((const KMUTANT *)held->lock)->OwnerThread == &current_thread()->Tcb)
            KeReleaseMutex((PRKMUTEX)held->lock, FALSE);
        break;
    case LOCK_RESOURCE:
        while (ExIsResourceAcquiredSharedLite((PERESOURCE)held->lock))
            ExReleaseResourceForThreadLite((PERESOURCE)held->lock,
                                           (ERESOURCE_THREAD)current_thread());
        break;
    case LOCK_PUSH:
        break; /* without an owner: not known to be this thread's */
    }
}

static BOOLEAN is_cancel_lock(const struct verifier_held *held)
{
    return held->lock == &current_machine()->io->cancel_lock;
}

static void report_left(const struct verifier_callback *call, const struct verifier_held *held)
{
    ULONG_PTR parameters[3] = {(ULONG_PTR)held->lock, (ULONG_PTR)current_thread(),
                               (ULONG_PTR)call->routine};
    enum verifier_rule rule = RULE_LOCK_LEFT_HELD;
    if (call->kind == VERIFIER_CALLBACK_THREAD)
        rule = RULE_LOCK_THREAD_END;
    if (is_cancel_lock(held) && held->caller == call->routine) {
        struct verifier_place place = {.caller = call->routine, .is_exact = TRUE};
        verifier_report_at(RULE_CANCEL_LOCK_KEPT, &place, parameters,
                           "the cancel routine at %p returned with the cancel spin lock held",
                           call->routine);
        return;
    }
    verifier_report(rule, held->caller, parameters,
                    "the %s at %p, taken here, is still held when the %s at %p %s",
                    is_cancel_lock(held) ? "cancel spin lock" : verifier_lock_name(held->kind),
                    held->lock, name_of(call), call->routine,
                    call->kind == VERIFIER_CALLBACK_THREAD ? "ends" : "returns");
}

/* Locks taken since the call began; TRUE when there are any. */
static BOOLEAN check_locks(struct verifier_thread *thread, const struct verifier_callback *call)
{
    BOOLEAN found = FALSE;
    for (ULONG i = thread->held_count; i-- > call->held_count;) {
        struct verifier_held held = thread->held[i];
        BOOLEAN is_held = is_still_held(&held);
        if (is_held && !must_be_released(call, &held))
            continue;
        struct lock_use use = {.kind = held.kind, .lock = held.lock, .handle = held.handle};
        thread->held[i].count = 1;
        verifier_lock_released(&use);
        if (!is_held)
            continue;
        found = TRUE;
        report_left(call, &held);
        release(&held);
    }
    return found;
}

/* Where the driver did it, or else the routine's beginning. */
static void report_at(enum verifier_rule rule, const void *caller, const void *routine,
                      const ULONG_PTR *parameters, const char *message)
{
    struct verifier_place place = {.caller = caller ? caller : routine, .is_exact = !caller};
    verifier_report_at(rule, &place, parameters, "%s", message);
}

static void check_irql(const struct verifier_thread *thread, const struct verifier_callback *call,
                       KIRQL irql, BOOLEAN silent)
{
    char message[VERIFIER_MESSAGE_SIZE];
    enum verifier_rule rule = RULE_IRQL_ROUTINE_CHANGED;
    ULONG_PTR parameters[3] = {(ULONG_PTR)call->object, call->irql, irql};
    if (call->kind == VERIFIER_CALLBACK_DISPATCH)
        rule = RULE_IRQL_DISPATCH_CHANGED;
    else if (call->kind == VERIFIER_CALLBACK_COMPLETION)
        rule = RULE_IRQL_COMPLETION_CHANGED;
    text_format(message, sizeof(message),
                "the %s at %p was called at %s (%u) and returned at %s (%u)", name_of(call),
                call->routine, verifier_irql_name(call->irql), call->irql, verifier_irql_name(irql),
                irql);
    if (!silent)
        report_at(rule, irql > call->irql ? thread->raised_by : NULL, call->routine, parameters,
                  message);
}

static void check_apc_disable(const struct verifier_thread *thread,
                              const struct verifier_callback *call, BOOLEAN silent)
{
    PKTHREAD current = &current_thread()->Tcb;
    LONG now = current->combined_apc_disable;
    char message[VERIFIER_MESSAGE_SIZE];
    ULONG_PTR parameters[3] = {(ULONG_PTR)call->routine, (ULONG_PTR)now,
                               (ULONG_PTR)call->apc_disable};
    text_format(message, sizeof(message),
                "the %s at %p changed the thread's APC disable count from %d to %d", name_of(call),
                call->routine, (SHORT)call->apc_disable, (SHORT)now);
    if (!silent)
        report_at(RULE_REGION_LEFT_OPEN, thread->disabled_by, call->routine, parameters, message);
    current->combined_apc_disable = call->apc_disable;
    ke_poll_soft_interrupts();
}

/* A mutex, and a region around it, may be kept over calls between drivers. */
static BOOLEAN apc_disable_must_match(const struct verifier_callback *call)
{
    return !call->outer || call->kind == VERIFIER_CALLBACK_DPC;
}

void verifier_callback_end(struct verifier_callback *call)
{
    struct verifier_thread *thread = verifier_thread();
    KIRQL irql = KeGetCurrentIrql();
    if (!thread)
        return;
    forget_abandoned(thread, (ULONG_PTR)call);
    if (thread->call != call)
        return;
    BOOLEAN left = verifier_checks(SB_VERIFY_LOCKS) && check_locks(thread, call);
    irql = left ? KeGetCurrentIrql() : irql;
    if (irql != call->irql) {
        check_irql(thread, call, irql, left || !verifier_checks(SB_VERIFY_IRQL));
        current_kpcr()->irql = call->irql;
        ke_poll_soft_interrupts();
    }
    if (current_thread()->Tcb.combined_apc_disable != call->apc_disable &&
        apc_disable_must_match(call))
        check_apc_disable(thread, call, left || !verifier_checks(SB_VERIFY_IRQL));
    if (call->kind == VERIFIER_CALLBACK_ENTRY || call->kind == VERIFIER_CALLBACK_ADD_DEVICE)
        verifier_check_devices((PDRIVER_OBJECT)call->object,
                               call->kind == VERIFIER_CALLBACK_ADD_DEVICE);
    thread->raised_by = call->raised_by;
    thread->disabled_by = call->disabled_by;
    verifier_watch_end(thread, call);
    thread->call = call->outer;
}

/* ---- the cancel spin lock goes from the host to the routine ---- */
void verifier_cancel_lock(const void *routine)
{
    struct lock_use use = {
        .kind = LOCK_SPIN, .lock = &current_machine()->io->cancel_lock, .caller = routine};
    BOOLEAN is_drivers = loader_find(current_machine(), (uint64_t)routine) != NULL;
    if (is_drivers && verifier_checks(SB_VERIFY_LOCKS)) /* the host's own let go of it unseen */
        verifier_lock_taken(&use);
}
