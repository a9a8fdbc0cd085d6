/* Machines: made of their components, in order; taken apart in reverse. */
#include <sysbuf/host.h>

#include "host/cm/cm.h"
#include "host/etw/etw.h"
#include "host/ex/ex.h"
#include "host/fs/fs.h"
#include "host/io/io.h"
#include "host/ke/call.h"
#include "host/ke/ke.h"
#include "host/ke/scheduler.h"
#include "host/loader/loader.h"
#include "host/mm/mm.h"
#include "host/net/net.h"
#include "host/ob/object.h"
#include "host/po/po.h"
#include "host/ps/ps.h"
#include "host/se/se.h"
#include "host/trace/trace.h"
#include "host/verifier/state.h"
#include "host/wmi/wmi.h"

static const struct component {
    NTSTATUS (*initialize)(struct machine *machine);
    void (*destroy)(struct machine *machine);
} components[] = {
    {verifier_initialize, verifier_destroy},
    {trace_initialize, trace_destroy},
    {mm_initialize, mm_destroy},
    {ke_initialize, ke_destroy},
    {ob_initialize, ob_destroy},
    {se_initialize, se_destroy},
    {ps_initialize, ps_destroy},
    {cm_initialize, cm_destroy},
    {ex_initialize, ex_destroy},
    {etw_initialize, etw_destroy},
    {po_initialize, po_destroy},
    {loader_initialize, loader_destroy},
    {io_initialize, io_destroy},
    {wmi_initialize, wmi_destroy},
    {fs_initialize, fs_destroy},
    {net_initialize, net_destroy},
};

/* Process wide: the machines that exist, so that a thread's end finds them. */
static struct {
    struct linux_lock lock;
    struct linux_lock library_lock;
    uint32_t is_initialized;
    uint64_t last_id;
    struct live_machine *live;
} library;

struct live_machine {
    struct live_machine *next;
    struct machine *machine;
    uint32_t users; /* machine_with_live; atomic, raised under the lock */
};

static NTSTATUS library_initialize(void)
{
    NTSTATUS status = STATUS_SUCCESS;
    linux_lock(&library.library_lock);
    if (!library.is_initialized) {
        if (ps_initialize_library() == 0)
            library.is_initialized = 1;
        else
            status = STATUS_NOT_SUPPORTED;
    } else if (linux_faults_claim() != 0) {
        status = STATUS_NOT_SUPPORTED;
    }
    linux_unlock(&library.library_lock);
    return status;
}

sb_status sb_host_claim_faults(void)
{
    return library_initialize();
}

static BOOLEAN live_add(struct machine *machine)
{
    struct live_machine *live = linux_allocate(sizeof(*live));
    if (!live)
        return FALSE;
    live->machine = machine;
    linux_lock(&library.lock);
    machine->id = ++library.last_id;
    live->next = library.live;
    library.live = live;
    linux_unlock(&library.lock);
    return TRUE;
}

static struct live_machine *live_unlink(struct machine *machine)
{
    struct live_machine *found = NULL;
    linux_lock(&library.lock);
    for (struct live_machine **link = &library.live; *link && !found; link = &(*link)->next) {
        if ((*link)->machine == machine) {
            found = *link;
            *link = found->next;
            break;
        }
    }
    linux_unlock(&library.lock);
    return found;
}

/* Nobody finds the machine any more, and who has found it has left. */
static void live_remove(struct machine *machine)
{
    struct live_machine *live = live_unlink(machine);
    while (live && __atomic_load_n(&live->users, __ATOMIC_ACQUIRE) != 0) {
        uint32_t never = 0;
        ps_interrupt_threads(machine);
        linux_park(&never, 0, linux_monotonic_time() + 1000000);
    }
    linux_free(live);
}

void machine_with_live(uint64_t id, void (*function)(struct machine *, void *), void *context)
{
    struct live_machine *live;
    linux_lock(&library.lock);
    for (live = library.live; live && live->machine->id != id; live = live->next)
        continue;
    if (live)
        __atomic_add_fetch(&live->users, 1, __ATOMIC_RELAXED);
    linux_unlock(&library.lock);
    if (!live)
        return;
    function(live->machine, context);
    __atomic_sub_fetch(&live->users, 1, __ATOMIC_RELEASE);
}

