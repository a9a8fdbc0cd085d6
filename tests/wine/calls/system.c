/*
 * The part of include/sysbuf/host.h that an application's calls need, where the machine is the one
 * that the program runs on. A process made by sb_process_create is a child that never runs.
 */
#include "system.h"

#define WIN32_NO_STATUS
#include <windows.h>
#undef WIN32_NO_STATUS
#include <ntstatus.h>
#include <tlhelp32.h>
#include <winternl.h>

#include <stdlib.h>

NTSTATUS NTAPI NtCancelIoFileEx(HANDLE file, PIO_STATUS_BLOCK request, PIO_STATUS_BLOCK result);
NTSTATUS NTAPI NtCreateEvent(PHANDLE event, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                             ULONG type, BOOLEAN state);
NTSTATUS NTAPI NtCreateIoCompletion(PHANDLE port, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                                    ULONG threads);
NTSTATUS NTAPI NtDuplicateObject(HANDLE source_process, HANDLE source, HANDLE target_process,
                                 PHANDLE target, ACCESS_MASK access, ULONG attributes,
                                 ULONG options);
NTSTATUS NTAPI NtFlushBuffersFile(HANDLE file, PIO_STATUS_BLOCK result);
NTSTATUS NTAPI NtReadFile(HANDLE file, HANDLE event, PIO_APC_ROUTINE routine, PVOID context,
                          PIO_STATUS_BLOCK result, PVOID buffer, ULONG length,
                          PLARGE_INTEGER offset, PULONG key);
NTSTATUS NTAPI NtRemoveIoCompletion(HANDLE port, PULONG_PTR key, PULONG_PTR context,
                                    PIO_STATUS_BLOCK result, PLARGE_INTEGER timeout);
NTSTATUS NTAPI NtSetIoCompletion(HANDLE port, ULONG_PTR key, ULONG_PTR context, NTSTATUS status,
                                 ULONG_PTR information);
NTSTATUS NTAPI NtWaitForMultipleObjects(ULONG count, const HANDLE *handles, ULONG type,
                                        BOOLEAN alertable, PLARGE_INTEGER timeout);
NTSTATUS NTAPI NtWriteFile(HANDLE file, HANDLE event, PIO_APC_ROUTINE routine, PVOID context,
                           PIO_STATUS_BLOCK result, PVOID buffer, ULONG length,
                           PLARGE_INTEGER offset, PULONG key);

struct sb_process {
    HANDLE process;
};

enum { MOST_HANDLES = 256 };
static HANDLE handles[MOST_HANDLES];
static unsigned handle_count;

static HANDLE handle_of(sb_handle handle)
{
    return (HANDLE)(ULONG_PTR)handle;
}

static IO_STATUS_BLOCK *block_of(struct sb_io_status *io_status)
{
    return (IO_STATUS_BLOCK *)io_status;
}

static LARGE_INTEGER *limit_of(uint32_t milliseconds, LARGE_INTEGER *limit)
{
    limit->QuadPart = -10000ll * milliseconds;
    return milliseconds == SB_FOREVER ? NULL : limit;
}

/* What a call that makes a handle answers; the handle is remembered. */
static sb_status keep(NTSTATUS status, HANDLE made, sb_handle *handle)
{
    if (!NT_SUCCESS(status))
        return status;
    if (handle_count == MOST_HANDLES)
        abort();
    handles[handle_count++] = made;
    *handle = (ULONG_PTR)made;
    return status;
}

void system_close_all(void)
{
    IO_STATUS_BLOCK ignored;

    while (handle_count) {
        NtCancelIoFileEx(handles[--handle_count], NULL, &ignored);
        NtClose(handles[handle_count]);
    }
}

sb_status sb_host_claim_faults(void)
{
    return STATUS_SUCCESS;
}

/* Nobody outside the kernel can ask. */
void sb_machine_pool_usage(struct sb_machine *machine, uint64_t *blocks, uint64_t *bytes)
{
    (void)machine;
    *blocks = *bytes = 0;
}

/* ---- processes ---- */
struct sb_process *system_process(void)
{
    static struct sb_process own;

    own.process = GetCurrentProcess();
    return &own;
}

sb_status sb_process_create(struct sb_machine *machine, const struct sb_process_options *options,
                            struct sb_process **process)
{
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION made;
    WCHAR program[MAX_PATH];

