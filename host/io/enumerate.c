/*
 * Devices that bus drivers report: each physical device object of a bus's relations becomes a node
 * below the bus's, is identified, gets the drivers its service names and is started. What a bus
 * reports no more is removed.
 */
#include "host/io/pnp.h"
#include "host/ke/ke.h"
#include "host/mm/mm.h"

static void fill_relations(PIO_STACK_LOCATION stack, void *context)
{
    stack->Parameters.QueryDeviceRelations.Type = BusRelations;
}

struct id_question {
    BUS_QUERY_ID_TYPE type;
};

static void fill_id(PIO_STACK_LOCATION stack, void *context)
{
    stack->Parameters.QueryId.IdType = ((const struct id_question *)context)->type;
}

/* A text (or list of texts) from the driver's pool; NULL when the device has none. */
static PWSTR query_id(PDEVICE_OBJECT device, BUS_QUERY_ID_TYPE type)
{
    struct id_question question = {type};
    ULONG_PTR text = 0;
    NTSTATUS status = io_send_minor(device, IRP_MJ_PNP, IRP_MN_QUERY_ID, fill_id, &question, &text);
    return NT_SUCCESS(status) ? (PWSTR)text : NULL;
}

static void drop_id(PWSTR text)
{
    if (text)
        ExFreePool(text);
}

/* ---- a new device ---- */
static UNICODE_STRING in_node(WCHAR *text)
{
    return (UNICODE_STRING){0, NODE_NAME_LIMIT * sizeof(WCHAR), text};
}

/* "DEVICE\INSTANCE" and the first hardware id, which is the device's own id if it tells no other.
 */
static NTSTATUS name_child(struct io_node *node, PCWSTR device_id, PCWSTR instance_id,
                           PCWSTR hardware_ids)
{
    static const WCHAR separator[] = L"\\";
    node->instance = in_node(node->instance_text);
    node->hardware_id = in_node(node->hardware_text);
    NTSTATUS status = RtlAppendUnicodeToString(&node->instance, device_id);
    if (NT_SUCCESS(status))
        status = RtlAppendUnicodeToString(&node->instance, separator);
    if (NT_SUCCESS(status))
        status = RtlAppendUnicodeToString(&node->instance, instance_id);
    if (NT_SUCCESS(status))
        status =
            RtlAppendUnicodeToString(&node->hardware_id, hardware_ids ? hardware_ids : device_id);
    return status;
}

static void enter(struct io_node *node, struct io_node *parent, PDEVICE_OBJECT device)
{
    struct io_state *io = current_machine()->io;
    node->parent = parent;
    node->device = device;
    node->is_reported = TRUE;
    InitializeListHead(&node->properties);
    io_device_extension_of(device)->node = node;
    device->Flags |= DO_BUS_ENUMERATED_DEVICE;
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    linux_lock(&io->lock);
    InsertTailList(&io->nodes, &node->link);
    linux_unlock(&io->lock);
}

/* The device's reference becomes the node's. */
static void adopt(struct io_node *parent, PDEVICE_OBJECT device)
{
    PWSTR device_id = query_id(device, BusQueryDeviceID);
    PWSTR instance_id = query_id(device, BusQueryInstanceID);
    PWSTR hardware_ids = query_id(device, BusQueryHardwareIDs);
    struct io_node *node = device_id && instance_id ? linux_allocate(sizeof(*node)) : NULL;
    if (node && NT_SUCCESS(name_child(node, device_id, instance_id, hardware_ids))) {
        enter(node, parent, device);
        io_node_install(node, hardware_ids);
    } else {
        linux_free(node);
        ob_dereference(device);
    }
    drop_id(device_id);
    drop_id(instance_id);
    drop_id(hardware_ids);
}

/* ---- a bus's children ---- */
/* The first child that is (or is not) reported any more; NULL: none. */
/* with_gone: also one that was unplugged and waits for the end of its files. */
static struct io_node *unreported_child(const struct io_node *parent, BOOLEAN with_gone)
{
    struct io_state *io = current_machine()->io;
    struct io_node *found = NULL;
    linux_lock(&io->lock);
    for (PLIST_ENTRY link = io->nodes.Flink; link != &io->nodes && !found; link = link->Flink) {
        struct io_node *node = CONTAINING_RECORD(link, struct io_node, link);
        if (node->parent == parent && !node->is_reported && (with_gone || !node->is_gone))
            found = node;
    }
    linux_unlock(&io->lock);
    return found;
}

