/* In front of waits and signals: objects that are none, and dispatcher mutexes. */
#include <sysbuf/host.h>

#include "host/ke/ke.h"
#include "host/verifier/interpose.h"
#include "host/verifier/lock.h"
#include "host/verifier/stop.h"

/* Others may be linking their waits just now. */
static BOOLEAN has_wait_list(const DISPATCHER_HEADER *header)
{
    struct machine *machine = current_machine();
    ke_dispatcher_lock(machine);
    BOOLEAN has = header->WaitListHead.Flink && header->WaitListHead.Blink;
    ke_dispatcher_unlock(machine);
    return has;
}

/* The type is first: what cannot be read is found without the lock. */
static BOOLEAN is_dispatcher_object(const DISPATCHER_HEADER *header)
{
    const ULONG types = 1 << DISPATCHER_NOTIFICATION_EVENT | 1 << DISPATCHER_SYNCHRONIZATION_EVENT |
                        1 << DISPATCHER_MUTANT | 1 << DISPATCHER_PROCESS | 1 << DISPATCHER_QUEUE |
                        1 << DISPATCHER_SEMAPHORE | 1 << DISPATCHER_THREAD |
                        1 << DISPATCHER_NOTIFICATION_TIMER | 1 << DISPATCHER_SYNCHRONIZATION_TIMER;
    return header->Type < 32 && (types >> header->Type & 1) && has_wait_list(header);
}

static void need_object(const void *object, const char *routine, const void *caller)
{
    ULONG_PTR parameters[3] = {(ULONG_PTR)object};
    if (verifier_checks(SB_VERIFY_LOCKS) && !is_dispatcher_object(object))
        verifier_stop(
            RULE_OBJECT_UNINITIALIZED, caller, parameters,
            "%s was given %p, which is no event, mutex, semaphore, timer or thread: it was "
            "never initialised, or is overwritten",
            routine, object);
}

/* ---- dispatcher mutexes ---- */
static BOOLEAN is_mutex(const void *object)
{
    return ((const DISPATCHER_HEADER *)object)->Type == DISPATCHER_MUTANT &&
           ((const KMUTANT *)object)->ApcDisable;
}

static struct lock_use mutex_use(const void *mutex, const void *caller)
{
    return (struct lock_use){.kind = LOCK_MUTEX, .lock = mutex, .caller = caller};
}

/* A wait that ends by itself is no deadlock. */
static void wanted(void *object, const LARGE_INTEGER *timeout, const void *caller)
{
    if (timeout || !verifier_checks(SB_VERIFY_LOCKS) || !is_mutex(object))
        return;
    struct lock_use use = mutex_use(object, caller);
    verifier_lock_wanted(&use);
}

static void taken(void *object, const void *caller)
{
    if (!verifier_checks(SB_VERIFY_LOCKS) || !is_mutex(object) ||
        ((const KMUTANT *)object)->OwnerThread != &current_thread()->Tcb)
        return;
    struct lock_use use = mutex_use(object, caller);
    verifier_lock_taken(&use);
}

/* 0xC4, 0x123: what waits in user mode may be swapped out, and its stack with it. */
static void need_resident(void *object, KPROCESSOR_MODE mode, const void *caller)
{
    PETHREAD thread = current_thread();
    ULONG_PTR parameters[3] = {(ULONG_PTR)object};
    if (mode != UserMode || !verifier_checks(SB_VERIFY_LOCKS))
        return;
    if ((uint64_t)object >= thread->stack_low && (uint64_t)object < thread->stack_high)
        verifier_report(RULE_WAIT_USER_STACK, caller, parameters,
                        "a wait in user mode is for the object at %p on the thread's own stack",
                        object);
}

