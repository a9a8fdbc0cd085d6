/*
 * Work queues: one queue a machine, served in order by worker threads of the System process. A new
 * worker starts whenever work waits and no worker is free, so that one that blocks holds up nobody.
 * Lock: ex_state.work_lock, a leaf. What is queued is copied; the driver's item may go at once.
 */
#include "host/ex/ex.h"
#include "host/mm/mm.h"
#include "host/ob/object.h"
#include "host/ps/ps.h"

enum { MOST_WORKERS = 64, SEMAPHORE_TAG = 0x6B726F57 };

struct ex_work {
    struct ex_work *next;
    PWORKER_THREAD_ROUTINE routine;
    void *context;
    void *item;
    PETHREAD runner; /* NULL: it is queued */
};

NTSTATUS ex_work_initialize(struct machine *machine, struct ex_state *ex)
{
    ex->last_work = &ex->first_work;
    ex->work_available = mm_pool_allocate_zero(machine, sizeof(*ex->work_available), SEMAPHORE_TAG);
    if (!ex->work_available)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeInitializeSemaphore(ex->work_available, 0, MAXLONG);
    return STATUS_SUCCESS;
}

static struct ex_work *take(struct ex_state *ex)
{
    linux_lock(&ex->work_lock);
    struct ex_work *work = ex->first_work;
    if (work && !(ex->first_work = work->next))
        ex->last_work = &ex->first_work;
    linux_unlock(&ex->work_lock);
    return work;
}

static void note_begin(struct ex_state *ex, struct ex_work *work)
{
    work->runner = current_thread();
    linux_lock(&ex->work_lock);
    work->next = ex->running;
    ex->running = work;
    linux_unlock(&ex->work_lock);
}

static void note_end(struct ex_state *ex, const struct ex_work *work)
{
    linux_lock(&ex->work_lock);
    struct ex_work **link = &ex->running;
    while (*link != work)
        link = &(*link)->next;
    *link = work->next;
    linux_unlock(&ex->work_lock);
}

static void call(const struct ex_work *work)
{
    const struct verifier_hooks *verifier = current_machine()->verifier;
    struct verifier_callback callback = {VERIFIER_CALLBACK_WORK, work->routine, work->item};
    if (SB_UNLIKELY(verifier) && verifier->callback_begin)
        verifier->callback_begin(&callback);
    work->routine(work->context);
    if (SB_UNLIKELY(verifier) && verifier->callback_end)
        verifier->callback_end(&callback);
}

static void run(struct ex_work *work)
{
    struct ex_work copy = *work;
    struct ex_state *ex = current_machine()->ex;
    PKTHREAD thread = &current_thread()->Tcb;
    linux_free(work);
    note_begin(ex, &copy);
    call(&copy);
    note_end(ex, &copy);
    KIRQL irql = KeGetCurrentIrql();
    if (irql != PASSIVE_LEVEL)
        KeBugCheckEx(WORKER_THREAD_RETURNED_AT_BAD_IRQL, (ULONG_PTR)copy.routine, irql,
                     (ULONG_PTR)copy.context, (ULONG_PTR)copy.item);
    thread->process = current_thread()->owner; /* a forgotten attachment ends here */
}

static void count_idle(struct ex_state *ex, LONG change)
{
    linux_lock(&ex->work_lock);
    ex->idle_workers += (ULONG)change;
    linux_unlock(&ex->work_lock);
}

static VOID NTAPI worker_main(PVOID context)
{
    struct machine *machine = context;
    struct ex_state *ex = machine->ex;
    linux_lock(&ex->work_lock);
    ex->starting_workers--;
    linux_unlock(&ex->work_lock);
    for (;;) {
        count_idle(ex, 1);
        KeWaitForSingleObject(ex->work_available, WrQueue, KernelMode, FALSE, NULL);
        count_idle(ex, -1);
        struct ex_work *work = take(ex);
        if (work)
            run(work);
    }
}

/* Appends work; TRUE when a further worker is needed for it. */
static BOOLEAN append(struct ex_state *ex, struct ex_work *work)
{
    ULONG queued = 0;
    linux_lock(&ex->work_lock);
    *ex->last_work = work;
    ex->last_work = &work->next;
    for (struct ex_work *each = ex->first_work; each && queued <= MOST_WORKERS; each = each->next)
        queued++;
    BOOLEAN needed = queued > ex->idle_workers + ex->starting_workers && ex->workers < MOST_WORKERS;
    if (needed) {
        ex->workers++;
        ex->starting_workers++;
    }
    linux_unlock(&ex->work_lock);
    return needed;
}

static void start_worker(struct machine *machine)
{
    struct ex_state *ex = machine->ex;
    PETHREAD thread;
    if (NT_SUCCESS(ps_system_thread_start(machine, worker_main, machine, &thread))) {
        ob_dereference(thread);
        return;
    }
    linux_lock(&ex->work_lock);
    ex->workers--;
    ex->starting_workers--;
    BOOLEAN stranded = ex->workers == 0;
    linux_unlock(&ex->work_lock);
    if (stranded) /* nobody would ever run it */
        KeBugCheckEx(INSTALL_MORE_MEMORY, 0, 0, 0, 0);
}

void ex_queue_work(struct machine *machine, PWORKER_THREAD_ROUTINE routine, void *context,
                   void *item)
{
    struct ex_work *work;
    ULONG turns = 0;
    while (!(work = linux_allocate(sizeof(*work))))
        schedule_spin(&turns); /* queuing cannot fail */
    *work = (struct ex_work){.routine = routine, .context = context, .item = item};
    BOOLEAN needed = append(machine->ex, work);
    KeReleaseSemaphore(machine->ex->work_available, IO_NO_INCREMENT, 1, FALSE);
    if (needed)
        start_worker(machine);
}

/* The index-th of the list; *index counts down. */
static const struct ex_work *nth(const struct ex_work *work, ULONG *index)
{
    for (; work && *index > 0; work = work->next)
        --*index;
    return work;
}

BOOLEAN ex_see_work(struct machine *machine, ULONG index, struct ex_work_seen *seen)
{
    struct ex_state *ex = machine->ex;
    linux_lock(&ex->work_lock);
    const struct ex_work *work = nth(ex->running, &index);
    if (!work)
        work = nth(ex->first_work, &index);
    if (work)
        *seen = (struct ex_work_seen){(const void *)work->routine, work->item, work->runner};
    linux_unlock(&ex->work_lock);
    return work != NULL;
}

VOID NTAPI ExQueueWorkItem(PWORK_QUEUE_ITEM item, WORK_QUEUE_TYPE type)
{
    ex_queue_work(current_machine(), item->WorkerRoutine, item->Parameter, item);
}
SB_EXPORT(ExQueueWorkItem)

static void queue_free(struct ex_state *ex)
{
    struct ex_work *work;
    while ((work = take(ex)) != NULL)
        linux_free(work);
}

NTSTATUS ex_initialize(struct machine *machine)
{
    struct ex_state *ex = linux_allocate(sizeof(*ex));
    if (!ex)
        return STATUS_INSUFFICIENT_RESOURCES;
    machine->ex = ex;
    ex_data_initialize(machine);
    NTSTATUS status = ex_work_initialize(machine, ex);
    if (NT_SUCCESS(status))
        status = ex_callback_initialize(machine);
    return status;
}

void ex_destroy(struct machine *machine)
{
    if (machine->ex)
        queue_free(machine->ex);
    linux_free(machine->ex);
    machine->ex = NULL;
}
