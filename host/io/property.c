/* Properties of devices by key: what drivers set, and what the system knows itself. */
#include "host/io/pnp.h"
#include "host/ke/ke.h"
#include "host/mm/mm.h"

struct property {
    LIST_ENTRY link;
    DEVPROPKEY key;
    LCID language;
    DEVPROPTYPE type;
    ULONG size;
    UCHAR data[];
};

static const DEVPROPKEY instance_id = {
    {0x78c34fc8, 0x104a, 0x4aca, {0x9e, 0xa4, 0x52, 0x4d, 0x52, 0x99, 0x6e, 0x57}}, 256};
static const DEVPROPKEY hardware_ids = {
    {0xa45c254e, 0xdf1c, 0x4efd, {0x80, 0x20, 0x67, 0xd1, 0x46, 0xa8, 0x50, 0xe0}}, 3};

static BOOLEAN is_same(const DEVPROPKEY *a, const DEVPROPKEY *b)
{
    return a->pid == b->pid && __builtin_memcmp(&a->fmtid, &b->fmtid, sizeof(a->fmtid)) == 0;
}

/* Lock held. */
static struct property *find(struct io_node *node, const DEVPROPKEY *key, LCID language)
{
    for (PLIST_ENTRY link = node->properties.Flink; link != &node->properties; link = link->Flink) {
        struct property *property = CONTAINING_RECORD(link, struct property, link);
        if (is_same(&property->key, key) && property->language == language)
            return property;
    }
    return NULL;
}

void io_properties_forget(struct io_node *node)
{
    while (!IsListEmpty(&node->properties))
        linux_free(CONTAINING_RECORD(RemoveHeadList(&node->properties), struct property, link));
}

/* No data takes the property away. */
NTSTATUS NTAPI IoSetDevicePropertyData(PDEVICE_OBJECT device, CONST DEVPROPKEY *key, LCID language,
                                       ULONG flags, DEVPROPTYPE type, ULONG size, PVOID data)
{
    struct io_state *io = current_machine()->io;
    struct io_node *node = io_node_of(device);
    struct property *made = NULL;
    if (!node)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (data) {
        made = linux_allocate(sizeof(*made) + size);
        if (!made)
            return STATUS_INSUFFICIENT_RESOURCES;
        made->key = *key;
        made->language = language;
        made->type = type;
        made->size = size;
        RtlCopyMemory(made->data, data, size);
    }
    linux_lock(&io->lock);
    struct property *older = find(node, key, language);
    if (older)
        RemoveEntryList(&older->link);
    if (made)
        InsertTailList(&node->properties, &made->link);
    linux_unlock(&io->lock);
    linux_free(older);
    return STATUS_SUCCESS;
}
SB_EXPORT(IoSetDevicePropertyData)

static NTSTATUS give(const void *data, ULONG size, ULONG room, PVOID buffer, PULONG needed)
{
    *needed = size;
    if (room < size)
        return STATUS_BUFFER_TOO_SMALL;
    RtlCopyMemory(buffer, data, size);
    return STATUS_SUCCESS;
}

/* A copy of what a driver set; NULL: nothing. */
static struct property *copy_of(struct io_node *node, const DEVPROPKEY *key, LCID language)
{
    struct io_state *io = current_machine()->io;
    struct property *copy = NULL;
    linux_lock(&io->lock);
    const struct property *found = find(node, key, language);
    if (found)
        copy = linux_allocate(sizeof(*copy) + found->size);
    if (copy)
        __builtin_memcpy(copy, found, sizeof(*copy) + found->size);
    linux_unlock(&io->lock);
    return copy;
}

NTSTATUS NTAPI IoGetDevicePropertyData(PDEVICE_OBJECT device, CONST DEVPROPKEY *key, LCID language,
                                       ULONG flags, ULONG room, PVOID buffer, PULONG needed,
                                       PDEVPROPTYPE type)
{
    struct io_node *node = io_node_of(device);
    if (!node)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (is_same(key, &instance_id)) { /* the texts have their zeros behind them */
        *type = DEVPROP_TYPE_STRING;
        return give(node->instance_text, node->instance.Length + sizeof(WCHAR), room, buffer,
                    needed);
    }
    if (is_same(key, &hardware_ids)) {
        *type = DEVPROP_TYPE_STRING | DEVPROP_TYPEMOD_LIST;
        return give(node->hardware_text, node->hardware_id.Length + 2 * sizeof(WCHAR), room, buffer,
                    needed);
    }
    struct property *property = copy_of(node, key, language);
    *needed = 0;
    if (!property)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    *type = property->type;
    NTSTATUS status = give(property->data, property->size, room, buffer, needed);
    linux_free(property);
    return status;
}
SB_EXPORT(IoGetDevicePropertyData)

/* The one node that there is. */
NTSTATUS NTAPI IoGetDeviceNumaNode(PDEVICE_OBJECT device, PUSHORT number)
{
    *number = 0;
    return io_node_of(device) ? STATUS_SUCCESS : STATUS_INVALID_DEVICE_REQUEST;
}
SB_EXPORT(IoGetDeviceNumaNode)
