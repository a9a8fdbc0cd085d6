/* ZwQueryInformationProcess. */
#include "host/zw/process_settings.h"
#include "host/zw/zw.h"
#include "host/mm/mm.h"
#include "host/ob/object.h"

enum {
    QUERY_RIGHT = 0x400,
    PRIORITY = 8,
    CLASS_HANDLE_COUNT = 20,
    CLASS_SESSION = 24,
    CLASS_WOW64 = 26,
    CLASS_IMAGE_NAME = 27,
    CLASS_DEBUG_OBJECT = 30,
    CLASS_IMAGE_NAME_WIN32 = 43,
    CLASS_COMMAND_LINE = 60,
    CLASS_PROTECTION = 61,
};

struct process_times {
    LARGE_INTEGER create, exit, kernel, user;
};

static NTSTATUS answer_basic(struct _EPROCESS *process, PVOID buffer, ULONG length, PULONG returned)
{
    PROCESS_BASIC_INFORMATION basic = {
        .PebBaseAddress = ps_process_peb(process),
        .ExitStatus = __atomic_load_n(&process->exit_status, __ATOMIC_ACQUIRE),
        .AffinityMask = ~(KAFFINITY)0 >> (64 - process->machine->processors),
        .BasePriority = PRIORITY,
        .UniqueProcessId = (ULONG_PTR)process->process_id,
        .InheritedFromUniqueProcessId = (ULONG_PTR)process->parent_id,
    };
    return zw_answer(&basic, sizeof(basic), buffer, length, returned);
}

/* Time on a processor is not accounted. */
static NTSTATUS answer_times(struct _EPROCESS *process, PVOID buffer, ULONG length, PULONG returned)
{
    struct process_times times = {.create.QuadPart = process->create_time,
                                  .exit.QuadPart = process->exit_time};
    return zw_answer(&times, sizeof(times), buffer, length, returned);
}

static ULONG handle_count(struct handle_table *table)
{
    ULONG count = 0;
    ob_table_lock(table);
    for (ULONG i = 0; i < table->count; i++)
        count += table->entries[i].object != NULL;
    ob_table_unlock(table);
    return count;
}

/* A UNICODE_STRING with its characters behind it. */
static NTSTATUS answer_name(const char *prefix, const char *name, PVOID buffer, ULONG length,
                            PULONG returned)
{
    PUNICODE_STRING string = buffer;
    USHORT count = 0;
    while (prefix[count])
        count++;
    USHORT prefix_count = count;
    while (name[count - prefix_count])
        count++;
    ULONG needed = (ULONG)(sizeof(*string) + (count + 1) * sizeof(WCHAR));
    if (returned)
        *returned = needed;
    if (length < needed)
        return STATUS_INFO_LENGTH_MISMATCH;
    PWSTR text = (PWSTR)(string + 1);
    for (USHORT i = 0; i < count; i++)
        text[i] = (UCHAR)(i < prefix_count ? prefix[i] : name[i - prefix_count]);
    text[count] = 0;
    string->Length = count * (USHORT)sizeof(WCHAR);
    string->MaximumLength = string->Length + (USHORT)sizeof(WCHAR);
    string->Buffer = text;
    return STATUS_SUCCESS;
}

static const char folder[] = "\\Device\\HarddiskVolume1\\Windows\\System32\\";

static BOOLEAN is_system_process(const struct _EPROCESS *process)
{
    return process == process->machine->ps->system_process;
}

/* The system process has no image. The caller frees the string. */
NTSTATUS NTAPI SeLocateProcessImageName(PEPROCESS process, PUNICODE_STRING *name)
{
    enum { TAG = 0x6E496553 };
    struct _EPROCESS *own = (struct _EPROCESS *)process;
    const ULONG length =
        sizeof(UNICODE_STRING) + (sizeof(folder) + sizeof(own->image_name)) * (ULONG)sizeof(WCHAR);
    PUNICODE_STRING text = mm_pool_allocate_zero(current_machine(), length, TAG);
    if (!text)
        return STATUS_INSUFFICIENT_RESOURCES;
    BOOLEAN has_image = !is_system_process(own);
    *name = text;
    return answer_name(has_image ? folder : "", has_image ? own->image_name : "", text, length,
                       NULL);
}
SB_EXPORT(SeLocateProcessImageName)

static NTSTATUS answer(struct _EPROCESS *process, ULONG class, PVOID buffer, ULONG length,
                       PULONG returned)
{
    static const char dos_folder[] = "C:\\Windows\\System32\\";
    BOOLEAN is_system = is_system_process(process);
    ULONG_PTR pointer = 0;
    ULONG number = 0;
    switch (class) {
    case ProcessBasicInformation:
        return answer_basic(process, buffer, length, returned);
    case ProcessTimes:
        return answer_times(process, buffer, length, returned);
    case ProcessDebugPort:
        return zw_answer(&pointer, sizeof(pointer), buffer, length, returned);
    case CLASS_DEBUG_OBJECT:
        return STATUS_PORT_NOT_SET; /* not being debugged */
    case CLASS_HANDLE_COUNT:
        number = handle_count(process->handles);
        return zw_answer(&number, sizeof(number), buffer, length, returned);
    case CLASS_SESSION:
        number = !is_system;
        return zw_answer(&number, sizeof(number), buffer, length, returned);
    case CLASS_WOW64:
        pointer = process->is_32_bit;
        return zw_answer(&pointer, sizeof(pointer), buffer, length, returned);
    case CLASS_IMAGE_NAME:
        return answer_name(is_system ? "" : folder, is_system ? "" : process->image_name, buffer,
                           length, returned);
    case CLASS_IMAGE_NAME_WIN32:
    case CLASS_COMMAND_LINE:
        return answer_name(is_system ? "" : dos_folder, is_system ? "" : process->image_name,
                           buffer, length, returned);
    case CLASS_PROTECTION:
        return zw_answer(&(UCHAR){0}, 1, buffer, length, returned);
    default:
        return zw_process_setting(process, class, buffer, length, returned);
    }
}

static NTSTATUS query(HANDLE handle, KPROCESSOR_MODE mode, PROCESSINFOCLASS class,
                      PVOID information, ULONG length, PULONG returned)
{
    struct _EPROCESS *process;
    struct handle_entry entry;
    NTSTATUS status = ob_handle_reference(current_thread()->Tcb.process, handle, QUERY_RIGHT,
                                          &ps_process_type, mode, (void **)&process, &entry);
    if (!NT_SUCCESS(status))
        return status;
    status = answer(process, (ULONG) class, information, length, returned);
    ob_dereference(process);
    return status;
}

NTSTATUS NTAPI ZwQueryInformationProcess(HANDLE handle, PROCESSINFOCLASS class, PVOID information,
                                         ULONG length, PULONG returned)
{
    return query(handle, KernelMode, class, information, length, returned);
}
SB_EXPORT(ZwQueryInformationProcess)

/* In the thread's previous mode: an application's memory and rights. */
NTSTATUS NTAPI NtQueryInformationProcess(HANDLE handle, PROCESSINFOCLASS class, PVOID information,
                                         ULONG length, PULONG returned)
{
    KPROCESSOR_MODE mode = current_thread()->Tcb.previous_mode;
    if (mode == UserMode &&
        (!mm_is_user_address(information) || !mm_is_user_address((PUCHAR)information + length) ||
         !mm_is_user_address(returned)))
        return STATUS_ACCESS_VIOLATION;
    return query(handle, mode, class, information, length, returned);
}
SB_EXPORT(NtQueryInformationProcess)
