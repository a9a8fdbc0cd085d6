/* What is left when a driver's DriverUnload has returned, or its DriverEntry has failed. */
#include <sysbuf/host.h>

#include "host/ex/ex.h"
#include "host/io/io.h"
#include "host/ke/ke.h"
#include "host/ke/text.h"
#include "host/loader/loader.h"
#include "host/ps/ps.h"
#include "host/verifier/irp.h"
#include "host/verifier/lock.h"
#include "host/verifier/made.h"
#include "host/verifier/watch.h"

enum { PATIENCE = 1000 /* pauses */, MOST_LEFT = 64 };

struct gone {
    uint64_t start, end; /* the image */
    PDRIVER_OBJECT driver;
    const char *when;
};

static BOOLEAN is_inside(const struct gone *gone, const void *address)
{
    return (uint64_t)address >= gone->start && (uint64_t)address < gone->end;
}

static void pause(void)
{
    LARGE_INTEGER millisecond = {.QuadPart = -10000};
    KeDelayExecutionThread(KernelMode, FALSE, &millisecond);
}

static void __attribute__((ms_abi)) report(enum verifier_rule rule, const struct gone *gone,
                                           const void *caller, const char *format, ...)
{
    char what[VERIFIER_MESSAGE_SIZE / 2];
    __builtin_ms_va_list arguments;

    __builtin_ms_va_start(arguments, format);
    text_format_list(what, sizeof(what), format, arguments);
    __builtin_ms_va_end(arguments);
    verifier_report(rule, caller, (ULONG_PTR[3]){gone->start}, "%s %s", what, gone->when);
}

/* ---- what was registered and not taken back ---- */
static const struct {
    enum verifier_rule rule;
    const char *what;
} left[] = {
    [MADE_LINK] = {RULE_LEFT_LINK, "the symbolic link"},
    [MADE_PROCESS_NOTIFY] = {RULE_LEFT_PROCESS_NOTIFY, "the process notify routine"},
    [MADE_THREAD_NOTIFY] = {RULE_LEFT_THREAD_NOTIFY, "the thread notify routine"},
    [MADE_IMAGE_NOTIFY] = {RULE_LEFT_IMAGE_NOTIFY, "the load-image notify routine"},
    [MADE_REGISTRY_CALLBACK] = {RULE_LEFT_REGISTRY_CALLBACK, "the registry callback"},
    [MADE_OBJECT_CALLBACK] = {RULE_LEFT_OBJECT_CALLBACK, "the object callbacks"},
    [MADE_CALLBACK] = {RULE_LEFT_CALLBACK, "the callback routine"},
    [MADE_PNP_NOTIFY] = {RULE_LEFT_PNP_NOTIFY, "the plug and play notification"},
    [MADE_POWER_SETTING] = {RULE_LEFT_POWER_SETTING, "the power setting callback"},
    [MADE_BUG_CHECK] = {RULE_LEFT_BUG_CHECK, "the bug check callback"},
    [MADE_ETW] = {RULE_LEFT_ETW, "the event tracing registration"},
    [MADE_WMI] = {RULE_LEFT_WMI, "the WMI registration"},
    [MADE_LOOKASIDE] = {RULE_LEFT_LOOKASIDE, "the lookaside list"},
    [MADE_RESOURCE] = {RULE_LEFT_RESOURCE, "the resource"},
};

static void check_made(const struct gone *gone)
{
    struct made made;
    while (verifier_made_take(gone->start, gone->end, &made)) {
        if (made.kind >= RTL_NUMBER_OF(left) || !left[made.kind].what)
            continue;
        report(left[made.kind].rule, gone, made.caller, "%s%s%s made here is still there",
               left[made.kind].what, made.name[0] ? " " : "", made.name);
    }
}

/* ---- devices ---- */
/* A worker may be letting go of the last reference to another one just now. */
static ULONG collect_devices(const struct gone *gone, const void **found)
{
    struct io_state *io = current_machine()->io;
    ULONG count = 0;
    linux_lock(&io->lock);
    for (PDEVICE_OBJECT device = gone->driver->DeviceObject; device && count < MOST_LEFT;
         device = device->NextDevice)
        if (!io_device_extension_of(device)->delete_pending)
            found[count++] = device;
    linux_unlock(&io->lock);
    return count;
}

