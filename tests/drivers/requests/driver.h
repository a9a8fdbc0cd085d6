#ifndef TESTS_DRIVERS_REQUESTS_DRIVER_H
#define TESTS_DRIVERS_REQUESTS_DRIVER_H

#include <ntifs.h>
#include "requests.h"
#include "../check.h"

enum kind { KIND_BUFFERED, KIND_DIRECT, KIND_NEITHER, KIND_EXCLUSIVE, KIND_LOWER, KIND_FILTER };

struct extension {
    enum kind kind;
    struct counts counts;
    PDEVICE_OBJECT lower; /* of a filter */
    LIST_ENTRY waiting;
    KSPIN_LOCK lock;
    IO_CSQ queue;
    BOOLEAN has_queue;
    PIRP held, stuck;
    KDPC dpc;
    PIRP late;
    SHARE_ACCESS share;
};

NTSTATUS complete(PIRP irp, NTSTATUS status, ULONG_PTR information);
NTSTATUS control(PDEVICE_OBJECT device, PIRP irp);
void queues_initialize(struct extension *extension);
KDEFERRED_ROUTINE late_dpc;
PDEVICE_OBJECT device_of(enum kind kind);
/* The tests from inside, in their order; the number of checks that failed. */
ULONG run_inside(void);
#define INSIDE_GROUPS(X)      \
    X(global_link)            \
    X(device_pointer)         \
    X(built_control_requests) \
    X(late_control_request)   \
    X(own_requests)           \
    X(queued_own_requests)    \
    X(late_own_request)       \
    X(associated_requests)    \
    X(fsd_requests)           \
    X(kernel_handles)         \
    X(calls_by_handle)        \
    X(handle_callbacks)       \
    X(type_of_handle)         \
    X(name_of_file)           \
    X(routines_set_twice)
INSIDE_GROUPS(CHECK_GROUP_DECLARATION)

#endif
