/* ZwQuerySystemInformation: the classes that drivers ask for. */
#include "host/ke/ke.h"
#include "host/loader/loader.h"
#include "host/zw/zw.h"
#include "host/zw/system_information.h"

enum {
    CLASS_BASIC = 0,
    CLASS_PROCESSOR = 1,
    CLASS_TIME_OF_DAY = 3,
    CLASS_PROCESS = 5,
    CLASS_MODULE = 11,
    CLASS_KERNEL_DEBUGGER = 35,
    CLASS_RANGE_START = 50,
    CLASS_CODE_INTEGRITY = 103,
    GRANULARITY = 0x10000,
    ARCHITECTURE_AMD64 = 9,
    TEST_SIGNING = 3, /* code integrity enabled, test signing on: any driver loads */
};

static NTSTATUS answer_basic(struct machine *machine, PVOID buffer, ULONG length, PULONG returned)
{
    struct system_basic basic = {
        .timer_resolution = KeQueryTimeIncrement(),
        .page_size = PAGE_SIZE,
        .physical_pages = (ULONG)(LINUX_FRAME_END - LINUX_KERNEL_FRAME),
        .lowest_page = (ULONG)LINUX_KERNEL_FRAME,
        .highest_page = (ULONG)LINUX_FRAME_END - 1,
        .granularity = GRANULARITY,
        .least_user_address = GRANULARITY,
        .most_user_address = (ULONG_PTR)machine->data_exports->highest_user_address,
        .active_processors = KeQueryActiveProcessors(),
        .processor_count = (CCHAR)machine->processors,
    };
    return zw_answer(&basic, sizeof(basic), buffer, length, returned);
}

static NTSTATUS answer_processor(struct machine *machine, PVOID buffer, ULONG length,
                                 PULONG returned)
{
    struct system_processor processor = {.architecture = ARCHITECTURE_AMD64,
                                         .level = 6,
                                         .maximum_processors = (USHORT)machine->processors};
    return zw_answer(&processor, sizeof(processor), buffer, length, returned);
}

/* A caller that knows an older, shorter structure gets that much. */
static NTSTATUS answer_time(struct machine *machine, PVOID buffer, ULONG length, PULONG returned)
{
    struct system_time_of_day time = {
        .boot_time = machine->ke->boot_system_time,
        .current_time = ke_system_time(current_machine()),
        .time_zone_bias = (int64_t)linux_time_zone_bias() * 600000000,
    };
    if (length > sizeof(time))
        return STATUS_INFO_LENGTH_MISMATCH;
    return zw_answer(&time, length, buffer, length, returned);
}

/* Room for a report whose size is known only at its end. */
struct report {
    UCHAR *buffer;
    ULONG length, used;
};

static void *take_room(struct report *report, ULONG size)
{
    UCHAR *room = report->used + size <= report->length ? report->buffer + report->used : NULL;
    report->used += size;
    return room;
}

static NTSTATUS finish(const struct report *report, PULONG returned)
{
    if (returned)
        *returned = report->used;
    return report->used <= report->length ? STATUS_SUCCESS : STATUS_INFO_LENGTH_MISMATCH;
}

/* Threads lock held: nothing here may fault, hence reports are made in host memory. */
static ULONG report_threads(struct report *report, struct _EPROCESS *process)
{
    struct ps_state *ps = process->machine->ps;
    ULONG count = 0;
    for (PLIST_ENTRY link = ps->threads.Flink; link != &ps->threads; link = link->Flink) {
        PETHREAD thread = CONTAINING_RECORD(link, struct _ETHREAD, machine_link);
        if (thread->owner != process || __atomic_load_n(&thread->has_exited, __ATOMIC_RELAXED))
            continue;
        struct system_thread *entry = take_room(report, sizeof(*entry));
        count++;
        if (!entry)
            continue;
        *entry = (struct system_thread){
            .create_time = thread->create_time,
            .start_address = (PVOID)thread->start_routine,
            .id = {process->process_id, thread->thread_id},
            .priority = __atomic_load_n(&thread->Tcb.priority, __ATOMIC_RELAXED),
            .base_priority = __atomic_load_n(&thread->Tcb.base_priority, __ATOMIC_RELAXED),
            .state = thread->call_frame ? THREAD_RUNNING : THREAD_WAITING,
        };
    }
    return count;
}