static void check_devices(const struct gone *gone)
{
    const void *found[MOST_LEFT];
    ULONG count = collect_devices(gone, found);
    for (ULONG i = 0; i < count; i++)
        report(RULE_DEVICE_LEFT, gone, verifier_maker(MADE_DEVICE, (uint64_t)found[i]),
               "the device object at %p made here is still there", found[i]);
}

/* ---- timers and DPCs ---- */
struct left_timer {
    const void *timer, *routine;
};

static ULONG collect_timers(const struct gone *gone, struct left_timer *found)
{
    struct machine *machine = current_machine();
    ULONG count = 0;
    ke_dispatcher_lock(machine);
    PLIST_ENTRY head = &machine->ke->timers;
    for (PLIST_ENTRY link = head->Flink; link != head && count < MOST_LEFT; link = link->Flink) {
        PKTIMER timer = CONTAINING_RECORD(link, KTIMER, TimerListEntry);
        const void *routine = timer->Dpc ? (const void *)timer->Dpc->DeferredRoutine : NULL;
        if (is_inside(gone, timer) || is_inside(gone, timer->Dpc) || is_inside(gone, routine))
            found[count++] = (struct left_timer){timer, routine};
    }
    ke_dispatcher_unlock(machine);
    return count;
}

static void check_timers(const struct gone *gone)
{
    struct left_timer found[MOST_LEFT];
    ULONG count = collect_timers(gone, found);
    for (ULONG i = 0; i < count; i++)
        report(RULE_LEFT_TIMER, gone, verifier_maker(MADE_TIMER, (uint64_t)found[i].timer),
               "the timer at %p (DPC routine %p) set here still runs", found[i].timer,
               found[i].routine);
}

/* One that a processor's thread has yet to run, or NULL. */
static const KDPC *find_dpc(const struct gone *gone, const LIST_ENTRY *list)
{
    if (!list->Flink)
        return NULL; /* that thread was never started */
    for (const LIST_ENTRY *link = list->Flink; link != list; link = link->Flink) {
        const KDPC *dpc = CONTAINING_RECORD(link, KDPC, DpcListEntry);
        if (is_inside(gone, (const void *)dpc->DeferredRoutine))
            return dpc;
    }
    return NULL;
}

static void check_dpcs(const struct gone *gone)
{
    struct machine *machine = current_machine();
    const void *routine = NULL;
    const KDPC *dpc = NULL;
    linux_lock(&machine->ke->dpc_lock);
    for (ULONG i = 0; i < machine->processors && !dpc; i++) {
        dpc = find_dpc(gone, &machine->ke->processors[i].dpcs);
        if (!dpc)
            dpc = find_dpc(gone, &machine->ke->processors[i].threaded_dpcs);
        routine = dpc ? (const void *)dpc->DeferredRoutine : NULL;
    }
    linux_unlock(&machine->ke->dpc_lock);
    if (dpc)
        report(RULE_LEFT_DPC, gone, verifier_maker(MADE_DPC, (uint64_t)dpc),
               "the DPC at %p (routine %p) inserted here is still queued", dpc, routine);
}

/* ---- work items: one that runs and is about to return may take a moment more ---- */
static BOOLEAN find_work(const struct gone *gone, struct ex_work_seen *found)
{
    for (ULONG index = 0; ex_see_work(current_machine(), index, found); index++)
        if (is_inside(gone, found->routine))
            return TRUE;
    return FALSE;
}

static BOOLEAN is_about_to_return(const struct ex_work_seen *work)
{
    return work->runner && !__atomic_load_n(&work->runner->Tcb.wait_blocks, __ATOMIC_ACQUIRE);
}

static void check_work(const struct gone *gone)
{
    struct ex_work_seen work;
    for (int poll = 0; find_work(gone, &work); poll++) {
        if (is_about_to_return(&work) && poll < PATIENCE) {
            pause();
            continue;
        }
        report(RULE_LEFT_WORK, gone, verifier_maker(MADE_WORK, (uint64_t)work.item),
               "the work item at %p queued here still %s", work.item,
               work.runner ? "runs" : "waits");
        return;
    }
}

