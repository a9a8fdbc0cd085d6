/*
 * One machine: a running NT. Everything mutable hangs here; the only globals are process-wide
 * constants (arenas, signal handlers, the sorted export table) and thread-locals.
 *
 * Each component keeps its state in a structure of its own, allocated by its initialise function
 * (host heap) and known in full only to the component's folder. To add one: a field here, the two
 * functions in the table of machine.c.
 */
#ifndef SYSBUF_HOST_MACHINE_H
#define SYSBUF_HOST_MACHINE_H

#include "host/nt.h"
#include "host/linux/linux.h"
#include "host/data_exports.h"
#include "host/ke/debug_filter.h"
#include "host/ke/kpcr.h"
#include "host/verifier/verifier.h"

struct sb_machine_options;

/* Status of every call on a machine that has bug checked (customer bit set: not NT's). */
#define STATUS_MACHINE_STOPPED ((NTSTATUS)0xE0530001L)

enum machine_state {
    MACHINE_RUNNING,
    MACHINE_SCHEDULED,  /* running, one thread at a time: host/ke/scheduler.h */
    MACHINE_STOPPED,    /* bug check; see bug_check */
    MACHINE_DESTROYING, /* threads leave, waits end */
};

struct machine {
    uint64_t id;    /* never reused in this process; thread-local caches compare it */
    uint32_t state; /* enum machine_state; read with machine_is_running */
    uint32_t processors;
    uint64_t memory_limit; /* bytes of pool and images, 0 = none */
    uint32_t random_state; /* crt: rand, srand */
    uint32_t quota_blocks; /* live pool blocks that a process pays for (host/ps/pool_quota.h) */
    bool trap_missing_imports;
    char *root_directory; /* host path that stands for \??\C:\, or NULL */
    void (*log)(void *context, const char *text, size_t length);
    void *log_context;
    struct debug_filter debug_filter; /* of DbgPrintEx */
    void (*trace_write)(void *context, const char *event, size_t length);
    void *trace_context;

    struct data_exports *data_exports;     /* kernel arena */
    const struct verifier_hooks *verifier; /* NULL when off */
    struct verifier_state *verifier_state; /* NULL when off */
    uint32_t verifier_classes;             /* SB_VERIFY_* */
    bool verifier_stops;                   /* at the first finding */
    uint32_t verify_timeout;               /* ms until a routine is stuck; 0: a default */
    uint8_t verify_fill;                   /* what unwritten memory holds; 0: patterns */
    bool verify_underruns;                 /* special pool blocks begin at their page */
    struct sb_comparison *comparison;      /* of replies; NULL: none */
    uint64_t fail_site;                    /* struct sb_site; 0: none */
    uint32_t fail_hit;                     /* 0: each */

    struct trace *trace;         /* NULL: nobody listens; host/trace/trace.h */
    struct scheduler *scheduler; /* NULL: threads run freely */
    struct ke_state *ke;
    struct mm_state *mm;
    struct ob_state *ob;
    struct io_state *io;
    struct ex_state *ex;
    struct ps_state *ps;
    struct se_state *se;
    struct cm_state *cm;
    struct etw_state *etw;
    struct wmi_state *wmi;
    struct po_state *po;
    struct fs_volume *fs; /* NULL without a root directory */
    struct net_state *net;
    struct loader_state *loader;
};

/* The machine and the NT thread on whose behalf the calling Linux thread runs. Only valid inside
 * the machine: between thread_enter and thread_leave, in system threads, DPCs and driver code. */
static inline struct machine *current_machine(void)
{
    return (struct machine *)__readgsqword(FIELD_OFFSET(struct kpcr, machine));
}

static inline PETHREAD current_thread(void)
{
    return (PETHREAD)__readgsqword(FIELD_OFFSET(struct kpcr, current_thread));
}

static inline bool machine_is_running(const struct machine *machine)
{
    return __atomic_load_n(&machine->state, __ATOMIC_ACQUIRE) <= MACHINE_SCHEDULED;
}

/* Creates a machine with all its components; on failure nothing remains. Any Linux thread. */
NTSTATUS machine_create(const struct sb_machine_options *options, struct machine **machine);
/* Unloads nothing: drivers are simply gone, as when power is cut. Blocks until every thread has
 * left. No call on the machine may be in progress or follow. */
void machine_destroy(struct machine *machine);

/* Runs function on the machine of that id while it cannot be destroyed; nothing if it is gone. */
void machine_with_live(uint64_t id, void (*function)(struct machine *, void *), void *context);

/* The machine's log, one call a message; text is UTF-8. Any IRQL. */
void machine_log(struct machine *machine, const char *text, size_t length);

#endif
