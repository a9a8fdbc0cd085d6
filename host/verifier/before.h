/*
 * Checks before a call of a driver: before_list.h names the routine and what asks first. The
 * routines themselves know nothing of it, so a machine without the verifier pays nothing.
 */
#ifndef SYSBUF_HOST_VERIFIER_BEFORE_H
#define SYSBUF_HOST_VERIFIER_BEFORE_H

#include "host/machine.h"

/* One call of a routine that is checked. */
struct verifier_call {
    const char *routine;
    uint64_t *arguments;    /* integers and pointers as passed; may be changed */
    const void *caller;     /* the return address, in a driver */
    uint64_t stack_pointer; /* the driver's, as it is after the return */
    uint64_t result;        /* of a call that does not happen */
};

/* The first of the routine's checks; 0: there are none. */
ULONG verifier_first_check(const char *name);
/* Makes them, in the list's order; FALSE: the call must not happen and has a result. */
BOOLEAN verifier_before(ULONG first, struct verifier_call *call);

#endif