/* ---- threads: one that is about to end may take a moment more ---- */
static BOOLEAN find_thread(const struct gone *gone, ULONG *id, const void **routine, void **context)
{
    struct ps_state *ps = current_machine()->ps;
    BOOLEAN found = FALSE;
    linux_lock(&ps->lock);
    for (PLIST_ENTRY link = ps->threads.Flink; link != &ps->threads && !found; link = link->Flink) {
        PETHREAD thread = CONTAINING_RECORD(link, struct _ETHREAD, machine_link);
        found = thread->is_system && is_inside(gone, (const void *)thread->start_routine) &&
                !__atomic_load_n(&thread->has_exited, __ATOMIC_ACQUIRE);
        if (found) {
            *id = HandleToULong(thread->thread_id);
            *routine = (const void *)thread->start_routine;
            *context = thread->start_context;
        }
    }
    linux_unlock(&ps->lock);
    return found;
}

static void check_threads(const struct gone *gone)
{
    const void *routine;
    void *context;
    ULONG id;
    for (int poll = 0; find_thread(gone, &id, &routine, &context); poll++) {
        if (poll < PATIENCE) {
            pause();
            continue;
        }
        report(RULE_LEFT_THREAD, gone,
               verifier_maker(MADE_THREAD, (uint64_t)routine ^ (uint64_t)context << 1),
               "the system thread %u started here still runs", id);
        return;
    }
}

/* ---- requests ---- */
struct left_irp {
    const void *irp, *made_by, *routine;
    BOOLEAN is_own;
};

/* The driver's completion routine in a location whose driver still has the request. */
static const void *routine_in(const struct gone *gone, const struct irp_record *record)
{
    const IO_STACK_LOCATION *stacks = (const IO_STACK_LOCATION *)(record->irp + 1);
    const UCHAR invoke = SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_ERROR | SL_INVOKE_ON_CANCEL;
    for (ULONG i = 1; i <= record->count; i++)
        if (record->locations[i].is_sent && !record->locations[i].is_done &&
            (stacks[i - 1].Control & invoke) &&
            is_inside(gone, (const void *)stacks[i - 1].CompletionRoutine))
            return (const void *)stacks[i - 1].CompletionRoutine;
    return NULL;
}

static ULONG collect_irps(const struct gone *gone, struct left_irp *found)
{
    struct verifier_irps *irps = verifier_irps();
    ULONG count = 0;
    linux_lock(&irps->lock);
    for (SIZE_T i = 0; i < irps->bucket_count; i++) {
        for (struct irp_record *record = irps->buckets[i]; record && count < MOST_LEFT;
             record = record->next) {
            if (record->is_freed)
                continue;
            const void *routine = routine_in(gone, record);
            BOOLEAN is_own = is_inside(gone, record->made_by);
            if (routine || is_own)
                found[count++] = (struct left_irp){record->irp, record->made_by, routine, is_own};
        }
    }
    linux_unlock(&irps->lock);
    return count;
}

static void check_irps(const struct gone *gone)
{
    struct left_irp found[MOST_LEFT];
    ULONG count = collect_irps(gone, found);
    for (ULONG i = 0; i < count; i++) {
        if (found[i].routine)
            report(RULE_LEFT_ROUTINE, gone, found[i].is_own ? found[i].made_by : found[i].routine,
                   "the IRP at %p, not completed yet, leads to the completion routine %p",
                   found[i].irp, found[i].routine);
        else
            report(RULE_LEFT_IRP, gone, found[i].made_by,
                   "the IRP at %p allocated here was not freed", found[i].irp);
    }
}

void verifier_driver_gone(PDRIVER_OBJECT driver, struct loaded_image *image, NTSTATUS status)
{
    struct gone gone = {(uint64_t)image->base, (uint64_t)image->base + image->size, driver,
                        NT_SUCCESS(status) ? "after DriverUnload"
                                           : "although DriverEntry has failed"};
    if (verifier_checks(SB_VERIFY_UNLOAD)) {
        check_threads(&gone);
        check_timers(&gone);
        check_dpcs(&gone);
        check_work(&gone);
        check_irps(&gone);
        check_devices(&gone);
        check_made(&gone);
    }
    if (verifier_checks(SB_VERIFY_LOCKS))
        verifier_locks_memory_freed(image->base, image->size, NULL);
}
