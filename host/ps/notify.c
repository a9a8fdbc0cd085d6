#include "host/ps/notify.h"
#include "host/ke/text.h"
#include "host/loader/loader.h"
#include "host/ps/ps.h"

enum {
    MOST_ROUTINES = 64, /* as Windows 10 */
    FORCE_INTEGRITY = 0x0080,
    ADDRESSES_64_BIT = 3, /* IMAGE_ADDRESSING_MODE_32BIT, which newer systems always say */
};

struct routine {
    PVOID address; /* NULL: free */
    ULONG kind;    /* enum kind */
    ULONG calls;   /* in progress */
    BOOLEAN is_removed;
};

enum kind { PLAIN, EXTENDED, NON_SYSTEM };

/* Lock: its own, a leaf. */
struct list {
    struct routine routines[MOST_ROUTINES];
};

struct ps_notify_table {
    struct linux_lock lock;
    struct list processes, threads, images;
};

NTSTATUS ps_notify_initialize(struct machine *machine)
{
    machine->ps->notify = linux_allocate(sizeof(*machine->ps->notify));
    return machine->ps->notify ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

void ps_notify_destroy(struct machine *machine)
{
    linux_free(machine->ps->notify);
}

static struct routine *find(struct list *list, PVOID address)
{
    for (int i = 0; i < MOST_ROUTINES; i++)
        if (list->routines[i].address == address && !list->routines[i].is_removed)
            return &list->routines[i];
    return NULL;
}

static struct routine *find_free(struct list *list)
{
    for (int i = 0; i < MOST_ROUTINES; i++)
        if (!list->routines[i].address)
            return &list->routines[i];
    return NULL;
}

/* A routine for processes can be set once; those for threads and images are called as often as they
 * were set. */
static NTSTATUS add(struct list *list, PVOID address, enum kind kind)
{
    struct ps_notify_table *table = current_machine()->ps->notify;
    BOOLEAN once = list == &table->processes;
    linux_lock(&table->lock);
    struct routine *routine = once && find(list, address) ? NULL : find_free(list);
    if (routine)
        *routine = (struct routine){.address = address, .kind = kind};
    linux_unlock(&table->lock);
    if (routine)
        return STATUS_SUCCESS;
    return once ? STATUS_INVALID_PARAMETER : STATUS_INSUFFICIENT_RESOURCES;
}

/* Whoever calls the routine still, another thread, frees the entry; this waits for it. */
static NTSTATUS remove_routine(struct list *list, PVOID address)
{
    struct ps_notify_table *table = current_machine()->ps->notify;
    LARGE_INTEGER pause = {.QuadPart = -1000};
    linux_lock(&table->lock);
    struct routine *routine = find(list, address);
    if (!routine) {
        linux_unlock(&table->lock);
        return STATUS_PROCEDURE_NOT_FOUND;
    }
    routine->is_removed = TRUE;
    while (routine->calls != 0) {
        linux_unlock(&table->lock);
        KeDelayExecutionThread(KernelMode, FALSE, &pause);
        linux_lock(&table->lock);
    }
    routine->address = NULL;
    linux_unlock(&table->lock);
    return STATUS_SUCCESS;
}

/* The routine at index, counted as being called, or NULL. */
static struct routine *begin_call(struct ps_notify_table *table, struct list *list, int index)
{
    struct routine *routine = &list->routines[index];
    linux_lock(&table->lock);
    if (!routine->address || routine->is_removed)
        routine = NULL;
    else
        routine->calls++;
    linux_unlock(&table->lock);
    return routine;
}

static void end_call(struct ps_notify_table *table, struct routine *routine)
{
    linux_lock(&table->lock);
    routine->calls--;
    linux_unlock(&table->lock);
}

/* ---- processes ---- */

static void call_process_routine(const struct routine *routine, struct _EPROCESS *process,
                                 PPS_CREATE_NOTIFY_INFO information)
{
    if (routine->kind == PLAIN)
        ((PCREATE_PROCESS_NOTIFY_ROUTINE)routine->address)(process->parent_id, process->process_id,
                                                           information != NULL);
    else
        ((PCREATE_PROCESS_NOTIFY_ROUTINE_EX)routine->address)((PEPROCESS)process,
                                                              process->process_id, information);
}

static void call_process_routines(struct _EPROCESS *process, PPS_CREATE_NOTIFY_INFO information)
{
    struct ps_notify_table *table = process->machine->ps->notify;
    for (int i = 0; i < MOST_ROUTINES; i++) {
        struct routine *routine = begin_call(table, &table->processes, i);
        if (!routine)
            continue;
        call_process_routine(routine, process, information);
        end_call(table, routine);
    }
}

static UNICODE_STRING widen(const char *prefix, const char *name, PWSTR buffer, ULONG capacity)
{
    ULONG length = 0;
    for (; *prefix && length < capacity; prefix++)
        buffer[length++] = (UCHAR)*prefix;
    for (; *name && length < capacity; name++)
        buffer[length++] = (UCHAR)*name;
    USHORT bytes = (USHORT)(length * sizeof(WCHAR));
    return (UNICODE_STRING){bytes, bytes, buffer};
}

NTSTATUS ps_notify_process_created(struct _EPROCESS *process)
{
    WCHAR buffer[64];
    UNICODE_STRING name =
        widen("\\??\\C:\\Windows\\System32\\", process->image_name, buffer, RTL_NUMBER_OF(buffer));
    UNICODE_STRING command_line = {(USHORT)(name.Length - 4 * sizeof(WCHAR)),
                                   (USHORT)(name.Length - 4 * sizeof(WCHAR)), name.Buffer + 4};
    PETHREAD creator = current_thread();
    PS_CREATE_NOTIFY_INFO information = {
        .Size = sizeof(information),
        .ParentProcessId = process->parent_id,
        .CreatingThreadId = {creator->owner->process_id, creator->thread_id},
        .ImageFileName = &name,
        .CommandLine = &command_line,
        .CreationStatus = STATUS_SUCCESS,
    };
    process->is_announced = TRUE;
    call_process_routines(process, &information);
    return information.CreationStatus;
}

void ps_notify_process_exits(struct _EPROCESS *process)
{
    if (process->is_announced)
        call_process_routines(process, NULL);
    process->is_announced = FALSE;
}

NTSTATUS NTAPI PsSetCreateProcessNotifyRoutine(PCREATE_PROCESS_NOTIFY_ROUTINE routine,
                                               BOOLEAN remove)
{
    struct list *list = &current_machine()->ps->notify->processes;
    return remove ? remove_routine(list, (PVOID)routine) : add(list, (PVOID)routine, PLAIN);
}
SB_EXPORT(PsSetCreateProcessNotifyRoutine)

/* The documented condition: the image was linked with /INTEGRITYCHECK. Who gets no more than the
 * status searches long for it, so the log says why. */
static BOOLEAN has_integrity_check(PVOID routine)
{
    struct machine *machine = current_machine();
    struct loaded_image *image = loader_find(machine, (uint64_t)routine);
    char text[LOADER_NAME_SIZE + 128];
    if (image && (image->pe.headers.dll_characteristics & FORCE_INTEGRITY))
        return TRUE;
    SIZE_T length =
        text_format(text, sizeof(text),
                    "%s: process notify routines that see creation need an image linked "
                    "with /INTEGRITYCHECK (-Wl,--forceinteg)\n",
                    image ? image->name : "?");
    machine_log(machine, text, length);
    return FALSE;
}

NTSTATUS NTAPI PsSetCreateProcessNotifyRoutineEx(PCREATE_PROCESS_NOTIFY_ROUTINE_EX routine,
                                                 BOOLEAN remove)
{
    struct list *list = &current_machine()->ps->notify->processes;
    if (remove)
        return remove_routine(list, (PVOID)routine);
    if (!has_integrity_check((PVOID)routine))
        return STATUS_ACCESS_DENIED;
    return add(list, (PVOID)routine, EXTENDED);
}
SB_EXPORT(PsSetCreateProcessNotifyRoutineEx)

/* type 0, PsCreateProcessNotifySubsystems: processes of all subsystems; there is one. */
NTSTATUS NTAPI nt_PsSetCreateProcessNotifyRoutineEx2(ULONG type, PVOID routine, BOOLEAN remove)
{
    if (type != 0)
        return STATUS_INVALID_PARAMETER;
    return PsSetCreateProcessNotifyRoutineEx((PCREATE_PROCESS_NOTIFY_ROUTINE_EX)routine, remove);
}
SB_EXPORT_AS("PsSetCreateProcessNotifyRoutineEx2", nt_PsSetCreateProcessNotifyRoutineEx2)

/* ---- threads ---- */

void ps_notify_thread(PETHREAD thread, BOOLEAN created)
{
    struct ps_notify_table *table = thread->machine->ps->notify;
    for (int i = 0; i < MOST_ROUTINES; i++) {
        struct routine *routine = begin_call(table, &table->threads, i);
        if (!routine)
            continue;
        if (routine->kind != NON_SYSTEM || !thread->is_system)
            ((PCREATE_THREAD_NOTIFY_ROUTINE)routine->address)(thread->owner->process_id,
                                                              thread->thread_id, created);
        end_call(table, routine);
    }
}

NTSTATUS NTAPI PsSetCreateThreadNotifyRoutine(PCREATE_THREAD_NOTIFY_ROUTINE routine)
{
    return add(&current_machine()->ps->notify->threads, (PVOID)routine, PLAIN);
}
SB_EXPORT(PsSetCreateThreadNotifyRoutine)

/* type: PsCreateThreadNotifyNonSystem, PsCreateThreadNotifySubsystems. */
NTSTATUS NTAPI nt_PsSetCreateThreadNotifyRoutineEx(ULONG type, PVOID routine)
{
    if (type > 1)
        return STATUS_INVALID_PARAMETER;
    return add(&current_machine()->ps->notify->threads, routine, type == 0 ? NON_SYSTEM : PLAIN);
}
SB_EXPORT_AS("PsSetCreateThreadNotifyRoutineEx", nt_PsSetCreateThreadNotifyRoutineEx)

NTSTATUS NTAPI PsRemoveCreateThreadNotifyRoutine(PCREATE_THREAD_NOTIFY_ROUTINE routine)
{
    return remove_routine(&current_machine()->ps->notify->threads, (PVOID)routine);
}
SB_EXPORT(PsRemoveCreateThreadNotifyRoutine)

/* ---- images ---- */

void ps_notify_driver_image(struct machine *machine, PUNICODE_STRING path, void *base, SIZE_T size)
{
    struct ps_notify_table *table = machine->ps->notify;
    for (int i = 0; i < MOST_ROUTINES; i++) {
        IMAGE_INFO information = {.ImageAddressingMode = ADDRESSES_64_BIT,
                                  .SystemModeImage = 1,
                                  .ImageBase = base,
                                  .ImageSize = size};
        struct routine *routine = begin_call(table, &table->images, i);
        if (!routine)
            continue;
        ((PLOAD_IMAGE_NOTIFY_ROUTINE)routine->address)(path, NULL, &information);
        end_call(table, routine);
    }
}

NTSTATUS NTAPI PsSetLoadImageNotifyRoutine(PLOAD_IMAGE_NOTIFY_ROUTINE routine)
{
    return add(&current_machine()->ps->notify->images, (PVOID)routine, PLAIN);
}
SB_EXPORT(PsSetLoadImageNotifyRoutine)

/* flags: PS_IMAGE_NOTIFY_CONFLICTING_ARCHITECTURE, of which there are none here. */
NTSTATUS NTAPI nt_PsSetLoadImageNotifyRoutineEx(PLOAD_IMAGE_NOTIFY_ROUTINE routine, ULONG_PTR flags)
{
    if (flags & ~(ULONG_PTR)1)
        return STATUS_INVALID_PARAMETER;
    return PsSetLoadImageNotifyRoutine(routine);
}
SB_EXPORT_AS("PsSetLoadImageNotifyRoutineEx", nt_PsSetLoadImageNotifyRoutineEx)

NTSTATUS NTAPI PsRemoveLoadImageNotifyRoutine(PLOAD_IMAGE_NOTIFY_ROUTINE routine)
{
    return remove_routine(&current_machine()->ps->notify->images, (PVOID)routine);
}
SB_EXPORT(PsRemoveLoadImageNotifyRoutine)
