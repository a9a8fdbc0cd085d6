/* Sockets: made, found, referenced, gone. */
#include "host/mm/mm.h"
#include "host/net/net.h"

enum { FIRST_SLOTS = 16, SLOT_BITS = 20, MOST_SLOTS = 1 << SLOT_BITS };

/* Lock held. FALSE: out of memory. */
static BOOLEAN find_slot(struct net_state *net, uint32_t *slot)
{
    for (*slot = 0; *slot < net->slots; (*slot)++)
        if (!net->sockets[*slot])
            return TRUE;
    uint32_t slots = net->slots ? net->slots * 2 : FIRST_SLOTS;
    if (slots > MOST_SLOTS)
        return FALSE;
    struct socket **grown = linux_reallocate(net->sockets, slots * sizeof(*grown));
    if (!grown)
        return FALSE;
    __builtin_memset(grown + net->slots, 0, (slots - net->slots) * sizeof(*grown));
    net->sockets = grown;
    net->slots = slots;
    return TRUE;
}

static BOOLEAN enter_table(struct net_state *net, struct socket *socket)
{
    uint32_t slot;
    linux_lock(&net->lock);
    BOOLEAN entered = find_slot(net, &slot);
    if (entered) {
        socket->id = (++net->generation << SLOT_BITS) | slot;
        net->sockets[slot] = socket;
    }
    linux_unlock(&net->lock);
    return entered;
}

static void leave_table(struct net_state *net, struct socket *socket)
{
    linux_lock(&net->lock);
    net->sockets[socket->id & (MOST_SLOTS - 1)] = NULL;
    linux_unlock(&net->lock);
}

struct socket *socket_find(struct net_state *net, uint64_t id)
{
    uint32_t slot = id & (MOST_SLOTS - 1);
    linux_lock(&net->lock);
    struct socket *socket = slot < net->slots ? net->sockets[slot] : NULL;
    if (socket && socket->id == id)
        socket_reference(socket);
    else
        socket = NULL;
    linux_unlock(&net->lock);
    return socket;
}

void socket_reference(struct socket *socket)
{
    __atomic_add_fetch(&socket->references, 1, __ATOMIC_RELAXED);
}

/* The table holds no reference: the last one takes the socket out, under the table's lock, so that
 * nobody finds it on its way out. */
void socket_dereference(struct socket *socket)
{
    struct net_state *net = socket->net;
    linux_lock(&net->lock);
    BOOLEAN last = __atomic_sub_fetch(&socket->references, 1, __ATOMIC_ACQ_REL) == 0;
    if (last)
        net->sockets[socket->id & (MOST_SLOTS - 1)] = NULL;
    linux_unlock(&net->lock);
    if (last)
        linux_free(socket);
}

static void initialize(struct socket *socket, const struct socket_options *options)
{
    socket->registration = options->registration;
    socket->category = options->category;
    socket->family = options->family;
    socket->type = options->type;
    socket->protocol = options->protocol;
    socket->context = options->context;
    socket->dispatch = options->dispatch;
    socket->references = 1;
    InitializeListHead(&socket->sends);
    InitializeListHead(&socket->receives);
    InitializeListHead(&socket->accepts);
    InitializeListHead(&socket->connects);
    InitializeListHead(&socket->caught);
    InitializeListHead(&socket->done);
}

NTSTATUS socket_create(const struct socket_options *options, int handle, struct socket **created)
{
    struct net_state *net = current_machine()->net;
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    struct socket *socket = linux_allocate(sizeof(*socket));
    if (!socket)
        goto close_handle;
    socket->object =
        mm_pool_allocate_zero(current_machine(), sizeof(*socket->object), NET_SOCKET_TAG);
    if (!socket->object)
        goto free_socket;
    initialize(socket, options);
    socket->net = net;
    socket->handle = handle;
    socket->object->wsk.Dispatch = socket_dispatch_table(options->category);
    socket->object->socket = socket;
    if (!enter_table(net, socket))
        goto free_object;
    if (handle >= 0 && linux_poller_add(net->poller, handle, socket->id) < 0)
        goto leave;
    registration_use(options->registration);
    *created = socket;
    return STATUS_SUCCESS;

leave:
    leave_table(net, socket);
free_object:
    mm_pool_free(current_machine(), socket->object);
free_socket:
    linux_free(socket);
close_handle:
    if (handle >= 0)
        linux_socket_close(handle, true);
    return status;
}

struct socket *socket_of(PWSK_SOCKET wsk)
{
    return CONTAINING_RECORD(wsk, struct socket_object, wsk)->socket;
}

/* A connection that neither side has ended is broken off, as documented for WskCloseSocket. */
void socket_shut(struct socket *socket)
{
    struct socket_object *object = socket->object;
    BOOLEAN abort = socket->state == SOCKET_CONNECTED && !socket->sent_end &&
                    !socket->received_end && !(socket->ready & LINUX_SOCKET_PEER_CLOSED);
    linux_lock(&socket->lock);
    int handle = socket->handle;
    socket->handle = -1;
    socket->object = NULL;
    linux_unlock(&socket->lock);
    socket_drop_indications(socket);
    if (handle >= 0)
        linux_socket_close(handle, abort);
    mm_pool_free(current_machine(), object);
    registration_unuse(socket->registration);
}
