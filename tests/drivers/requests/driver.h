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
    PIRP held, stuck;
    KDPC dpc;
    PIRP late;
    SHARE_ACCESS share;
};

NTSTATUS complete(PIRP irp, NTSTATUS status, ULONG_PTR information);
NTSTATUS control(PDEVICE_OBJECT device, PIRP irp);
void queues_initialize(struct extension *extension);
/* The tests from inside; the number of failures. */
ULONG run_inside(PDEVICE_OBJECT device);
void handle_callbacks(void);

#endif
