/* Root-enumerated devices, between host/io's PnP files. */
#ifndef SYSBUF_HOST_IO_PNP_H
#define SYSBUF_HOST_IO_PNP_H

#include "host/io/io.h"

enum { PNP_TAG = 0x20706E50, NODE_NAME_LIMIT = 128 };

struct io_node {
    LIST_ENTRY link;       /* io_state.nodes */
    PDEVICE_OBJECT device; /* the physical device object */
    BOOLEAN started;
    UNICODE_STRING instance;    /* "ROOT\X\0000" */
    UNICODE_STRING hardware_id; /* "ROOT\X" */
    WCHAR instance_text[NODE_NAME_LIMIT], hardware_text[NODE_NAME_LIMIT];
};

/* The node of a physical device object, or NULL for any other device. */
static inline struct io_node *io_node_of(PDEVICE_OBJECT device)
{
    return io_device_extension_of(device)->node;
}

/* The bus's answers (root_bus.c): a dispatch table for its driver object. */
void io_root_bus_fill(PDRIVER_OBJECT driver);
/* Whether a device registered an interface of that name (interface.c). */
BOOLEAN io_interface_exists(PCUNICODE_STRING name);
/* A device went: its interfaces do too (interface.c). */
void io_interfaces_forget(PDEVICE_OBJECT device);
/* Tells who registered for changes of a device interface class (notify.c). */
void io_notify_interface(const GUID *class, PUNICODE_STRING link, BOOLEAN arrived);
/* Calls function for each enabled interface of a class; link stays the interface's. */
void io_interfaces_visit(const GUID *class, void (*function)(PUNICODE_STRING link, void *context),
                         void *context);

#endif