    (void)machine, (void)options;
    GetModuleFileNameW(NULL, program, MAX_PATH);
    if (!CreateProcessW(program, NULL, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL, &startup,
                        &made))
        return STATUS_UNSUCCESSFUL;
    CloseHandle(made.hThread);
    *process = malloc(sizeof(**process));
    (*process)->process = made.hProcess;
    return STATUS_SUCCESS;
}

void sb_process_destroy(struct sb_process *process)
{
    TerminateProcess(process->process, 0);
    WaitForSingleObject(process->process, INFINITE);
    CloseHandle(process->process);
    free(process);
}

/* The page behind cannot be accessed; what is given back is not asked for again. */
void *sb_process_allocate(struct sb_process *process, size_t size, bool at_end)
{
    size_t whole = (size + 4095) & ~(size_t)4095;
    char *base = VirtualAlloc(NULL, whole + 4096, MEM_RESERVE, PAGE_NOACCESS);

    (void)process;
    if (!base || !VirtualAlloc(base, whole, MEM_COMMIT, PAGE_READWRITE))
        return NULL;
    return at_end ? base + whole - size : base;
}

void sb_process_free(struct sb_process *process, void *buffer)
{
    MEMORY_BASIC_INFORMATION information;

    (void)process;
    if (VirtualQuery(buffer, &information, sizeof(information)))
        VirtualFree(information.AllocationBase, 0, MEM_RELEASE);
}

/* ---- files ---- */
static void name_of(const char *path, WCHAR *text, UNICODE_STRING *name)
{
    MultiByteToWideChar(CP_UTF8, 0, path, -1, text, MAX_PATH);
    if (text[0] == '\\' && text[1] == '\\' && text[2] == '.' && text[3] == '\\')
        text[1] = text[2] = '?';
    RtlInitUnicodeString(name, text);
}

/* As CreateFile does, a handle may be waited for. */
sb_status sb_process_open(struct sb_process *process, const char *path,
                          const struct sb_open_options *options, sb_handle *handle)
{
    static const struct sb_open_options defaults;
    const struct sb_open_options *wanted = options ? options : &defaults;
    ULONG access = wanted->access ? wanted->access : GENERIC_READ | GENERIC_WRITE;
    ULONG mode = wanted->is_overlapped ? 0 : FILE_SYNCHRONOUS_IO_NONALERT;
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK result;
    UNICODE_STRING name;
    WCHAR text[MAX_PATH];
    HANDLE made = NULL;
    NTSTATUS status;

    (void)process;
    name_of(path, text, &name);
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, handle_of(wanted->root),
                               NULL);
    status = NtCreateFile(&made, access | SYNCHRONIZE, &attributes, &result, NULL, 0, wanted->share,
                          wanted->disposition ? wanted->disposition : FILE_OPEN,
                          wanted->options | mode, NULL, 0);
    return keep(status, made, handle);
}

sb_status sb_process_ioctl(struct sb_process *process, sb_handle file, sb_handle event,
                           struct sb_io_status *io_status, uint32_t code, const void *input,
                           uint32_t input_length, void *output, uint32_t output_length)
{
    (void)process;
    return NtDeviceIoControlFile(handle_of(file), handle_of(event), NULL, io_status,
                                 block_of(io_status), code, (void *)(ULONG_PTR)input, input_length,
                                 output, output_length);
}

sb_status sb_process_read(struct sb_process *process, sb_handle file, sb_handle event,
                          struct sb_io_status *io_status, void *buffer, uint32_t length,
                          int64_t offset)
{
    LARGE_INTEGER from = {.QuadPart = offset};

    (void)process;
    return NtReadFile(handle_of(file), handle_of(event), NULL, io_status, block_of(io_status),
                      buffer, length, &from, NULL);
}

sb_status sb_process_write(struct sb_process *process, sb_handle file, sb_handle event,
                           struct sb_io_status *io_status, const void *buffer, uint32_t length,
                           int64_t offset)
{
    LARGE_INTEGER to = {.QuadPart = offset};

    (void)process;
    return NtWriteFile(handle_of(file), handle_of(event), NULL, io_status, block_of(io_status),
                       (void *)(ULONG_PTR)buffer, length, &to, NULL);
}

sb_status sb_process_flush(struct sb_process *process, sb_handle file,
                           struct sb_io_status *io_status)
{
    (void)process;
    return NtFlushBuffersFile(handle_of(file), block_of(io_status));
}

sb_status sb_process_set_information(struct sb_process *process, sb_handle file,
                                     struct sb_io_status *io_status, uint32_t information_class,
                                     const void *buffer, uint32_t length)
{
    (void)process;
    return NtSetInformationFile(handle_of(file), block_of(io_status), (void *)(ULONG_PTR)buffer,
                                length, (FILE_INFORMATION_CLASS)information_class);
}

