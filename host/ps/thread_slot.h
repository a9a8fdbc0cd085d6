/* What a Linux thread is in the machines it has called. */
#ifndef SYSBUF_HOST_THREAD_SLOT_H
#define SYSBUF_HOST_THREAD_SLOT_H

#include "host/ke/thread.h"

struct attachment {
    struct attachment *next;
    uint64_t process_unique, machine_id;
    PETHREAD thread;
    BOOLEAN is_live; /* scratch of prune */
};

struct thread_slot {
    PETHREAD inside; /* NULL while the thread runs application code */
    struct attachment *attachments;
};

#endif
