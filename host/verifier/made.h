/* What drivers make that must be gone when they are: registrations, links, threads, timers. made.c
 * keeps who made it; made_watch.c stands in front of the exports; unload.c looks what is left. */
#ifndef SYSBUF_HOST_VERIFIER_MADE_H
#define SYSBUF_HOST_VERIFIER_MADE_H

#include "host/verifier/state.h"

enum made_kind {
    MADE_DEVICE,
    MADE_LINK,
    MADE_PROCESS_NOTIFY,
    MADE_THREAD_NOTIFY,
    MADE_IMAGE_NOTIFY,
    MADE_REGISTRY_CALLBACK,
    MADE_OBJECT_CALLBACK,
    MADE_CALLBACK,
    MADE_PNP_NOTIFY,
    MADE_POWER_SETTING,
    MADE_BUG_CHECK,
    MADE_ETW,
    MADE_WMI,
    MADE_LOOKASIDE,
    MADE_RESOURCE,
    MADE_EX_TIMER,
    /* These end by themselves: whether they are left is seen elsewhere. */
    MADE_TIMER,
    MADE_DPC,
    MADE_THREAD,
    MADE_WORK,
};

struct made {
    struct made *next;
    enum made_kind kind;
    uint64_t key;
    const void *caller; /* in a driver */
    char name[48];      /* or empty */
};

/* made: in place of an older one of that kind and key. name may be NULL. */
void verifier_made(enum made_kind kind, uint64_t key, const void *caller, PCUNICODE_STRING name);
void verifier_unmade(enum made_kind kind, uint64_t key);
/* Who made it, or NULL. */
const void *verifier_maker(enum made_kind kind, uint64_t key);
/* Takes out the oldest thing that code in [start, end) made; FALSE: there is none. */
BOOLEAN verifier_made_take(uint64_t start, uint64_t end, struct made *taken);
/* A key for a name: the same in any case. */
uint64_t verifier_made_name_key(PCUNICODE_STRING name);

#endif