sb_status sb_process_cancel(struct sb_process *process, sb_handle file,
                            struct sb_io_status *io_status)
{
    IO_STATUS_BLOCK result;

    (void)process;
    return NtCancelIoFileEx(handle_of(file), block_of(io_status), &result);
}

static bool cancel_thread(DWORD id)
{
    HANDLE thread = OpenThread(THREAD_TERMINATE, FALSE, id);
    bool was = thread && CancelSynchronousIo(thread);

    CloseHandle(thread);
    return was;
}

sb_status sb_process_cancel_synchronous(struct sb_process *process)
{
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
    THREADENTRY32 entry = {.dwSize = sizeof(entry)};
    sb_status status = STATUS_NOT_FOUND;

    (void)process;
    for (BOOL more = Thread32First(snapshot, &entry); more; more = Thread32Next(snapshot, &entry))
        if (entry.th32OwnerProcessID == GetCurrentProcessId() &&
            entry.th32ThreadID != GetCurrentThreadId() && cancel_thread(entry.th32ThreadID))
            status = STATUS_SUCCESS;
    CloseHandle(snapshot);
    return status;
}

/* ---- handles ---- */
sb_status sb_process_close(struct sb_process *process, sb_handle handle)
{
    (void)process;
    for (unsigned i = 0; i < handle_count; i++)
        if (handles[i] == handle_of(handle)) {
            handles[i] = handles[--handle_count];
            break;
        }
    return NtClose(handle_of(handle));
}

sb_status sb_process_duplicate(struct sb_process *process, sb_handle handle,
                               struct sb_process *target, uint32_t access, uint32_t flags,
                               sb_handle *copy)
{
    HANDLE made = NULL;
    NTSTATUS status = NtDuplicateObject(process->process, handle_of(handle), target->process, &made,
                                        access, 0, access ? 0 : DUPLICATE_SAME_ACCESS);

    (void)flags;
    if (target == system_process())
        return keep(status, made, copy);
    if (NT_SUCCESS(status))
        *copy = (ULONG_PTR)made;
    return status;
}

/* ---- events, waits and ports ---- */
sb_status sb_process_create_event(struct sb_process *process, bool is_manual_reset,
                                  bool is_signalled, sb_handle *event)
{
    HANDLE made = NULL;
    NTSTATUS status =
        NtCreateEvent(&made, EVENT_ALL_ACCESS, NULL, is_manual_reset ? 0 : 1, is_signalled);

    (void)process;
    return keep(status, made, event);
}

sb_status sb_process_wait(struct sb_process *process, const sb_handle *objects, uint32_t count,
                          bool wait_for_all, uint32_t milliseconds)
{
    LARGE_INTEGER limit;

    (void)process;
    return NtWaitForMultipleObjects(count, (const HANDLE *)objects, wait_for_all ? 0 : 1, FALSE,
                                    limit_of(milliseconds, &limit));
}

sb_status sb_process_create_port(struct sb_process *process, sb_handle *port)
{
    HANDLE made = NULL;
    NTSTATUS status = NtCreateIoCompletion(&made, MAXIMUM_ALLOWED, NULL, 0);

    (void)process;
    return keep(status, made, port);
}

sb_status sb_process_associate_port(struct sb_process *process, sb_handle file, sb_handle port,
                                    uint64_t key)
{
    struct {
        HANDLE port;
        ULONG_PTR key;
    } information = {handle_of(port), key};
    struct sb_io_status result;

    return sb_process_set_information(process, file, &result, 30, &information,
                                      sizeof(information)); /* FileCompletionInformation */
}

sb_status sb_process_wait_port(struct sb_process *process, sb_handle port, uint32_t milliseconds,
                               struct sb_packet *packet)
{
    ULONG_PTR key, context;
    IO_STATUS_BLOCK result;
    LARGE_INTEGER limit;
    NTSTATUS status = NtRemoveIoCompletion(handle_of(port), &key, &context, &result,
                                           limit_of(milliseconds, &limit));

    (void)process;
    if (status != STATUS_SUCCESS)
        return status;
    *packet = (struct sb_packet){key, context, {result.Status, 0, result.Information}};
    return status;
}

sb_status sb_process_post_port(struct sb_process *process, sb_handle port,
                               const struct sb_packet *packet)
{
    (void)process;
    return NtSetIoCompletion(handle_of(port), packet->key, packet->context,
                             packet->io_status.status, packet->io_status.information);
}
