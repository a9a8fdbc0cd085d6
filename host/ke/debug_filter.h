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

/* Is a message of that component and level (a number below 32, or a mask) shown? Any IRQL. */
bool debug_filter_shows(const struct debug_filter *filter, ULONG component, ULONG level);

#endif
