#include "ke.h"

typedef HANDLE(NTAPI *id_of)(PVOID);
typedef PVOID(NTAPI *owner_of)(PVOID);
typedef BOOLEAN(NTAPI *is_of)(PVOID);

static HANDLE last_thread, last_process;
static LONG thread_creates, thread_deletes;

static VOID NTAPI on_thread(HANDLE process, HANDLE thread, BOOLEAN create)
{
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    last_process = process;
    last_thread = thread;
    if (create)
        thread_creates++;
    else
        thread_deletes++;
}

struct child {
    HANDLE id, process_id;
    KEVENT go;
};

static VOID NTAPI child_main(PVOID context)
{
    struct child *child = context;
    child->id = PsGetCurrentThreadId();
    child->process_id = PsGetCurrentProcessId();
    CHECK(PsGetCurrentProcess() == PsInitialSystemProcess);
    KeWaitForSingleObject(&child->go, Executive, KernelMode, FALSE, NULL);
    PsTerminateSystemThread((NTSTATUS)0x40001234);
}

static void look_up(PVOID thread, PCLIENT_ID ids)
{
    id_of thread_id = (id_of)ke_routine(L"PsGetThreadId");
    id_of process_id = (id_of)ke_routine(L"PsGetThreadProcessId");
    is_of is_system = (is_of)ke_routine(L"PsIsSystemThread");
    PETHREAD found;
    PEPROCESS process = NULL;
    CHECK(PsLookupThreadByThreadId(ids->UniqueThread, &found) == STATUS_SUCCESS);
    CHECK((PVOID)found == thread);
    ObDereferenceObject(found);
    CHECK(thread_id(thread) == ids->UniqueThread && process_id(thread) == ids->UniqueProcess);
    CHECK(is_system(thread));
    CHECK(PsLookupProcessByProcessId((HANDLE)4, &process) == STATUS_SUCCESS);
    CHECK(process == PsInitialSystemProcess);
    if (process)
        ObDereferenceObject(process);
    CHECK(PsLookupProcessByProcessId((HANDLE)0x7FFC, &process) == STATUS_INVALID_CID);
    CHECK(PsLookupThreadByThreadId((HANDLE)0x7FFC, &found) == STATUS_INVALID_CID);
}

void check_process_handle(void)
{
    CLIENT_ID self = {PsGetCurrentProcessId(), NULL}, *ids = &self;
    OBJECT_ATTRIBUTES attributes;
    CLIENT_ID missing = {(HANDLE)0x7FFC, NULL};
    PROCESS_BASIC_INFORMATION basic;
    HANDLE process = NULL;
    ULONG length = 0;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK(ZwOpenProcess(&process, PROCESS_ALL_ACCESS, &attributes, &missing) == STATUS_INVALID_CID);
    CHECK(ZwOpenProcess(&process, PROCESS_ALL_ACCESS, &attributes, NULL) ==
          STATUS_INVALID_PARAMETER_MIX);
    CHECK(ZwOpenProcess(&process, PROCESS_ALL_ACCESS, &attributes, ids) == STATUS_SUCCESS);
    CHECK(ZwQueryInformationProcess(process, ProcessBasicInformation, &basic, sizeof(basic),
                                    &length) == STATUS_SUCCESS);
    CHECK(length == 48 && basic.UniqueProcessId == (ULONG_PTR)self.UniqueProcess &&
          basic.ExitStatus == STATUS_PENDING);
    CHECK(ZwQueryInformationProcess(process, ProcessBasicInformation, &basic, 47, NULL) ==
          STATUS_INFO_LENGTH_MISMATCH);
    CHECK(ZwClose(process) == STATUS_SUCCESS);
}

/* Nothing ends the System process. */
void check_system_stays(void)
{
    OBJECT_ATTRIBUTES attributes;
    CLIENT_ID id = {PsGetCurrentProcessId(), NULL};
    HANDLE process;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK(ZwOpenProcess(&process, PROCESS_ALL_ACCESS, &attributes, &id) == STATUS_SUCCESS);
    CHECK(ZwTerminateProcess(process, 0) == STATUS_ACCESS_DENIED);
    CHECK(ZwClose(process) == STATUS_SUCCESS);
}

struct thread_basic {
    NTSTATUS exit_status;
    PVOID teb;
    CLIENT_ID id;
    KAFFINITY affinity;
    KPRIORITY priority, base_priority;
};

static void see_the_end(HANDLE handle, struct child *child, PCLIENT_ID ids)
{
    NTSTATUS(NTAPI * query)
    (HANDLE, ULONG, PVOID, ULONG, PULONG) = (PVOID)ke_routine(L"ZwQueryInformationThread");
    LARGE_INTEGER now = {{0}};
    struct thread_basic basic;
    PETHREAD gone;
    CHECK(query(handle, ThreadBasicInformation, &basic, sizeof(basic), NULL) == STATUS_SUCCESS);
    CHECK(basic.exit_status == STATUS_PENDING && basic.id.UniqueThread == ids->UniqueThread);
    CHECK(basic.priority == 8 && basic.affinity == KeQueryActiveProcessors());
    CHECK(ZwWaitForSingleObject(handle, FALSE, &now) == STATUS_TIMEOUT);
    KeSetEvent(&child->go, 0, FALSE);
    CHECK(ZwWaitForSingleObject(handle, FALSE, NULL) == STATUS_SUCCESS);
    CHECK(child->id == ids->UniqueThread && child->process_id == (HANDLE)4);
    CHECK(query(handle, ThreadBasicInformation, &basic, sizeof(basic), NULL) == STATUS_SUCCESS);
    CHECK(basic.exit_status == 0x40001234);
    CHECK(PsLookupThreadByThreadId(ids->UniqueThread, &gone) == STATUS_INVALID_CID);
}

