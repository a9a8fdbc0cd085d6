/* Root-enumerated devices, between host/io's PnP files. */
#ifndef SYSBUF_HOST_IO_PNP_H
#define SYSBUF_HOST_IO_PNP_H

#include "host/io/io.h"

enum { PNP_TAG = 0x20706E50, NODE_NAME_LIMIT = 128 };

struct io_node {
    LIST_ENTRY link;        /* io_state.nodes */
    PDEVICE_OBJECT device;  /* the physical device object; a bus driver's is referenced */
    struct io_node *parent; /* whose bus reported it; NULL: the root bus's */
    ULONG enumerations;     /* wanted; pnp_mutex */
    BOOLEAN is_reported;    /* by the latest answer of its bus */
    BOOLEAN started;
    BOOLEAN is_told_removed;    /* who has it open */
    BOOLEAN is_gone;            /* unplugged: removed when its last file is closed; io_state.lock */
    LIST_ENTRY properties;      /* struct property.link; io_state.lock */
    UNICODE_STRING instance;    /* "ROOT\X\0000" */
    UNICODE_STRING hardware_id; /* "ROOT\X" */
    UNICODE_STRING compatible_ids; /* texts, without the last end; empty: none */
    /* with room for the zeros that end a list of texts */
    WCHAR instance_text[NODE_NAME_LIMIT + 2], hardware_text[NODE_NAME_LIMIT + 2];
    WCHAR compatible_text[2 * NODE_NAME_LIMIT];
};

/* The node of a physical device object, or NULL for any other device. */
static inline struct io_node *io_node_of(PDEVICE_OBJECT device)
{
    return io_device_extension_of(device)->node;
}

/* ---- devices that bus drivers report (enumerate.c, install.c) ---- */
/* Asks a started bus for its devices: new ones are brought up, missing ones removed. */
void io_node_enumerate(struct io_node *node);
/* Gives a new device its drivers and starts it. hardware_ids: texts, an empty one behind them. */
void io_node_install(struct io_node *node, PCWSTR hardware_ids);
void io_node_remove_children(struct io_node *node, BOOLEAN is_surprise);
BOOLEAN io_node_has_children(const struct io_node *node);

/* ---- pnp.c ---- */
/* Around what changes the tree of devices, as NT's PnP manager holds its lock; may be nested.
 * PASSIVE_LEVEL. */
void io_pnp_enter(void);
void io_pnp_leave(void);
/* A device of the root bus without a driver. */
NTSTATUS io_node_create(PCUNICODE_STRING hardware_id, struct io_node **created);
NTSTATUS io_node_add_driver(struct io_node *node, struct io_driver *driver);
NTSTATUS io_node_start(struct io_node *node);
NTSTATUS io_node_capabilities(const struct io_node *node, PDEVICE_CAPABILITIES capabilities);
/* As its bus driver alone tells them; what that leaves out is unknown. */
void io_node_bus_capabilities(const struct io_node *node, PDEVICE_CAPABILITIES capabilities);
/* Its children first; the node is gone then. */
NTSTATUS io_node_remove(struct io_node *node, BOOLEAN is_surprise);
/* Whether the device belongs to one that was unplugged. io_state.lock held. */
BOOLEAN io_device_is_gone(PDEVICE_OBJECT device);
/* The last file on a device was closed. Any IRQL <= DISPATCH. */
void io_node_device_closed(PDEVICE_OBJECT device);
/* routine gets a WORK_QUEUE_ITEM to free, behind which stands the device, referenced. */
void io_queue_for_device(PDEVICE_OBJECT device, PWORKER_THREAD_ROUTINE routine);

/* The bus's answers (root_bus.c): a dispatch table for its driver object. */
void io_root_bus_fill(PDRIVER_OBJECT driver);
/* Whether a device registered an interface of that name (interface.c). */
BOOLEAN io_interface_exists(PCUNICODE_STRING name);
/* A device went: its interfaces do too (interface.c). */
void io_interfaces_forget(PDEVICE_OBJECT device);
/* Tells who registered for changes of a device interface class (notify.c). */
void io_notify_interface(const GUID *class, PUNICODE_STRING link, BOOLEAN arrived);
/* Tells who registered for changes of the device with that physical device object; notification is
 * a TARGET_DEVICE_REMOVAL_NOTIFICATION or a custom one. The last refusal, if any (notify.c). */
NTSTATUS io_notify_target(PDEVICE_OBJECT device, PVOID notification);
/* The events of the PnP manager's own (target_device.c). */
enum io_target_event { IO_TARGET_QUERY_REMOVE, IO_TARGET_REMOVE_CANCELLED, IO_TARGET_REMOVED };
NTSTATUS io_tell_target(PDEVICE_OBJECT device, enum io_target_event event);
/* A device goes: what was set on it (property.c). */
void io_properties_forget(struct io_node *node);
/* Calls function for each enabled interface of a class; link stays the interface's. */
void io_interfaces_visit(const GUID *class, void (*function)(PUNICODE_STRING link, void *context),
                         void *context);

#endif
