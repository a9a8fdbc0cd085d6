/* Objects, devices and the I/O manager's helpers: DriverEntry checks them. */
#ifndef OBJECTS_TEST_H
#define OBJECTS_TEST_H

#include <ntifs.h>

#include "check.h"

extern PDRIVER_OBJECT this_driver;

/* The groups, in their order. */
#define OBJECTS_GROUPS(X) \
    X(directories)        \
    X(events)             \
    X(references)         \
    X(links)              \
    X(names)              \
    X(device_stack)       \
    X(early_attachment)   \
    X(lower_device)       \
    X(device_handle)      \
    X(remove_locks)       \
    X(share_accesses)     \
    X(device_queues)      \
    X(work_items)         \
    X(work_item_thread)   \
    X(driver_extensions)
OBJECTS_GROUPS(CHECK_GROUP_DECLARATION)

#endif
