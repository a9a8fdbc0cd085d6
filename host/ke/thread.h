/*
 * KTHREAD, ETHREAD and EPROCESS. Opaque to drivers apart from the dispatcher header in front, so
 * the layouts are ours. All three are object bodies (host/ob/object.h); a thread or process is
 * signalled when it ends.
 */
#ifndef SYSBUF_HOST_THREAD_H
#define SYSBUF_HOST_THREAD_H

#include "host/linux/own_lock.h"
#include "host/machine.h"
#include "host/mm/pool_cache.h"

typedef struct _OBJECT_TYPE OBJECT_TYPE; /* host/ob/object.h */

enum { BUILT_IN_WAIT_BLOCKS = 4 };

/* What a thread does as soon as its IRQL allows. */
enum soft_interrupt { SOFT_APC = 1, SOFT_DPC = 2 };

/* One call into the machine; the outermost frame is where a stopped machine's thread returns. */
struct call_frame {
    struct linux_context context;
    struct call_frame *previous;
};

struct _KTHREAD {
    DISPATCHER_HEADER Header;
    struct kpcr *kpcr;
    struct _EPROCESS *process; /* attached to; host/ps keeps the owner in ETHREAD */
    /* Wait state: dispatcher lock, but for wake_word. */
    KWAIT_BLOCK built_in_wait_blocks[BUILT_IN_WAIT_BLOCKS];
    PKWAIT_BLOCK wait_blocks; /* circular through NextWaitBlock, NULL when not waiting */
    NTSTATUS wait_status;
    uint32_t wake_word; /* futex: 0 parked or about to, 1 woken */
    KPROCESSOR_MODE wait_mode;
    BOOLEAN alertable;
    BOOLEAN alerted[2]; /* per mode */
    /* Wait=TRUE of KeSetEvent and kin: the waiters of wait_next are let go by the wait that
     * follows, so that both are one step. */
    DISPATCHER_HEADER *wait_next;
    KIRQL wait_next_irql;
    /* The KQUEUE this thread serves. */
    PKQUEUE queue;
    LIST_ENTRY queue_link;
    PLIST_ENTRY queue_entry; /* what the wait on it brought */

    union {
        struct {
            SHORT kernel_apc_disable;  /* KeEnterCriticalRegion: negative while disabled */
            SHORT special_apc_disable; /* guarded regions */
        };
        LONG combined_apc_disable;
    };
    LIST_ENTRY apc_queue[2]; /* dispatcher lock */
    BOOLEAN apc_queueable;   /* until it ends */
    BOOLEAN kernel_apc_in_progress;
    BOOLEAN user_apc_pending; /* delivered when the system call returns */
    uint32_t soft_interrupts; /* enum soft_interrupt; atomic */
    KPROCESSOR_MODE previous_mode;
    BOOLEAN terminating; /* waits in user mode end at once; dispatcher lock */
    KPRIORITY priority, base_priority, priority_increment;
    KAFFINITY affinity;        /* where it may run, */
    KAFFINITY system_affinity; /* but here while set by KeSetSystemAffinityThread */
    UCHAR ideal_processor;
    BOOLEAN stack_resident; /* KeSetKernelStackSwapEnable */
    LIST_ENTRY owned_mutants;
    LIST_ENTRY pending_dpcs; /* queued by this thread at DISPATCH_LEVEL or above; DPC lock */
};

struct _ETHREAD {
    struct _KTHREAD Tcb;
    struct _EPROCESS *owner; /* referenced */
    HANDLE thread_id;
    struct machine *machine;
    LIST_ENTRY machine_link; /* ps_state->threads, threads lock */
    struct call_frame
        *call_frame; /* innermost; NULL while outside the machine; atomic: others look */
    LIST_ENTRY irps; /* IRP.ThreadListEntry; changed by the thread itself at APC_LEVEL... */
    struct linux_own_lock irps_lock; /* ...and by those who complete its requests */
    uint64_t irps_joined;            /* so many ever; the newest stands first */
    NTSTATUS exit_status;            /* STATUS_PENDING until it has ended */
    NTSTATUS terminate_status;       /* of PsTerminateSystemThread */
    uint32_t has_exited;             /* atomic */
    UCHAR announcement;              /* PS_THREAD_*: whether drivers are told of it */
    BOOLEAN is_system;
    int64_t create_time, exit_time; /* 100 ns since 1601 */
    PKSTART_ROUTINE start_routine;
    void *start_context;
    struct linux_thread *linux_thread; /* system threads only, until joined; threads lock */
    uint32_t has_ended;                /* system threads: may be joined without blocking */
    uint32_t linux_id;                 /* atomic; 0 until the thread runs */
    uint64_t stack_low, stack_high;
    PIRP top_level_irp;                 /* IoSetTopLevelIrp */
    GUID activity_id;                   /* Etw */
    BOOLEAN is_hidden;                  /* ThreadHideFromDebugger */
    BOOLEAN hides_hard_errors;          /* IoSetThreadHardErrorMode */
    PDEVICE_OBJECT device_to_verify;    /* IoSetDeviceToVerify; not referenced */
    struct pool_cache pool_cache;       /* Mm */
    void *impersonation;                /* Se */
    void *exception_state;              /* seh: per-thread scratch */
    struct participant *participant;    /* system threads under a scheduler */
    struct verifier_thread *verified;   /* NULL: nothing was checked yet */
    struct verifier_exchange *exchange; /* the verifier: its innermost request at a driver */
    ULONG trace_depth;                  /* slices begun and not ended (host/trace) */
    BOOLEAN is_traced;                  /* its name was told; the trace's lock */
};

/* Of one kind of pool; atomic. */
struct pool_quota {
    uint64_t charged, peak;
    uint64_t limit; /* 0: none */
};

/* ZwSetInformationProcess. */
struct process_settings {
    UCHAR priority[2]; /* foreground, class */
    ULONG hard_error_mode;
    BOOLEAN boost_disabled, is_critical;
};

struct _EPROCESS {
    DISPATCHER_HEADER Header;
    uint64_t unique; /* never reused in this Linux process */
    struct machine *machine;
    LIST_ENTRY machine_link; /* ps_state->processes, threads lock */
    HANDLE process_id;
    struct handle_table *handles;
    BOOLEAN is_32_bit;
    BOOLEAN is_administrator;
    BOOLEAN is_exiting;   /* its threads leave, its handles are being closed */
    NTSTATUS exit_status; /* STATUS_PENDING until it has ended */
    void *token;          /* Se */
    char image_name[16];
    int64_t create_time, exit_time; /* 100 ns since 1601 */
    void *environment;              /* ps/environment_block.c; NULL until asked for; atomic */
    HANDLE parent_id;
    BOOLEAN is_announced;       /* drivers know of it */
    BOOLEAN is_traced;          /* its name was told; the trace's lock */
    uint32_t exit_holds;        /* PsAcquireProcessExitSynchronization; atomic */
    struct pool_quota quota[2]; /* nonpaged, paged */
    struct process_settings settings;
};

_Static_assert(FIELD_OFFSET(struct _ETHREAD, Tcb) == 0, "PETHREAD and PKTHREAD are one pointer");

/* The thread itself sets it; ps_interrupt_threads reads it from elsewhere. */
static inline void thread_set_call_frame(PETHREAD thread, struct call_frame *frame)
{
    __atomic_store_n(&thread->call_frame, frame, __ATOMIC_RELAXED);
}

#endif
