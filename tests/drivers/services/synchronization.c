/* Synchronization objects by handle, kernel queues, interrupts, processors. */
#include "services.h"

typedef NTSTATUS(NTAPI *create_mutant)(PHANDLE handle, ACCESS_MASK access,
                                       POBJECT_ATTRIBUTES attributes, BOOLEAN owned);
typedef NTSTATUS(NTAPI *create_semaphore)(PHANDLE handle, ACCESS_MASK access,
                                          POBJECT_ATTRIBUTES attributes, LONG initial,
                                          LONG maximum);
typedef NTSTATUS(NTAPI *open_object)(PHANDLE handle, ACCESS_MASK access,
                                     POBJECT_ATTRIBUTES attributes);
typedef NTSTATUS(NTAPI *query_object)(HANDLE handle, ULONG class, PVOID buffer, ULONG length,
                                      PULONG returned);
typedef NTSTATUS(NTAPI *release_mutant)(HANDLE handle, PLONG previous);
typedef NTSTATUS(NTAPI *release_semaphore)(HANDLE handle, LONG count, PLONG previous);

static LARGE_INTEGER no_time;

struct mutant_state {
    LONG count;
    BOOLEAN owned, abandoned;
};

static struct mutant_state mutant_state(HANDLE mutant)
{
    struct mutant_state state = {0};
    query_object query = routine(L"ZwQueryMutant");

    CHECK_STATUS(STATUS_SUCCESS, query(mutant, 0, &state, sizeof state, NULL));
    return state;
}

static void die_with_mutant(void *context)
{
    CHECK_STATUS(STATUS_SUCCESS, ZwWaitForSingleObject(*(HANDLE *)context, FALSE, &no_time));
}

static void release_as_stranger(void *context)
{
    release_mutant release = routine(L"ZwReleaseMutant");

    CHECK_STATUS(STATUS_TIMEOUT, ZwWaitForSingleObject(*(HANDLE *)context, FALSE, &no_time));
    CHECK_STATUS(STATUS_MUTANT_NOT_OWNED, release(*(HANDLE *)context, NULL));
}

void check_mutant_objects(void)
{
    create_mutant create = routine(L"ZwCreateMutant");
    open_object open = routine(L"ZwOpenMutant");
    release_mutant release = routine(L"ZwReleaseMutant");
    query_object query = routine(L"ZwQueryMutant");
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\ServicesMutant");
    OBJECT_ATTRIBUTES attributes;
    HANDLE mutant, second;
    LONG before = 77;

    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL,
                               NULL);
    CHECK_STATUS(STATUS_SUCCESS, create(&mutant, 0x1F0001, &attributes, TRUE));
    CHECK_STATUS(STATUS_OBJECT_NAME_COLLISION, create(&second, 0x1F0001, &attributes, TRUE));
    CHECK_STATUS(STATUS_SUCCESS, open(&second, SYNCHRONIZE, &attributes));
    CHECK(mutant_state(mutant).count == 0 && mutant_state(mutant).owned);
    CHECK_STATUS(STATUS_INFO_LENGTH_MISMATCH, query(mutant, 0, &before, 4, NULL));
    CHECK_STATUS(STATUS_INVALID_INFO_CLASS, query(mutant, 9, &before, 8, NULL));
    on_another_thread(release_as_stranger, &second);
    CHECK_STATUS(STATUS_SUCCESS, ZwWaitForSingleObject(mutant, FALSE, &no_time));
    CHECK(mutant_state(mutant).count == -1);
    CHECK_STATUS(STATUS_SUCCESS, release(mutant, &before));
    CHECK(before == -1);
    CHECK_STATUS(STATUS_SUCCESS, release(mutant, NULL));
    CHECK_STATUS(STATUS_MUTANT_NOT_OWNED, release(mutant, NULL));
    on_another_thread(die_with_mutant, &mutant);
    CHECK(mutant_state(mutant).abandoned && !mutant_state(mutant).owned);
    CHECK_STATUS(STATUS_ABANDONED_WAIT_0, ZwWaitForSingleObject(mutant, FALSE, NULL));
    ZwClose(second);
    ZwClose(mutant); /* owned: nothing of it stays with the thread */
    CHECK_STATUS(STATUS_OBJECT_NAME_NOT_FOUND, open(&second, SYNCHRONIZE, &attributes));
}

