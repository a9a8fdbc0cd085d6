/*
 * Ke inside the host: dispatcher objects, waits, timers, DPCs, bug checks.
 *
 * One dispatcher lock a machine guards every DISPATCHER_HEADER, wait block and the timer queue.
 */
#ifndef SYSBUF_HOST_KE_H
#define SYSBUF_HOST_KE_H

#include <sysbuf/host.h>

#include "host/ke/thread.h"

enum dispatcher_type {
    DISPATCHER_NOTIFICATION_EVENT = 0,
    DISPATCHER_SYNCHRONIZATION_EVENT = 1,
    DISPATCHER_MUTANT = 2,
    DISPATCHER_PROCESS = 3,
    DISPATCHER_QUEUE = 4,
    DISPATCHER_SEMAPHORE = 5,
    DISPATCHER_THREAD = 6,
    DISPATCHER_NOTIFICATION_TIMER = 8,
    DISPATCHER_SYNCHRONIZATION_TIMER = 9,
    DISPATCHER_APC = 0x12,
    DISPATCHER_DPC = 0x13,
    DISPATCHER_THREADED_DPC = 0x18,
};

enum { MOST_PROCESSORS = 64 };

/* A virtual processor. Threads carry its number; its own thread runs what must run there. */
struct processor {
    PETHREAD thread;                /* NULL until a DPC is directed here */
    LIST_ENTRY dpcs, threaded_dpcs; /* DPC lock */
    ULONG number;
};

enum { BUG_CHECK_DESCRIPTION = 16384 };

struct bug_check {
    ULONG code;
    ULONG_PTR parameters[4];
    uint64_t address; /* the instruction, or the caller of KeBugCheckEx */
    char module[64];  /* "name.sys", or empty */
    uint64_t module_offset;
    BOOLEAN is_reported;    /* the verifier has told of it */
    struct sb_place driver; /* the innermost driver frame */
    BOOLEAN has_registers;
    struct linux_registers registers;
    char reason[256]; /* a sentence, or empty */
    /* All lines of the report; text up to description_length is there and does not change. */
    char description[BUG_CHECK_DESCRIPTION];
    uint32_t description_length; /* atomic */
};

struct ke_state {
    struct linux_lock dispatcher;
    struct linux_lock dpc_lock;
    ULONG dpcs_outstanding;  /* queued or running; DPC lock */
    LIST_ENTRY dpc_flushers; /* who waits for that to become 0; DPC lock */
    struct processor processors[MOST_PROCESSORS];
    struct linux_lock processor_lock; /* starting their threads; outside of ps_state.lock */
    struct linux_lock callback_lock;
    LIST_ENTRY bug_check_callbacks, bug_check_reason_callbacks;
    LIST_ENTRY nmi_callbacks, processor_callbacks;
    LIST_ENTRY timers;   /* by due time; dispatcher lock */
    uint32_t clock_word; /* futex: changes when the first timer does */
    PETHREAD clock_thread;
    int64_t boot_time;        /* monotonic ns */
    int64_t boot_system_time; /* 100 ns since 1601 */
    uint32_t bug_checked;     /* the first bug check wins */
    struct bug_check bug_check;
    struct linux_lock print_lock;
    uint32_t is_stop_wanted; /* from outside; see outside_stop.h */
};

NTSTATUS ke_initialize(struct machine *machine);
NTSTATUS ke_start_clock(struct machine *machine); /* once processes exist */
void ke_destroy(struct machine *machine);

void ke_dispatcher_lock(struct machine *machine);
void ke_dispatcher_unlock(struct machine *machine);

void ke_header_initialize(DISPATCHER_HEADER *header, enum dispatcher_type type, ULONG size,
                          LONG state);
/* Wakes what the header's state satisfies. Dispatcher lock held. */
void ke_signal_waiters(DISPATCHER_HEADER *header);
/* Sets the header's state to 1 and wakes: how threads, processes and files become signalled. */
void ke_header_signal(struct machine *machine, DISPATCHER_HEADER *header);

/* KeReleaseMutant and KeReleaseSemaphore, which raise what these answer; before is the state. */
NTSTATUS ke_release_mutant(PKMUTANT mutant, BOOLEAN abandoned, BOOLEAN wait, PLONG before);
NTSTATUS ke_release_semaphore(PKSEMAPHORE semaphore, LONG adjustment, BOOLEAN wait, PLONG before);