static NTSTATUS NTAPI watch_KeWaitForSingleObject(PVOID object, KWAIT_REASON reason,
                                                  KPROCESSOR_MODE mode, BOOLEAN alertable,
                                                  PLARGE_INTEGER timeout)
{
    const void *caller = __builtin_return_address(0);
    need_object(object, "KeWaitForSingleObject", caller);
    need_resident(object, mode, caller);
    wanted(object, timeout, caller);
    NTSTATUS status = KeWaitForSingleObject(object, reason, mode, alertable, timeout);
    if (status == STATUS_SUCCESS || status == STATUS_ABANDONED)
        taken(object, caller);
    return status;
}
SB_WATCH("KeWaitForSingleObject", watch_KeWaitForSingleObject)
SB_WATCH("KeWaitForMutexObject", watch_KeWaitForSingleObject)

static void taken_of(ULONG count, PVOID objects[], WAIT_TYPE type, NTSTATUS status,
                     const void *caller)
{
    ULONG first = status >= STATUS_ABANDONED && status < STATUS_ABANDONED + 64
                      ? (ULONG)(status - STATUS_ABANDONED)
                      : (ULONG)status;
    if (first >= count)
        return;
    if (type == WaitAny) {
        taken(objects[first], caller);
        return;
    }
    for (ULONG i = 0; i < count; i++)
        taken(objects[i], caller);
}

static NTSTATUS NTAPI watch_KeWaitForMultipleObjects(ULONG count, PVOID objects[], WAIT_TYPE type,
                                                     KWAIT_REASON reason, KPROCESSOR_MODE mode,
                                                     BOOLEAN alertable, PLARGE_INTEGER timeout,
                                                     PKWAIT_BLOCK blocks)
{
    const void *caller = __builtin_return_address(0);
    for (ULONG i = 0; i < count && i < MAXIMUM_WAIT_OBJECTS; i++) {
        need_object(objects[i], "KeWaitForMultipleObjects", caller);
        need_resident(objects[i], mode, caller);
    }
    NTSTATUS status =
        KeWaitForMultipleObjects(count, objects, type, reason, mode, alertable, timeout, blocks);
    taken_of(count, objects, type, status, caller);
    return status;
}
SB_WATCH("KeWaitForMultipleObjects", watch_KeWaitForMultipleObjects)

static LONG NTAPI watch_KeReleaseMutex(PRKMUTEX mutex, BOOLEAN wait)
{
    struct lock_use use = mutex_use(mutex, __builtin_return_address(0));
    need_object(mutex, "KeReleaseMutex", use.caller);
    if (verifier_checks(SB_VERIFY_LOCKS))
        verifier_lock_released(&use); /* the routine itself raises when it is not held */
    return KeReleaseMutex(mutex, wait);
}
SB_WATCH("KeReleaseMutex", watch_KeReleaseMutex)

/* ---- what is initialised has no history ---- */
static VOID NTAPI watch_KeInitializeMutex(PRKMUTEX mutex, ULONG level)
{
    verifier_locks_forget(mutex, sizeof(ULONG));
    KeInitializeMutex(mutex, level);
}
SB_WATCH("KeInitializeMutex", watch_KeInitializeMutex)

/* ExInitializeFastMutex is inline, but for its event. */
static VOID NTAPI watch_KeInitializeEvent(PRKEVENT event, EVENT_TYPE type, BOOLEAN state)
{
    verifier_locks_forget(CONTAINING_RECORD(event, FAST_MUTEX, Event), sizeof(ULONG));
    KeInitializeEvent(event, type, state);
}
SB_WATCH("KeInitializeEvent", watch_KeInitializeEvent)

/* ---- what signals ---- */
static LONG NTAPI watch_KeSetEvent(PRKEVENT event, KPRIORITY increment, BOOLEAN wait)
{
    need_object(event, "KeSetEvent", __builtin_return_address(0));
    return KeSetEvent(event, increment, wait);
}
SB_WATCH("KeSetEvent", watch_KeSetEvent)

static LONG NTAPI watch_KeReleaseSemaphore(PRKSEMAPHORE semaphore, KPRIORITY increment,
                                           LONG adjustment, BOOLEAN wait)
{
    need_object(semaphore, "KeReleaseSemaphore", __builtin_return_address(0));
    return KeReleaseSemaphore(semaphore, increment, adjustment, wait);
}
SB_WATCH("KeReleaseSemaphore", watch_KeReleaseSemaphore)