void check_semaphore_objects(void)
{
    create_semaphore create = routine(L"ZwCreateSemaphore");
    release_semaphore release = routine(L"ZwReleaseSemaphore");
    query_object query = routine(L"ZwQuerySemaphore");
    OBJECT_ATTRIBUTES attributes;
    HANDLE semaphore;
    LONG before = 77, state[2];
    ULONG returned;

    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_STATUS(STATUS_INVALID_PARAMETER, create(&semaphore, 0x1F0003, &attributes, 3, 2));
    CHECK_STATUS(STATUS_INVALID_PARAMETER, create(&semaphore, 0x1F0003, &attributes, 0, 0));
    CHECK_STATUS(STATUS_INVALID_PARAMETER, create(&semaphore, 0x1F0003, &attributes, -1, 2));
    CHECK_STATUS(STATUS_SUCCESS, create(&semaphore, 0x1F0003, &attributes, 1, 2));
    CHECK_STATUS(STATUS_SUCCESS, ZwWaitForSingleObject(semaphore, FALSE, &no_time));
    CHECK_STATUS(STATUS_TIMEOUT, ZwWaitForSingleObject(semaphore, FALSE, &no_time));
    CHECK_STATUS(STATUS_INVALID_PARAMETER, release(semaphore, 0, NULL));
    CHECK_STATUS(STATUS_SUCCESS, release(semaphore, 2, &before));
    CHECK(before == 0);
    CHECK_STATUS(STATUS_SEMAPHORE_LIMIT_EXCEEDED, release(semaphore, 1, &before));
    CHECK(before == 0);
    CHECK_STATUS(STATUS_SUCCESS, query(semaphore, 0, state, sizeof state, &returned));
    CHECK(state[0] == 2 && state[1] == 2 && returned == sizeof state);
    ZwClose(semaphore);
}

void check_event_state(void)
{
    query_object query = routine(L"ZwQueryEvent");
    OBJECT_ATTRIBUTES attributes;
    HANDLE event;
    LONG state[2];

    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwCreateEvent(&event, EVENT_ALL_ACCESS, &attributes, SynchronizationEvent, TRUE));
    CHECK_STATUS(STATUS_SUCCESS, query(event, 0, state, sizeof state, NULL));
    CHECK(state[0] == SynchronizationEvent && state[1] == 1);
    ZwWaitForSingleObject(event, FALSE, NULL);
    CHECK_STATUS(STATUS_SUCCESS, query(event, 0, state, sizeof state, NULL));
    CHECK(state[1] == 0);
    CHECK_STATUS(STATUS_INFO_LENGTH_MISMATCH, query(event, 0, state, 4, NULL));
    ZwClose(event);
}

void check_object_types(void)
{
    create_mutant create = routine(L"ZwCreateMutant");
    POBJECT_TYPE *mutant_type = routine(L"ExMutantObjectType");
    POBJECT_TYPE *timer_type = routine(L"ExTimerObjectType");
    OBJECT_ATTRIBUTES attributes;
    HANDLE mutant;
    PVOID object;

    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_STATUS(STATUS_SUCCESS, create(&mutant, 0x1F0001, &attributes, FALSE));
    CHECK_STATUS(STATUS_SUCCESS,
                 ObReferenceObjectByHandle(mutant, 1, *mutant_type, KernelMode, &object, NULL));
    CHECK(KeReadStateMutex(object) == 1);
    ObDereferenceObject(object);
    CHECK_STATUS(STATUS_OBJECT_TYPE_MISMATCH,
                 ObReferenceObjectByHandle(mutant, 1, *timer_type, KernelMode, &object, NULL));
    ZwClose(mutant);
}

typedef ULONG(NTAPI *remove_queue_ex)(PKQUEUE queue, KPROCESSOR_MODE mode, BOOLEAN alertable,
                                      PLARGE_INTEGER timeout, PLIST_ENTRY *entries, ULONG count);

void check_queue_entries(void)
{
    remove_queue_ex remove = routine(L"KeRemoveQueueEx");
    LIST_ENTRY entries[3];
    PLIST_ENTRY taken[4];
    KQUEUE queue;

    KeInitializeQueue(&queue, 0);
    CHECK(remove(&queue, KernelMode, FALSE, &no_time, taken, 4) == 1);
    CHECK((ULONG_PTR)taken[0] == STATUS_TIMEOUT);
    for (int i = 0; i < 3; i++)
        KeInsertQueue(&queue, &entries[i]);
    CHECK(remove(&queue, KernelMode, FALSE, NULL, taken, 2) == 2);
    CHECK(taken[0] == &entries[0] && taken[1] == &entries[1]);
    CHECK(KeReadStateQueue(&queue) == 1);
    CHECK(remove(&queue, KernelMode, FALSE, NULL, taken, 4) == 1 && taken[0] == &entries[2]);
    CHECK(KeRundownQueue(&queue) == NULL);
}

/* ---- interrupts ---- */
enum { VECTOR = 0x91, DEVICE_IRQL = 7, SYNCHRONIZE_IRQL = 9 };

static BOOLEAN NTAPI service(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    *(PLONG)context = -1;
    return TRUE;
}

static BOOLEAN NTAPI note_irql(PVOID context)
{
    *(PLONG)context = KeGetCurrentIrql();
    return TRUE;
}

