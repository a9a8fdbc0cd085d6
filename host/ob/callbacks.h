/* One handle operation on its way past the drivers that registered callbacks. PASSIVE_LEVEL. */
#ifndef SYSBUF_HOST_OB_CALLBACKS_H
#define SYSBUF_HOST_OB_CALLBACKS_H

#include "host/ob/object.h"

struct ob_handle_call {
    OB_OPERATION operation;
    void *object;
    struct _EPROCESS *source, *target; /* of a duplication */
    BOOLEAN kernel_handle;
    ACCESS_MASK access; /* narrowed by the callbacks */
    ACCESS_MASK original_access;
    NTSTATUS status; /* of the operation, for those called after it */
    ULONG count;
    void *held[16];
    void *contexts[16];
};

/* FALSE on every path but handles to processes and threads with callbacks registered. */
BOOLEAN ob_callbacks_wanted(void *object);
void ob_callbacks_before(struct ob_handle_call *call);
void ob_callbacks_after(struct ob_handle_call *call);

#endif
