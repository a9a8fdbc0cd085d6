/* User memory as drivers may touch it: probed, inside __try, in the right process, once. */
#ifndef SYSBUF_HOST_VERIFIER_USER_MEMORY_H
#define SYSBUF_HOST_VERIFIER_USER_MEMORY_H

#include "host/verifier/state.h"

enum verifier_user_fault {
    VERIFIER_FAULT_UNKNOWN,  /* not a pointer that a caller gave: a wild one */
    VERIFIER_FAULT_RESUME,   /* only watched: go on with *context */
    VERIFIER_FAULT_EXPECTED, /* a caller's pointer, dealt with here: the driver's handlers are asked
                              */
};

/* A fault at an address below LINUX_USER_END, on the faulting thread's own stack and before any
 * handler is asked. Reports what the rules of user memory say about it. */
enum verifier_user_fault verifier_user_fault(const struct linux_fault *fault, CONTEXT *context);

/* A driver copies length bytes by a routine of the host, and one side is user memory. Reports, and
 * makes both sides accessible until verifier_user_copied. */
void verifier_user_copy(const void *to, const void *from, SIZE_T length, void *caller);
void verifier_user_copied(void);

/* ProbeForRead, ProbeForWrite, and what else vouches for a range of user memory. */
void verifier_user_probed(const void *address, SIZE_T length, BOOLEAN write, void *caller);

#endif