static void forget_reports(const struct io_node *parent)
{
    struct io_state *io = current_machine()->io;
    linux_lock(&io->lock);
    for (PLIST_ENTRY link = io->nodes.Flink; link != &io->nodes; link = link->Flink) {
        struct io_node *node = CONTAINING_RECORD(link, struct io_node, link);
        if (node->parent == parent)
            node->is_reported = FALSE;
    }
    linux_unlock(&io->lock);
}

static void enumerate_once(struct io_node *node)
{
    ULONG_PTR answer = 0;
    NTSTATUS status = io_send_minor(node->device, IRP_MJ_PNP, IRP_MN_QUERY_DEVICE_RELATIONS,
                                    fill_relations, NULL, &answer);
    PDEVICE_RELATIONS relations = (PDEVICE_RELATIONS)answer;
    struct io_node *gone;
    if (!NT_SUCCESS(status) || !relations)
        return;
    forget_reports(node);
    for (ULONG i = 0; i < relations->Count; i++) {
        PDEVICE_OBJECT device = relations->Objects[i];
        struct io_node *known = io_node_of(device);
        if (known) {
            known->is_reported = TRUE;
            ob_dereference(device);
        } else {
            adopt(node, device);
        }
    }
    while ((gone = unreported_child(node, FALSE)) != NULL)
        io_node_remove(gone, TRUE);
    ExFreePool(relations);
}

/* Its own children's start may ask for it again: then it is looked at once more. */
void io_node_enumerate(struct io_node *node)
{
    if (node->enumerations++)
        return;
    for (ULONG wishes = 1; wishes; wishes = node->enumerations) {
        enumerate_once(node);
        node->enumerations -= wishes;
    }
}

void io_node_remove_children(struct io_node *node, BOOLEAN is_surprise)
{
    struct io_node *child;
    forget_reports(node);
    while ((child = unreported_child(node, !is_surprise)) != NULL)
        io_node_remove(child, is_surprise);
}

BOOLEAN io_node_has_children(const struct io_node *node)
{
    struct io_state *io = current_machine()->io;
    BOOLEAN found = FALSE;
    linux_lock(&io->lock);
    for (PLIST_ENTRY link = io->nodes.Flink; link != &io->nodes && !found; link = link->Flink)
        found = CONTAINING_RECORD(link, struct io_node, link)->parent == node;
    linux_unlock(&io->lock);
    return found;
}

/* ---- what bus drivers ask for ---- */
static VOID NTAPI enumerate_later(PVOID context)
{
    PDEVICE_OBJECT device = *(PDEVICE_OBJECT *)((PWORK_QUEUE_ITEM)context + 1);
    mm_pool_free(current_machine(), context);
    io_pnp_enter();
    struct io_node *node = io_node_of(device); /* it may have gone meanwhile */
    if (node && node->started)
        io_node_enumerate(node);
    io_pnp_leave();
    ob_dereference(device);
}

VOID NTAPI IoInvalidateDeviceRelations(PDEVICE_OBJECT device, DEVICE_RELATION_TYPE type)
{
    if (type == BusRelations && io_node_of(device))
        io_queue_for_device(device, enumerate_later);
}
SB_EXPORT(IoInvalidateDeviceRelations)

NTSTATUS NTAPI IoSynchronousInvalidateDeviceRelations(PDEVICE_OBJECT device,
                                                      DEVICE_RELATION_TYPE type);
NTSTATUS NTAPI IoSynchronousInvalidateDeviceRelations(PDEVICE_OBJECT device,
                                                      DEVICE_RELATION_TYPE type)
{
    NTSTATUS status = STATUS_SUCCESS;
    io_pnp_enter();
    struct io_node *node = io_node_of(device);
    if (!node)
        status = STATUS_INVALID_DEVICE_REQUEST;
    else if (!node->started)
        status = STATUS_UNSUCCESSFUL;
    else if (type == BusRelations)
        io_node_enumerate(node);
    io_pnp_leave();
    return status;
}
SB_EXPORT(IoSynchronousInvalidateDeviceRelations)