/* The thread is to leave: its wait in user mode, now or later, ends with STATUS_USER_APC. */
void ke_end_user_waits(struct machine *machine, PKTHREAD thread);

/* Does what the current thread has been asked to do (DPCs, APCs) as far as its IRQL allows. */
void ke_soft_interrupts(struct kpcr *kpcr);
/* The running thread's IRQL may have become higher: the verifier is told. */
void ke_irql_raised(struct machine *machine);
static inline void ke_poll_soft_interrupts(void)
{
    struct kpcr *kpcr = current_kpcr();
    PKTHREAD thread = &kpcr->current_thread->Tcb;
    if (SB_UNLIKELY(__atomic_load_n(&thread->soft_interrupts, __ATOMIC_RELAXED)))
        ke_soft_interrupts(kpcr);
}
static inline void ke_request_soft_interrupt(PKTHREAD thread, enum soft_interrupt what)
{
    __atomic_or_fetch(&thread->soft_interrupts, what, __ATOMIC_RELEASE);
}
static inline void ke_clear_soft_interrupt(PKTHREAD thread, enum soft_interrupt what)
{
    __atomic_and_fetch(&thread->soft_interrupts, ~(uint32_t)what, __ATOMIC_RELEASE);
}

/* Queues a DPC for the current thread or its processor; runs nothing. FALSE: it is queued already.
 * The dispatcher lock may be held. */
BOOLEAN ke_queue_dpc(PKDPC dpc, PVOID argument1, PVOID argument2);
/* Runs the DPCs queued by the current thread. */
void ke_drain_dpcs(PKTHREAD thread);
/* Makes sure the processor's own thread exists. */
BOOLEAN ke_processor_start(struct machine *machine, ULONG number);
void ke_set_processor(struct kpcr *kpcr, ULONG number);

/* Delivers kernel APCs to the current thread, IRQL below APC_LEVEL. */
void ke_deliver_kernel_apcs(PKTHREAD thread);
/* Whether one could be delivered now. Dispatcher lock. */
BOOLEAN ke_has_kernel_apc(PKTHREAD thread);
/* What must hold, and is done, when a system call returns to the application. */
void ke_leave_system_call(PETHREAD thread);
/* Takes a wait apart with this status; FALSE when the thread does not wait. Dispatcher lock. */
BOOLEAN ke_end_wait(PKTHREAD thread, NTSTATUS status);
/* The thread ends: its mutexes are abandoned, its APCs run down. On the thread itself or, for an
 * application's thread that is outside the machine, on its behalf. */
void ke_thread_rundown(PKTHREAD thread);
/* Lets a waiter of the queue go when there is an entry for it. Dispatcher lock. */
void ke_queue_activate(PKQUEUE queue);
/* Begins Wait=TRUE: the header's waiters are left to the wait that must follow. Dispatcher lock. */
void ke_wait_next(PKTHREAD thread, DISPATCHER_HEADER *header);
void ke_run_bug_check_callbacks(struct machine *machine);
void ke_run_dump_callbacks(struct machine *machine);

/* The machine's clocks; under a scheduler they are virtual. */
int64_t ke_monotonic_time(struct machine *machine); /* ns since an arbitrary start */
int64_t ke_system_time(struct machine *machine);    /* 100 ns since 1601 */
int64_t ke_interrupt_time(struct machine *machine); /* 100 ns since boot */
/* Takes an armed timer out of the queue, looking at nothing but the queue; FALSE: it is not in it.
 */
BOOLEAN ke_timer_withdraw(struct machine *machine, PKTIMER timer);
/* NT timeout (negative: relative 100 ns; else absolute system time) as monotonic ns; NULL: never.
 */
int64_t ke_deadline(struct machine *machine, PLARGE_INTEGER timeout);

/* Stops the machine and leaves it: see docs/host-internals.md. registers may be NULL. */
_Noreturn void ke_bug_check(ULONG code, const ULONG_PTR parameters[4], uint64_t address,
                            const struct linux_registers *registers);
/* The same with a sentence that says why; copied. NULL: none. */
_Noreturn void ke_bug_check_because(ULONG code, const ULONG_PTR parameters[4], uint64_t address,
                                    const struct linux_registers *registers, const char *reason);
/* Adds a line to the report of the stop and to the machine's log. On the thread that stops it. */
void ke_bug_check_report(struct machine *machine, const char *text, SIZE_T length);
/* Leaves a machine that is no longer running, by the outermost call frame. */
_Noreturn void ke_leave_stopped_machine(void);

#endif