static NTSTATUS connect(PKINTERRUPT *interrupt, PLONG seen, BOOLEAN share, KIRQL synchronize)
{
    return IoConnectInterrupt(interrupt, service, seen, NULL, VECTOR,
                              synchronize ? DEVICE_IRQL : PASSIVE_LEVEL, synchronize,
                              LevelSensitive, share, 1, FALSE);
}

void check_interrupt(void)
{
    PKINTERRUPT first, second;
    LONG seen = 0;
    KIRQL before;

    CHECK_STATUS(STATUS_INVALID_PARAMETER, connect(&first, &seen, FALSE, DEVICE_IRQL - 1));
    CHECK_STATUS(STATUS_SUCCESS, connect(&first, &seen, FALSE, SYNCHRONIZE_IRQL));
    CHECK_STATUS(STATUS_INVALID_PARAMETER, connect(&second, &seen, TRUE, SYNCHRONIZE_IRQL));
    CHECK(KeSynchronizeExecution(first, note_irql, &seen) && seen == SYNCHRONIZE_IRQL);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    before = KeAcquireInterruptSpinLock(first);
    CHECK(before == PASSIVE_LEVEL && KeGetCurrentIrql() == SYNCHRONIZE_IRQL);
    KeReleaseInterruptSpinLock(first, before);
    IoDisconnectInterrupt(first);
    CHECK_STATUS(STATUS_SUCCESS, connect(&first, &seen, TRUE, SYNCHRONIZE_IRQL));
    CHECK_STATUS(STATUS_SUCCESS, connect(&second, &seen, TRUE, SYNCHRONIZE_IRQL));
    IoDisconnectInterrupt(first);
    IoDisconnectInterrupt(second);
}

void check_interrupt_passive(void)
{
    IO_CONNECT_INTERRUPT_PARAMETERS parameters = {.Version = CONNECT_LINE_BASED};
    PKINTERRUPT interrupt;
    LONG seen = -1;

    CHECK_STATUS(STATUS_SUCCESS, connect(&interrupt, &seen, FALSE, PASSIVE_LEVEL));
    CHECK(KeSynchronizeExecution(interrupt, note_irql, &seen) && seen == PASSIVE_LEVEL);
    IoDisconnectInterrupt(interrupt);
    parameters.Version = 99;
    CHECK_STATUS(STATUS_NOT_SUPPORTED, IoConnectInterruptEx(&parameters));
    CHECK(parameters.Version == CONNECT_FULLY_SPECIFIED_GROUP);
}

typedef KAFFINITY(NTAPI *set_affinity)(PKTHREAD thread, KAFFINITY affinity);

void check_processors(void)
{
    set_affinity affinity = routine(L"KeSetAffinityThread");
    KAFFINITY all = KeQueryActiveProcessors();
    ULONG user_time = 77, last = KeQueryActiveProcessorCount(NULL) - 1;

    CHECK(affinity(KeGetCurrentThread(), (KAFFINITY)1 << last) == all);
    CHECK(KeGetCurrentProcessorNumber() == last);
    CHECK(affinity(KeGetCurrentThread(), all) == (KAFFINITY)1 << last);
    KeQueryRuntimeThread(KeGetCurrentThread(), &user_time);
    CHECK(user_time != 77);
    KeSetIdealProcessorThread(KeGetCurrentThread(), 0);
    CHECK(KeSetIdealProcessorThread(KeGetCurrentThread(), (UCHAR)last) == 0);
    CHECK(KeSetIdealProcessorThread(KeGetCurrentThread(), 0) == last);
}

typedef PVOID(NTAPI *allocate_lock)(void);
typedef void(NTAPI *use_lock)(PVOID lock);
typedef PVOID(NTAPI *acquire_shared)(PVOID lock, ULONG flags);
typedef void(NTAPI *release_shared)(PVOID shared, ULONG flags);

void check_cache_aware_lock(void)
{
    allocate_lock allocate = routine(L"ExAllocateCacheAwarePushLock");
    use_lock acquire = routine(L"ExAcquireCacheAwarePushLockExclusive");
    use_lock release = routine(L"ExReleaseCacheAwarePushLockExclusive");
    use_lock free = routine(L"ExFreeCacheAwarePushLock");
    acquire_shared share = routine(L"ExAcquireCacheAwarePushLockSharedEx");
    release_shared unshare = routine(L"ExReleaseCacheAwarePushLockSharedEx");
    PVOID lock = allocate(), shared[2];

    CHECK(lock != NULL);
    KeEnterCriticalRegion();
    shared[0] = share(lock, 0);
    shared[1] = share(lock, 0); /* no deadlock */
    unshare(shared[0], 0);
    unshare(shared[1], 0);
    acquire(lock);
    release(lock);
    KeLeaveCriticalRegion();
    free(lock);
}