void check_system_thread(void)
{
    struct child child;
    OBJECT_ATTRIBUTES attributes;
    CLIENT_ID ids;
    HANDLE handle;
    PVOID thread;
    KeInitializeEvent(&child.go, NotificationEvent, FALSE);
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, &attributes, NULL, &ids, child_main,
                               &child) == STATUS_SUCCESS);
    CHECK((LONG_PTR)handle < 0 && ids.UniqueProcess == (HANDLE)4); /* a kernel handle */
    CHECK(ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, (POBJECT_TYPE)PsThreadType,
                                    KernelMode, &thread, NULL) == STATUS_SUCCESS);
    look_up(thread, &ids);
    see_the_end(handle, &child, &ids);
    ObDereferenceObject(thread);
    ZwClose(handle);
}

static VOID NTAPI on_timer(PVOID context, ULONG low, LONG high)
{
    InterlockedIncrement(context);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

void check_timer_object(void)
{
    HANDLE timer;
    LARGE_INTEGER due = milliseconds(2), far = milliseconds(60000);
    BOOLEAN state = TRUE;
    CHECK(ZwCreateTimer(&timer, 0x1F0003, NULL, NotificationTimer) == STATUS_SUCCESS);
    CHECK(ZwSetTimer(timer, &due, NULL, NULL, FALSE, 0, &state) == STATUS_SUCCESS);
    CHECK(!state && ZwWaitForSingleObject(timer, FALSE, NULL) == STATUS_SUCCESS);
    CHECK(ZwSetTimer(timer, &far, NULL, NULL, FALSE, 0, &state) == STATUS_SUCCESS && state);
    CHECK(ZwCancelTimer(timer, &state) == STATUS_SUCCESS && !state);
    ZwClose(timer);
}

/* The routine is a kernel APC of the thread that set the timer, so no wait need be alertable. */
void check_timer_apc(void)
{
    HANDLE timer;
    LARGE_INTEGER due = milliseconds(2);
    volatile LONG calls = 0;
    CHECK(ZwCreateTimer(&timer, 0x1F0003, NULL, NotificationTimer) == STATUS_SUCCESS);
    CHECK(ZwSetTimer(timer, &due, on_timer, (PVOID)&calls, FALSE, 0, NULL) == STATUS_SUCCESS);
    CHECK(ZwWaitForSingleObject(timer, FALSE, NULL) == STATUS_SUCCESS);
    for (int i = 0; i < 1000 && calls == 0; i++)
        KeDelayExecutionThread(KernelMode, FALSE, &due);
    ZwClose(timer);
    CHECK(calls == 1);
}

void check_system_information(void)
{
    NTSTATUS(NTAPI * query)
    (ULONG, PVOID, ULONG, PULONG) = (PVOID)ke_routine(L"ZwQuerySystemInformation");
    static UCHAR buffer[65536];
    ULONG needed = 0;
    CHECK(query(0, buffer, 64, &needed) == STATUS_SUCCESS && needed == 64);
    CHECK(buffer[56] == KeQueryActiveProcessorCount(NULL));
    CHECK(query(0, buffer, 63, NULL) == STATUS_INFO_LENGTH_MISMATCH);
    CHECK(query(5, NULL, 0, &needed) == STATUS_INFO_LENGTH_MISMATCH && needed > 0x100);
    CHECK(query(5, buffer, sizeof(buffer), &needed) == STATUS_SUCCESS);
    CHECK(*(ULONG *)(buffer + 0x50) == 4 && *(ULONG *)(buffer + 4) >= 1);
    CHECK(query(11, buffer, sizeof(buffer), &needed) == STATUS_SUCCESS);
    CHECK(*(ULONG *)buffer >= 1 && needed == 8 + 296 * *(ULONG *)buffer);
    CHECK(query(0x7777, buffer, 8, NULL) == STATUS_INVALID_INFO_CLASS);
}

void check_version(void)
{
    ULONG major, minor, build;
    CHECK(!PsGetVersion(&major, &minor, &build, NULL));
    CHECK(major == 10 && minor == 0 && build == 19045);
}

static VOID NTAPI end_at_once(PVOID context)
{
    *(HANDLE *)context = PsGetCurrentThreadId();
}

void check_thread_notify(void)
{
    HANDLE id = NULL;
    CHECK(PsSetCreateThreadNotifyRoutine(on_thread) == STATUS_SUCCESS);
    ke_join(ke_start(end_at_once, &id));
    CHECK(thread_creates == 1 && thread_deletes == 1);
    CHECK(last_thread == id && last_process == (HANDLE)4);
    CHECK(PsRemoveCreateThreadNotifyRoutine(on_thread) == STATUS_SUCCESS);
    CHECK(PsRemoveCreateThreadNotifyRoutine(on_thread) == STATUS_PROCEDURE_NOT_FOUND);
}
