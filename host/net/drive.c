/* The turn: what has ended is completed, one after the other, and events are told. */
#include "host/mm/mm.h"
#include "host/net/net.h"

static ULONG_PTR give_socket(struct socket *socket)
{
    return (ULONG_PTR)&socket->object->wsk;
}

/* What the driver gets besides the status. Its memory is written here, without a lock. */
static ULONG_PTR deliver(struct socket *socket, struct request *request)
{
    struct linux_socket_address address;
    if (request->tells_from && (NT_SUCCESS(request->status) || NT_WARNING(request->status)))
        address_give(request->remote_address, &request->from);
    if (request->control_length)
        *request->control_length = 0;
    if (request->control_flags)
        *request->control_flags = 0;
    if (request->kind == REQUEST_CONNECT && request->makes_socket && NT_SUCCESS(request->status))
        return give_socket(socket);
    if (request->kind != REQUEST_ACCEPT || !request->accepted)
        return request->information;
    if (request->local_address &&
        linux_socket_local_address(request->accepted->handle, &address) == 0)
        address_give(request->local_address, &address);
    if (request->remote_address &&
        linux_socket_remote_address(request->accepted->handle, &address) == 0)
        address_give(request->remote_address, &address);
    return give_socket(request->accepted);
}

/* A socket nobody will get: the connection for it failed, or its accept was cancelled. */
static void drop_socket(struct socket *socket)
{
    socket_shut(socket);
    socket_dereference(socket);
}

static void complete(struct socket *socket, struct request *request)
{
    PIRP irp = request->irp;
    NTSTATUS status = request->status;
    ULONG_PTR information = deliver(socket, request);
    if (!NT_SUCCESS(status) && request->accepted)
        drop_socket(request->accepted);
    BOOLEAN gone = request->kind == REQUEST_CLOSE || (request->makes_socket && !NT_SUCCESS(status));
    linux_free(request);
    if (gone)
        drop_socket(socket); /* the turn's own reference keeps the memory */
    if (!irp)
        return;
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = NT_ERROR(status) ? 0 : information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

static struct request *next_done(struct socket *socket)
{
    if (IsListEmpty(&socket->done))
        return NULL;
    return CONTAINING_RECORD(RemoveHeadList(&socket->done), struct request, link);
}

/* The caller holds a reference: the socket may be closed in here. */
void net_drive(struct socket *socket)
{
    linux_lock(&socket->lock);
    if (socket->has_turn) {
        linux_unlock(&socket->lock);
        return;
    }
    socket->has_turn = TRUE;
    for (;;) {
        if (socket->handle >= 0 || socket->closing)
            socket_pump(socket);
        struct request *request = next_done(socket);
        if (!request) {
            if (socket->closing || socket->handle < 0 || !socket_event(socket))
                break;
            continue;
        }
        linux_unlock(&socket->lock);
        complete(socket, request);
        linux_lock(&socket->lock);
    }
    socket->has_turn = FALSE;
    linux_unlock(&socket->lock);
}
