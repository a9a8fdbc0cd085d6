/*
 * What a driver finds at GS base. On Windows one per processor; here one per thread, so that IRQL
 * and the current thread are right whichever Linux CPU runs it. Offsets are Windows' where drivers
 * read them inline (0x18 Self, 0x20 CurrentPrcb, 0x50 Irql, 0x184 and 0x1A4 processor number,
 * 0x188 CurrentThread).
 */
#ifndef SYSBUF_HOST_KPCR_H
#define SYSBUF_HOST_KPCR_H

#include "host/nt.h"

struct kpcr {
    uint64_t gdt_base, tss_base, user_rsp;
    struct kpcr *self;    /* 0x18 */
    void *current_prcb;   /* 0x20 */
    void *lock_array;     /* 0x28 */
    void *used_self;      /* 0x30: the TEB */
    void *idt_base;       /* 0x38 */
    uint64_t unused[2];   /* 0x40 */
    volatile UCHAR irql;  /* 0x50 */
    UCHAR reserved0[0xF]; /* 0x51 */
    USHORT major_version; /* 0x60 */
    USHORT minor_version; /* 0x62 */
    UCHAR reserved1[0x180 - 0x64];
    ULONG mxcsr;          /* 0x180: the KPRCB starts here */
    USHORT legacy_number; /* 0x184 */
    UCHAR interrupt_request, idle_halt;
    struct _ETHREAD *current_thread; /* 0x188 */
    void *next_thread;               /* 0x190 */
    void *idle_thread;               /* 0x198 */
    UCHAR nesting_level[4];          /* 0x1A0 */
    ULONG number;                    /* 0x1A4 */
    UCHAR reserved2[0xC00 - 0x1A8];
    struct machine *machine; /* 0xC00: ours from here on */
    bool dpc_active;         /* a DPC routine runs on this thread */
    bool holds_dispatcher;   /* so that a bug check can let go of it */
    int64_t callbacks_until; /* linux_monotonic_time: it runs bug check callbacks; else 0 */
};

_Static_assert(FIELD_OFFSET(struct kpcr, self) == 0x18, "KPCR.Self");
_Static_assert(FIELD_OFFSET(struct kpcr, current_prcb) == 0x20, "KPCR.CurrentPrcb");
_Static_assert(FIELD_OFFSET(struct kpcr, irql) == 0x50, "KPCR.Irql");
_Static_assert(FIELD_OFFSET(struct kpcr, legacy_number) == 0x184, "KPRCB.LegacyNumber");
_Static_assert(FIELD_OFFSET(struct kpcr, current_thread) == 0x188, "KPRCB.CurrentThread");
_Static_assert(FIELD_OFFSET(struct kpcr, number) == 0x1A4, "KPRCB.Number");
_Static_assert(FIELD_OFFSET(struct kpcr, machine) == 0xC00, "KPCR, ours");

static inline struct kpcr *current_kpcr(void)
{
    return (struct kpcr *)__readgsqword(FIELD_OFFSET(struct kpcr, self));
}

#endif
