/* Runs of a map control block. */
#ifndef SYSBUF_HOST_FS_MCB_H
#define SYSBUF_HOST_FS_MCB_H

#include "host/machine.h"

enum { MCB_HOLE = -1 };

struct mcb_run {
    LONGLONG end; /* the first VBN behind it */
    LONGLONG lbn; /* of its first block, or MCB_HOLE */
};

#endif
