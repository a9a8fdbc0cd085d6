/*
 * Processes and threads of a machine. An application's Linux thread becomes an NT thread of each
 * process it calls in for, at the first call, and stays one until it ends or the machine goes.
 * Lock: ps_state.lock (threads, processes, ids).
 */
#ifndef SYSBUF_HOST_PS_H
#define SYSBUF_HOST_PS_H

#include "host/ke/thread.h"

struct ps_state {
    struct linux_lock lock;
    LIST_ENTRY threads;   /* ETHREAD.machine_link */
    LIST_ENTRY processes; /* EPROCESS.machine_link */
    ULONG next_id;        /* process and thread ids: multiples of 4 */
    struct _EPROCESS *system_process;
    struct ps_notify_table *notify;
    struct quota_table *quota;
};

enum { PS_THREAD_INTERNAL, PS_THREAD_NEW, PS_THREAD_ANNOUNCED }; /* ETHREAD.announcement */

extern OBJECT_TYPE ps_process_type, ps_thread_type;

NTSTATUS ps_initialize(struct machine *machine); /* makes the System process, id 4 */
void ps_destroy(struct machine *machine);
/* Once per Linux process. */
int ps_initialize_library(void);

/* A process with an empty handle table; one reference, the caller's. */
NTSTATUS ps_process_create(struct machine *machine, BOOLEAN is_administrator, BOOLEAN is_32_bit,
                           struct _EPROCESS **process);
/* The environment block of an application, made when first asked for; NULL for the System process
 * or when memory is short. Any thread; IRQL <= DISPATCH_LEVEL. */
void *ps_process_peb(struct _EPROCESS *process);
/* The process's thread after previous (NULL: the first), referenced; previous is dereferenced. */
PETHREAD ps_next_thread(struct _EPROCESS *process, PETHREAD previous);
/* Gets its threads out of their calls, ends their requests, closes its handles and signals it; see
 * sb_process_destroy. By a thread of another process, PASSIVE_LEVEL, inside the machine. Blocks. */
void ps_process_exit(struct _EPROCESS *process, NTSTATUS status);

/* Referenced, or NULL when nothing that runs has the id. IRQL <= DISPATCH_LEVEL. */
PETHREAD ps_find_thread(struct machine *machine, HANDLE id);
struct _EPROCESS *ps_find_process(struct machine *machine, HANDLE id);

/* The calling Linux thread as a thread of process, with GS set; NULL when memory is short. */
PETHREAD ps_thread_enter(struct _EPROCESS *process);
void ps_thread_leave(PETHREAD thread);
/* The NT thread the calling Linux thread is running as right now, or NULL. Signal safe. */
PETHREAD ps_thread_inside(void);

/* The calling Linux thread stops being an NT thread of anything, as when it ends. Outside. */
void ps_thread_detach(void);

/* A thread object for process, not yet running; one reference, the thread's own. */
NTSTATUS ps_thread_create(struct _EPROCESS *process, BOOLEAN is_system, PETHREAD *thread);
/* The calling Linux thread is the one that runs it. */
void ps_thread_bind(PETHREAD thread);
/* Tells the drivers that asked for it of a new thread, once. PASSIVE_LEVEL. */
void ps_thread_announce(PETHREAD thread);
/* The thread's last act: drivers are told, what it owns is abandoned, waiters are woken. Once. */
void ps_thread_exit(PETHREAD thread, NTSTATUS status);

/* Starts a system thread of the host's own; *thread is referenced for the caller. */
NTSTATUS ps_system_thread_start(struct machine *machine, PKSTART_ROUTINE routine, void *context,
                                PETHREAD *thread);
/* Interrupts every thread but the caller's, so that it notices the machine's state. */
void ps_interrupt_threads(struct machine *machine);
/* Waits until all system threads have left. The machine is not running any more. Blocks. */
void ps_join_system_threads(struct machine *machine);

#endif
