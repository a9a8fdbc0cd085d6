/*
 * Which messages of DbgPrintEx are shown ("Reading and Filtering Debugging Messages").
 */
#ifndef SYSBUF_HOST_KE_DEBUG_FILTER_H
#define SYSBUF_HOST_KE_DEBUG_FILTER_H

#include "host/nt.h"

#define DEBUG_FILTER_COMPONENTS DPFLTR_ENDOFTABLE_ID

struct debug_filter {
    ULONG system;                              /* shown whatever the component's mask says */
    ULONG components[DEBUG_FILTER_COMPONENTS]; /* by component id */
};

/* Shows the levels whose bits are set in mask, of every component; 0 means all levels. */
void debug_filter_initialize(struct debug_filter *filter, ULONG mask);

/* A level below 32 is a bit's number, anything else the bits themselves. */
static inline ULONG debug_level_bits(ULONG level)
{
    return level < 32 ? 1u << level : level;
}

/* Is a message of that component and level shown? Any IRQL. */
static inline bool debug_filter_shows(const struct debug_filter *filter, ULONG component,
                                      ULONG level)
{
    ULONG mask = __atomic_load_n(&filter->system, __ATOMIC_RELAXED);
    if (component < DEBUG_FILTER_COMPONENTS)
        mask |= __atomic_load_n(&filter->components[component], __ATOMIC_RELAXED);
    return (mask & debug_level_bits(level)) != 0;
}

#endif
