/*
 * Ke inside the host: dispatcher objects, waits, timers, DPCs, bug checks.
 *
 * One dispatcher lock a machine guards every DISPATCHER_HEADER, wait block and the timer queue.
 */
#ifndef SYSBUF_HOST_KE_H
#define SYSBUF_HOST_KE_H

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
    DISPATCHER_DPC = 0x13,
};

enum { BUG_CHECK_DESCRIPTION = 16384 };

struct bug_check {
    ULONG code;
    ULONG_PTR parameters[4];
    uint64_t address; /* the instruction, or the caller of KeBugCheckEx */
    char module[64];  /* "name.sys", or empty */
    uint64_t module_offset;
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
    LIST_ENTRY timers; /* by due time; dispatcher lock */
    uint32_t clock_word; /* futex: changes when the first timer does */
    PETHREAD clock_thread;
    int64_t boot_time;        /* monotonic ns */
    int64_t boot_system_time; /* 100 ns since 1601 */
    uint32_t bug_checked;     /* the first bug check wins */
    struct bug_check bug_check;
    struct linux_lock print_lock;
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

/* The thread is to leave: its wait in user mode, now or later, ends with STATUS_USER_APC. */
void ke_end_user_waits(struct machine *machine, PKTHREAD thread);

/* Runs the DPCs this thread queued while at DISPATCH_LEVEL or above. IRQL below DISPATCH_LEVEL. */
void ke_drain_dpcs(PKTHREAD thread);
/* Runs one DPC routine at DISPATCH_LEVEL on the calling thread. */
void ke_run_dpc(PKDPC dpc);

int64_t ke_interrupt_time(struct machine *machine); /* 100 ns since boot */
/* NT timeout (negative: relative 100 ns; else absolute system time) as monotonic ns; NULL: never. */
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
