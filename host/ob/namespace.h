/* The object namespace: directories of names, symbolic links. Lock: ob_state.lock. */
#ifndef SYSBUF_HOST_NAMESPACE_H
#define SYSBUF_HOST_NAMESPACE_H

#include "host/ob/object.h"

enum { OBJ_PROTECT_CLOSE_BIT = 1 }; /* handle attribute, HANDLE_FLAG_PROTECT_FROM_CLOSE */

struct directory {
    LIST_ENTRY entries; /* object_header.directory_link */
};

struct symbolic_link {
    UNICODE_STRING target; /* pool */
};

struct ob_state {
    struct linux_lock lock;
    struct directory *root;
    LIST_ENTRY deferred; /* object_header.all_link: to be removed at PASSIVE_LEVEL */
    BOOLEAN removes_deferred;
    LIST_ENTRY callbacks; /* host/ob/callbacks.c */
};

#endif
