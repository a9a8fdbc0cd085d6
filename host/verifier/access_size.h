/* How much an instruction reads or writes. */
#ifndef SYSBUF_HOST_VERIFIER_ACCESS_SIZE_H
#define SYSBUF_HOST_VERIFIER_ACCESS_SIZE_H

#include "host/nt.h"

struct verifier_access_size {
    SIZE_T length;       /* bytes; the whole of a repeated one */
    BOOLEAN is_repeated; /* rep movs and kin: a copy */
};

/* The memory operand of the instruction at context->Rip. Instructions that are not known are taken
 * for accesses of the operand size. */
struct verifier_access_size verifier_access_size(const CONTEXT *context);

#endif