static void report_name(struct report *report, struct _EPROCESS *process,
                        struct system_process *entry, ULONG_PTR target)
{
    ULONG count = 0, at = report->used;
    while (process->image_name[count])
        count++;
    WCHAR *text = take_room(report, (ULONG)((count + 4) / 4 * 8)); /* keeps what follows aligned */
    if (!entry || !text)
        return;
    for (ULONG i = 0; i < count; i++)
        text[i] = (UCHAR)process->image_name[i];
    text[count] = 0;
    entry->image_name.Length = (USHORT)(count * sizeof(WCHAR));
    entry->image_name.MaximumLength = entry->image_name.Length + (USHORT)sizeof(WCHAR);
    entry->image_name.Buffer = (PWSTR)(target + at);
}

static void report_process(struct report *report, struct _EPROCESS *process, ULONG_PTR target,
                           BOOLEAN is_last)
{
    ULONG start = report->used;
    struct system_process *entry = take_room(report, sizeof(*entry));
    if (entry)
        *entry = (struct system_process){
            .create_time = process->create_time,
            .base_priority = 8,
            .process_id = process->process_id,
            .parent_id = process->parent_id,
            .session_id = process != process->machine->ps->system_process,
        };
    ULONG threads = report_threads(report, process);
    report_name(report, process, entry, target);
    if (!entry)
        return;
    entry->thread_count = threads;
    entry->next_offset = is_last ? 0 : report->used - start;
}

static void report_processes(struct machine *machine, struct report *report, ULONG_PTR target)
{
    struct ps_state *ps = machine->ps;
    linux_lock(&ps->lock);
    for (PLIST_ENTRY link = ps->processes.Flink; link != &ps->processes; link = link->Flink)
        report_process(report, CONTAINING_RECORD(link, struct _EPROCESS, machine_link), target,
                       link->Flink == &ps->processes);
    linux_unlock(&ps->lock);
}

static void report_modules(struct machine *machine, struct report *report, ULONG_PTR target)
{
    static const char folder[] = "\\SystemRoot\\System32\\drivers\\";
    struct system_modules *head = take_room(report, sizeof(*head));
    ULONG count = 0;
    linux_lock(&machine->loader->lock);
    for (PLIST_ENTRY link = machine->loader->images.Flink; link != &machine->loader->images;
         link = link->Flink, count++) {
        struct loaded_image *image = CONTAINING_RECORD(link, struct loaded_image, link);
        struct system_module *entry = take_room(report, sizeof(*entry));
        if (!entry)
            continue;
        *entry = (struct system_module){.image_base = image->base,
                                        .image_size = image->size,
                                        .load_order = (USHORT)count,
                                        .load_count = 1,
                                        .name_offset = sizeof(folder) - 1};
        __builtin_memcpy(entry->path, folder, sizeof(folder));
        for (ULONG i = 0; image->name[i]; i++)
            entry->path[sizeof(folder) - 1 + i] = image->name[i];
    }
    linux_unlock(&machine->loader->lock);
    if (head)
        head->count = count;
}

/* Reports are made in host memory under locks, and copied without. */
static NTSTATUS answer_report(void (*make)(struct machine *, struct report *, ULONG_PTR),
                              PVOID buffer, ULONG length, PULONG returned)
{
    struct report report = {length ? linux_allocate(length) : NULL, length, 0};
    if (length && !report.buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    make(current_machine(), &report, (ULONG_PTR)buffer);
    NTSTATUS status = finish(&report, returned);
    if (NT_SUCCESS(status))
        RtlCopyMemory(buffer, report.buffer, report.used);
    linux_free(report.buffer);
    return status;
}

NTSTATUS NTAPI ZwQuerySystemInformation(ULONG class, PVOID information, ULONG length,
                                        PULONG returned)
{
    struct machine *machine = current_machine();
    UCHAR debugger[2] = {FALSE, TRUE}; /* enabled, not present */
    ULONG integrity[2] = {sizeof(integrity), TEST_SIGNING};
    switch (class) {
    case CLASS_BASIC:
        return answer_basic(machine, information, length, returned);
    case CLASS_PROCESSOR:
        return answer_processor(machine, information, length, returned);
    case CLASS_TIME_OF_DAY:
        return answer_time(machine, information, length, returned);
    case CLASS_PROCESS:
        return answer_report(report_processes, information, length, returned);
    case CLASS_MODULE:
        return answer_report(report_modules, information, length, returned);
    case CLASS_KERNEL_DEBUGGER:
        return zw_answer(debugger, sizeof(debugger), information, length, returned);
    case CLASS_RANGE_START:
        return zw_answer(&machine->data_exports->system_range_start, sizeof(void *), information,
                         length, returned);
    case CLASS_CODE_INTEGRITY:
        return zw_answer(integrity, sizeof(integrity), information, length, returned);
    default:
        return STATUS_INVALID_INFO_CLASS;
    }
}
SB_EXPORT(ZwQuerySystemInformation)
