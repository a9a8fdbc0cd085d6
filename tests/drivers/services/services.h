/* Between the files of the driver. */
#ifndef SERVICES_H
#define SERVICES_H

#include <ntifs.h>

#include "check.h"
#include "raises.h"

enum { TAG = 0x73637253 };

extern PDRIVER_OBJECT services_driver;

/* A routine that mingw's import library lacks. */
void *routine(const wchar_t *name);
/* Runs function(context) on a system thread and waits for its end. */
void on_another_thread(void (*function)(void *context), void *context);

/* The groups, in their order. */
#define SERVICES_GROUPS(X) \
    X(mutant_objects)      \
    X(semaphore_objects)   \
    X(event_state)         \
    X(object_types)        \
    X(queue_entries)       \
    X(interrupt)           \
    X(interrupt_passive)   \
    X(processors)          \
    X(cache_aware_lock)    \
    X(environment_block)   \
    X(image_name)          \
    X(copy_between)        \
    X(create_options)      \
    X(compression)         \
    X(memory_resources)    \
    X(request_hints)       \
    X(drive_letter)        \
    X(completion_port)     \
    X(relations)           \
    X(watchdog)            \
    X(no_bus)
SERVICES_GROUPS(CHECK_GROUP_DECLARATION)

#endif