void machine_log(struct machine *machine, const char *text, size_t length)
{
    if (machine->log)
        machine->log(machine->log_context, text, length);
    else
        linux_log_standard_error(text, length);
}

static void components_destroy(struct machine *machine, ULONG count)
{
    /* Mm owns all memory: everything else goes before it. */
    while (count-- > 0)
        components[count].destroy(machine);
}

static char *text_copy(const char *text)
{
    SIZE_T length = 0;
    while (text[length])
        length++;
    char *copy = linux_allocate(length + 1);
    if (copy)
        __builtin_memcpy(copy, text, length);
    return copy;
}

static NTSTATUS apply_options(struct machine *machine, const struct sb_machine_options *options)
{
    static const struct sb_machine_options defaults;
    if (!options)
        options = &defaults;
    if (options->processors > 64)
        return STATUS_INVALID_PARAMETER;
    machine->processors = options->processors ? options->processors : 1;
    machine->memory_limit = options->memory_limit;
    machine->trap_missing_imports = options->trap_missing_imports;
    machine->verifier_classes = options->verify;
    machine->verifier_stops = options->stop_at_findings;
    machine->verify_timeout = options->verify_timeout;
    machine->verify_fill = options->verify_fill;
    machine->verify_underruns = options->verify_underruns;
    machine->comparison = options->comparison;
    machine->fail_site = options->fail_site;
    machine->fail_hit = options->fail_hit;
    machine->log = options->log;
    machine->log_context = options->log_context;
    machine->trace_write = options->trace;
    machine->trace_context = options->trace_context;
    debug_filter_initialize(&machine->debug_filter, options->debug_print_mask);
    if (options->root_directory && !(machine->root_directory = text_copy(options->root_directory)))
        return STATUS_INSUFFICIENT_RESOURCES;
    return STATUS_SUCCESS;
}

NTSTATUS machine_create(const struct sb_machine_options *options, struct machine **created)
{
    NTSTATUS status = library_initialize();
    if (!NT_SUCCESS(status))
        return status;
    struct machine *machine = linux_allocate(sizeof(*machine));
    if (!machine)
        return STATUS_INSUFFICIENT_RESOURCES;
    ULONG done = 0;
    status = apply_options(machine, options);
    if (NT_SUCCESS(status) && options && options->schedule)
        status = scheduler_create(machine, options->schedule);
    if (NT_SUCCESS(status) && !live_add(machine))
        status = STATUS_INSUFFICIENT_RESOURCES;
    while (NT_SUCCESS(status) && done < RTL_NUMBER_OF(components))
        status = components[done++].initialize(machine);
    if (NT_SUCCESS(status))
        status = ke_start_clock(machine);
    if (NT_SUCCESS(status) && machine->scheduler)
        scheduler_settle(machine); /* the clock thread begins to wait */
    if (NT_SUCCESS(status)) {
        *created = machine;
        return STATUS_SUCCESS;
    }
    scheduler_release(machine);
    live_remove(machine);
    components_destroy(machine, done);
    scheduler_destroy(machine);
    linux_free(machine->root_directory);
    linux_free(machine);
    return status;
}

void machine_destroy(struct machine *machine)
{
    __atomic_store_n(&machine->state, MACHINE_DESTROYING, __ATOMIC_RELEASE);
    verifier_watch_stop(machine);
    scheduler_release(machine);
    live_remove(machine);
    ps_interrupt_threads(machine);
    ps_join_system_threads(machine);
    if (machine->verifier)
        ps_forget_verified(machine);
    machine->verifier = NULL; /* its hooks look at the current machine */
    components_destroy(machine, RTL_NUMBER_OF(components));
    scheduler_destroy(machine);
    linux_free(machine->root_directory);
    linux_free(machine);
}
