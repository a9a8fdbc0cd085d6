/*
 * Checks before a call: while the verifier is on, drivers are bound to a small piece of code in
 * front of the routines listed in before_list.h, which asks the verifier first. The routines
 * themselves know nothing of it, so a machine without the verifier pays nothing.
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

/* What drivers that import name get instead of address; address itself when it is not checked. */
const void *verifier_bind(const char *name, const void *address);

#endif
