/* The end of a run in which nothing goes on, and what every thread was at. */
#include "host/ke/schedule.h"
#include "host/ke/scheduler_state.h"
#include "host/ke/text.h"
#include "host/loader/loader.h"
#include "host/ps/ps.h"
#include "host/seh/crash.h"
#include "host/seh/frame_walk.h"
#include "host/verifier/report.h"

enum { LINE = 512, MOST_FRAMES = 64 };

static const char *kind_of(const DISPATCHER_HEADER *header)
{
    switch (header->Type) {
    case DISPATCHER_NOTIFICATION_EVENT:
    case DISPATCHER_SYNCHRONIZATION_EVENT:
        return "event";
    case DISPATCHER_MUTANT:
        return "mutex";
    case DISPATCHER_PROCESS:
        return "process";
    case DISPATCHER_QUEUE:
        return "queue";
    case DISPATCHER_SEMAPHORE:
        return "semaphore";
    case DISPATCHER_THREAD:
        return "thread";
    case DISPATCHER_NOTIFICATION_TIMER:
    case DISPATCHER_SYNCHRONIZATION_TIMER:
        return "timer";
    default:
        return "object";
    }
}

/* ", which thread 12 holds", when value is a thread that takes part. */
static SIZE_T describe_holder(struct machine *machine, const void *value, char *text, SIZE_T size)
{
    struct participant *each = machine->scheduler->participants;
    for (; each; each = each->next)
        if (each->thread && each->thread == value)
            return text_format(text, size, ", which thread %u holds",
                               HandleToULong(each->thread->thread_id));
    return 0;
}

static SIZE_T describe_lock(struct machine *machine, const void *lock, char *text, SIZE_T size)
{
    void *owner = NULL; /* of an executive spin lock: its value */
    SIZE_T length = text_format(text, size, "spins at the lock %p", lock);
    if (linux_copy_guarded(&owner, lock, sizeof(owner)))
        length += describe_holder(machine, owner, text + length, size - length);
    return length;
}

static SIZE_T describe_object(struct machine *machine, const KWAIT_BLOCK *block, char *text,
                              SIZE_T size)
{
    KMUTANT object;
    if (!linux_copy_guarded(&object.Header, block->Object, sizeof(object.Header)))
        return text_format(text, size, "waits for an object in bad memory");
    SIZE_T length =
        text_format(text, size, "waits for the %s %p", kind_of(&object.Header), block->Object);
    if (block->NextWaitBlock != block)
        return length + text_format(text + length, size - length, " and others");
    if (object.Header.Type == DISPATCHER_MUTANT &&
        linux_copy_guarded(&object, block->Object, sizeof(object)))
        length += describe_holder(machine, object.OwnerThread, text + length, size - length);
    return length;
}

/* "waits for the event 0x1234". */
static SIZE_T describe_wait(const struct participant *participant, char *text, SIZE_T size)
{
    struct machine *machine = participant->thread->machine;
    KWAIT_BLOCK block, *blocks = participant->thread->Tcb.wait_blocks;
    if (participant->state == PARTICIPANT_SPINS)
        return text_format(text, size, "spins");
    if (participant->state != PARTICIPANT_WAITS)
        return text_format(text, size, "could run");
    if (participant->word_is_lock)
        return describe_lock(machine, (const void *)participant->word, text, size);
    if (participant->word &&
        __atomic_load_n(participant->word, __ATOMIC_RELAXED) != participant->expected)
        return text_format(text, size, "was woken and could run");
    if (!blocks || !linux_copy_guarded(&block, blocks, sizeof(block)))
        return text_format(text, size, "pauses");
    block.NextWaitBlock = block.NextWaitBlock == blocks ? &block : block.NextWaitBlock;
    return describe_object(machine, &block, text, size);
}

/* Threads of the host that have nothing to do are no part of the story. */
static BOOLEAN is_idle(const struct participant *participant)
{
    return participant->state == PARTICIPANT_ENDED || !participant->thread ||
           participant->thread->announcement == PS_THREAD_INTERNAL;
}

static void write_frame(struct machine *machine, uint64_t address, BOOLEAN is_return_address)
{
    char place[LINE - 8], text[LINE];
    crash_describe_address(machine, address, is_return_address, place, sizeof(place));
    ke_bug_check_report(machine, text, text_format(text, sizeof(text), "  %s\n", place));
}

static void write_heading(struct machine *machine, const struct participant *self)
{
    char text[LINE];
    SIZE_T length =
        text_format(text, sizeof(text), "thread %u ", HandleToULong(self->thread->thread_id));
    length += describe_wait(self, text + length, sizeof(text) - length);
    length += text_format(text + length, sizeof(text) - length, ":\n");
    ke_bug_check_report(machine, text, length);
}

void scheduler_describe_self(struct machine *machine, const struct participant *self)
{
    CONTEXT context;
    struct seh_walk walk;
    BOOLEAN headed = FALSE;
    RtlCaptureContext(&context);
    seh_walk_start(&walk, &context, FALSE);
    for (unsigned i = 0; i < MOST_FRAMES; i++) {
        enum seh_walk_result result = seh_walk_examine(&walk, UNW_FLAG_NHANDLER);
        if (result != SEH_WALK_END && loader_find(machine, walk.frame.control_pc)) {
            if (!headed)
                write_heading(machine, self);
            headed = TRUE;
            write_frame(machine, walk.frame.control_pc, TRUE);
        }
        if (result != SEH_WALK_CALLER)
            return;
        seh_walk_advance(&walk);
    }
}

/* The thread walks its own stack, while this one waits for it. */
static void ask(struct participant *participant)
{
    __atomic_store_n(&participant->describe, 1, __ATOMIC_RELEASE);
    __atomic_store_n(&participant->turn, 1, __ATOMIC_RELEASE);
    linux_wake(&participant->turn, 1);
    while (__atomic_load_n(&participant->describe, __ATOMIC_ACQUIRE))
        linux_park(&participant->describe, 1, LINUX_FOREVER);
}

void scheduler_describe(struct machine *machine)
{
    struct scheduler *scheduler = machine->scheduler;
    PETHREAD current = current_thread();
    if (!scheduler || scheduler_is_released(scheduler))
        return;
    for (struct participant *each = scheduler->participants; each; each = each->next)
        if (each->state != PARTICIPANT_ENDED && each->thread && each->thread != current &&
            each != scheduler->running)
            ask(each);
}

_Noreturn void scheduler_stop(struct machine *machine, ULONG code)
{
    struct scheduler *scheduler = machine->scheduler;
    const ULONG_PTR none[4] = {0};
    char reason[256], what[128];
    uint64_t place = 0;
    SIZE_T length = text_format(
        reason, sizeof(reason), "%s",
        code == (ULONG)SCHEDULER_DEADLOCK
            ? "deadlock: nobody can go on and no timer is set"
            : "endless: the run does not end, or driver code reaches no synchronization point");
    for (struct participant *each = scheduler->participants; each; each = each->next) {
        if (is_idle(each))
            continue;
        describe_wait(each, what, sizeof(what));
        length += text_format(reason + length, sizeof(reason) - length, "; thread %u %s",
                              HandleToULong(each->thread->thread_id), what);
    }
    verifier_stack(&place, 1);
    ke_bug_check_because(code, none, place, NULL, reason);
}
