/* Queries and settings of a file that its driver answers through a system buffer; the caller's
 * buffer is the kernel's own. PASSIVE_LEVEL. */
#ifndef SYSBUF_HOST_FS_ZW_QUERY_H
#define SYSBUF_HOST_FS_ZW_QUERY_H

#include "host/io/io.h"

struct zw_query {
    UCHAR major, minor, flags;
    BOOLEAN is_input; /* the buffer is given to the driver, nothing comes back */
    void (*fill)(PIO_STACK_LOCATION stack, const struct zw_query *query);
    ULONG length;
    ULONG class;
    UNICODE_STRING *pattern;
    const void *list; /* of names; a system address */
    ULONG list_length;
    ULONG index;
};

/* One at a time on a synchronous file; the status block is written unless the call was refused. */
NTSTATUS zw_query(PFILE_OBJECT file, const struct zw_query *query, PVOID buffer,
                  PIO_STATUS_BLOCK status_block);
/* The same for a handle that allows access. */
NTSTATUS zw_query_handle(HANDLE handle, ACCESS_MASK access, const struct zw_query *query,
                         PVOID buffer, PIO_STATUS_BLOCK status_block);

#endif
