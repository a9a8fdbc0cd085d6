/*
 * Event callbacks. The lock is let go while one runs; the turn is kept, so there is one at a time
 * on a socket. What a driver does not accept is kept and read before the socket is.
 */
#include "host/mm/mm.h"
#include "host/net/net.h"

enum { STREAM_SIZE = 16384, DATAGRAM_SIZE = 65536 };

/* One piece of received data. In pool; a driver may keep it until it releases it. */
struct indication {
    union {
        WSK_DATA_INDICATION data;
        WSK_DATAGRAM_INDICATION datagram;
    };
    SOCKADDR_STORAGE from;
    SIZE_T capacity;
    UCHAR bytes[];
};

static struct indication *indication_create(SIZE_T capacity)
{
    struct indication *made =
        ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*made) + capacity, NET_DATA_TAG);
    if (!made)
        return NULL;
    __builtin_memset(made, 0, sizeof(*made));
    made->capacity = capacity;
    made->data.Buffer.Mdl = IoAllocateMdl(made->bytes, (ULONG)capacity, FALSE, FALSE, NULL);
    if (!made->data.Buffer.Mdl) {
        ExFreePoolWithTag(made, NET_DATA_TAG);
        return NULL;
    }
    MmBuildMdlForNonPagedPool(made->data.Buffer.Mdl);
    return made;
}

static void indication_free(struct indication *indication)
{
    if (!indication)
        return;
    IoFreeMdl(indication->data.Buffer.Mdl);
    ExFreePoolWithTag(indication, NET_DATA_TAG);
}

_Static_assert(offsetof(WSK_DATA_INDICATION, Buffer) == offsetof(WSK_DATAGRAM_INDICATION, Buffer),
               "both kinds begin alike");

void socket_drop_indications(struct socket *socket)
{
    indication_free(socket->kept);
    indication_free(socket->spare);
    socket->kept = NULL;
    socket->spare = NULL;
}

/* Copies from the kept bytes to the request's buffers, as they stand. */
SIZE_T socket_take_kept(struct socket *socket, struct request *request)
{
    struct indication *kept = socket->kept;
    SIZE_T taken = 0;
    if (!kept)
        return 0;
    for (ULONG i = request->first_buffer; i < request->buffer_count && kept->data.Buffer.Length;
         i++) {
        const struct linux_buffer *piece = &request->buffers[i];
        WSK_BUF *buffer = &kept->data.Buffer;
        SIZE_T here = piece->length < buffer->Length ? piece->length : buffer->Length;
        if (!linux_copy_guarded(piece->base, kept->bytes + buffer->Offset, here))
            break;
        buffer->Offset += (ULONG)here;
        buffer->Length -= here;
        taken += here;
    }
    if (kept->data.Buffer.Length == 0) {
        socket->kept = NULL;
        socket->receive_paused = FALSE;
        if (!socket->spare)
            socket->spare = kept;
        else
            socket->kept = kept; /* cannot be: a spare is used up before something is kept */
    }
    return taken;
}

static ULONG level_flag(void)
{
    return KeGetCurrentIrql() == DISPATCH_LEVEL ? WSK_FLAG_AT_DISPATCH_LEVEL : 0;
}

static void enter_callback(struct socket *socket)
{
    socket->in_callback = TRUE;
    linux_unlock(&socket->lock);
}

/* Whoever disabled the callback meanwhile is told that it has returned. */
static void leave_callback(struct socket *socket)
{
    linux_lock(&socket->lock);
    socket->in_callback = FALSE;
    PIRP irp = socket->disabling;
    socket->disabling = NULL;
    if (!irp)
        return;
    linux_unlock(&socket->lock);
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    linux_lock(&socket->lock);
}

/* Makes sure there is a spare one. The lock is let go. */
static BOOLEAN prepare_indication(struct socket *socket)
{
    if (socket->spare)
        return TRUE;
    linux_unlock(&socket->lock);
    struct indication *made =
        indication_create(socket->type == SOCK_DGRAM ? DATAGRAM_SIZE : STREAM_SIZE);
    linux_lock(&socket->lock);
    socket->spare = made;
    return made != NULL;
}

/* What the driver left is kept; what it took goes with it or becomes the spare one. */
static void after_receive(struct socket *socket, struct indication *indication, NTSTATUS status,
                          SIZE_T accepted)
{
    WSK_BUF *buffer = &indication->data.Buffer;
    if (status == STATUS_PENDING)
        return;
    if (!NT_SUCCESS(status))
        accepted = 0;
    if (accepted >= buffer->Length) {
        socket->spare = indication;
        return;
    }
    buffer->Offset += (ULONG)accepted;
    buffer->Length -= accepted;
    socket->kept = indication;
    socket->receive_paused = TRUE;
}

static void indicate(struct socket *socket, struct indication *indication)
{
    const WSK_CLIENT_CONNECTION_DISPATCH *dispatch = socket->dispatch;
    SIZE_T length = indication ? indication->data.Buffer.Length : 0;
    SIZE_T accepted = length;
    enter_callback(socket);
    NTSTATUS status = dispatch->WskReceiveEvent(
        socket->context, level_flag() | (indication ? WSK_FLAG_ENTIRE_MESSAGE : 0),
        indication ? &indication->data : NULL, length, &accepted);
    leave_callback(socket);
    if (indication)
        after_receive(socket, indication, status, accepted);
}

/* FALSE: nothing is there. */
static BOOLEAN receive_event(struct socket *socket)
{
    struct indication *indication = socket->kept;
    if (indication) {
        socket->kept = NULL;
        indicate(socket, indication);
        return TRUE;
    }
    if (!prepare_indication(socket) || !IsListEmpty(&socket->receives))
        return FALSE;
    struct linux_buffer space = {socket->spare->bytes, socket->spare->capacity};
    int64_t received = linux_socket_receive(socket->handle, &space, 1, NULL, NULL);
    if (received == -LINUX_SOCKET_WOULD_BLOCK)
        return FALSE;
    if (received <= 0) {
        if (received < 0)
            socket_fail(socket, socket_status(received));
        socket->received_end = TRUE;
        return TRUE; /* the disconnect is told next */
    }
    indication = socket->spare;
    socket->spare = NULL;
    indication->data.Next = NULL;
    indication->data.Buffer.Offset = 0;
    indication->data.Buffer.Length = (SIZE_T)received;
    indicate(socket, indication);
    return TRUE;
}

static BOOLEAN disconnect_event(struct socket *socket)
{
    const WSK_CLIENT_CONNECTION_DISPATCH *dispatch = socket->dispatch;
    BOOLEAN broken = socket->state == SOCKET_FAILED ||
                     (socket->ready & LINUX_SOCKET_BROKEN && !socket->sent_end);
    socket->end_told = TRUE;
    if (socket->callbacks & WSK_EVENT_DISCONNECT) {
        enter_callback(socket);
        dispatch->WskDisconnectEvent(socket->context,
                                     level_flag() | (broken ? WSK_FLAG_ABORTIVE : 0));
        leave_callback(socket);
    } else if (broken) {
        indicate(socket, NULL); /* no longer functional */
    }
    return TRUE;
}

static BOOLEAN connection_event(struct socket *socket)
{
    BOOLEAN receives = (socket->callbacks & WSK_EVENT_RECEIVE) != 0;
    BOOLEAN ended = socket->received_end || socket->state == SOCKET_FAILED;
    if (receives && !socket->receive_paused && IsListEmpty(&socket->receives) &&
        (socket->kept || (!ended && socket->state == SOCKET_CONNECTED)) && receive_event(socket))
        return TRUE;
    ended = socket->received_end || socket->state == SOCKET_FAILED;
    /* Who receives nothing by events is told of the end as soon as Linux knows. */
    if (!receives && (socket->ready & (LINUX_SOCKET_PEER_CLOSED | LINUX_SOCKET_BROKEN)))
        ended = TRUE;
    if (socket->end_told || !ended ||
        !(socket->callbacks & (WSK_EVENT_DISCONNECT | WSK_EVENT_RECEIVE)))
        return FALSE;
    return disconnect_event(socket);
}

static BOOLEAN datagram_event(struct socket *socket)
{
    const WSK_CLIENT_DATAGRAM_DISPATCH *dispatch = socket->dispatch;
    if (!(socket->callbacks & WSK_EVENT_RECEIVE_FROM) || !IsListEmpty(&socket->receives) ||
        !prepare_indication(socket))
        return FALSE;
    struct linux_socket_address from;
    struct indication *indication = socket->spare;
    struct linux_buffer space = {indication->bytes, indication->capacity};
    int64_t received = linux_socket_receive(socket->handle, &space, 1, &from, NULL);
    if (received < 0)
        return FALSE;
    socket->spare = NULL;
    indication->datagram.Next = NULL;
    indication->datagram.Buffer.Offset = 0;
    indication->datagram.Buffer.Length = (SIZE_T)received;
    indication->datagram.ControlInfo = NULL;
    indication->datagram.ControlInfoLength = 0;
    indication->datagram.RemoteAddress = (PSOCKADDR)&indication->from;
    address_give((PSOCKADDR)&indication->from, &from);
    enter_callback(socket);
    NTSTATUS status =
        dispatch->WskReceiveFromEvent(socket->context, level_flag(), &indication->datagram);
    leave_callback(socket);
    if (status != STATUS_PENDING)
        socket->spare = indication;
    return TRUE;
}

/* Not accepted, it is closed again. */
static void offer(struct socket *listener, struct socket *accepted)
{
    const WSK_CLIENT_LISTEN_DISPATCH *dispatch = listener->dispatch;
    const WSK_CLIENT_CONNECTION_DISPATCH *accepted_dispatch = NULL;
    SOCKADDR_STORAGE local = {0}, remote = {0};
    struct linux_socket_address address;
    PVOID context = NULL;
    if (linux_socket_local_address(accepted->handle, &address) == 0)
        address_give((PSOCKADDR)&local, &address);
    if (linux_socket_remote_address(accepted->handle, &address) == 0)
        address_give((PSOCKADDR)&remote, &address);
    socket_reference(accepted); /* the driver may close it at once */
    NTSTATUS status = dispatch->WskAcceptEvent(listener->context, level_flag(), (PSOCKADDR)&local,
                                               (PSOCKADDR)&remote, &accepted->object->wsk, &context,
                                               &accepted_dispatch);
    if (status == STATUS_SUCCESS) {
        linux_lock(&accepted->lock);
        accepted->context = context;
        accepted->dispatch = accepted_dispatch;
        if (accepted_dispatch)
            accepted->callbacks |= accepted->inherited;
        linux_unlock(&accepted->lock);
        net_drive(accepted);
    } else {
        socket_shut(accepted);
        socket_dereference(accepted);
    }
    socket_dereference(accepted);
}

static BOOLEAN accept_event(struct socket *socket)
{
    struct socket *accepted;
    if (!(socket->callbacks & WSK_EVENT_ACCEPT) || !IsListEmpty(&socket->accepts) ||
        socket->state != SOCKET_LISTENING)
        return FALSE;
    int handle = linux_socket_accept(socket->handle);
    if (handle < 0)
        return handle == -LINUX_SOCKET_ABORTED;
    enter_callback(socket);
    if (NT_SUCCESS(socket_accept(socket, handle, NULL, NULL, &accepted)))
        offer(socket, accepted);
    leave_callback(socket);
    return TRUE;
}

BOOLEAN socket_event(struct socket *socket)
{
    if (!socket->callbacks || !socket->dispatch)
        return FALSE;
    if (socket->type == SOCK_DGRAM)
        return datagram_event(socket);
    if (socket->state == SOCKET_LISTENING)
        return accept_event(socket);
    return connection_event(socket);
}

/* The events a dispatch table of the socket's category has. */
static ULONG events_of(const struct socket *socket)
{
    switch (socket->category) {
    case WSK_FLAG_LISTEN_SOCKET:
        return WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT | WSK_EVENT_SEND_BACKLOG;
    case WSK_FLAG_CONNECTION_SOCKET:
        return WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT | WSK_EVENT_SEND_BACKLOG;
    case WSK_FLAG_DATAGRAM_SOCKET:
        return WSK_EVENT_RECEIVE_FROM;
    default:
        return 0;
    }
}

/* Disabling while a callback runs: with an IRP, that is completed once it has returned. */
static NTSTATUS disable(struct socket *socket, ULONG mask, PIRP irp)
{
    linux_lock(&socket->lock);
    socket->callbacks &= ~mask;
    socket->inherited &= ~mask;
    BOOLEAN running = socket->in_callback;
    if (running && irp && !socket->disabling) {
        irp_take(irp);
        IoMarkIrpPending(irp);
        socket->disabling = irp;
        linux_unlock(&socket->lock);
        return STATUS_PENDING;
    }
    linux_unlock(&socket->lock);
    return irp_answer(irp, running ? STATUS_EVENT_PENDING : STATUS_SUCCESS, 0);
}

NTSTATUS socket_set_callbacks(struct socket *socket, ULONG mask, PIRP irp)
{
    ULONG events = mask & ~WSK_EVENT_DISABLE;
    const ULONG accepted = WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT | WSK_EVENT_SEND_BACKLOG;
    if (!events || (events & ~events_of(socket)))
        return irp_answer(irp, STATUS_INVALID_PARAMETER, 0);
    if (mask & WSK_EVENT_DISABLE)
        return disable(socket, events, irp);
    if (socket->state == SOCKET_NEW ||
        (socket->category == WSK_FLAG_CONNECTION_SOCKET && socket->state < SOCKET_CONNECTED))
        return irp_answer(irp, STATUS_INVALID_DEVICE_STATE, 0);
    if (!socket->dispatch && (events & ~accepted || socket->category != WSK_FLAG_LISTEN_SOCKET))
        return irp_answer(irp, STATUS_INVALID_PARAMETER, 0);
    socket_reference(socket);
    linux_lock(&socket->lock);
    if (socket->category == WSK_FLAG_LISTEN_SOCKET) {
        socket->inherited |= events & accepted;
        events &= ~accepted;
    }
    socket->callbacks |= events;
    socket->receive_paused = FALSE;
    linux_unlock(&socket->lock);
    NTSTATUS status = irp_answer(irp, STATUS_SUCCESS, 0);
    net_drive(socket);
    socket_dereference(socket);
    return status;
}

NTSTATUS WSKAPI wsk_release_data(PWSK_SOCKET wsk, PWSK_DATA_INDICATION list)
{
    if (!wsk || !list)
        return STATUS_INVALID_PARAMETER;
    while (list) {
        PWSK_DATA_INDICATION next = list->Next;
        indication_free(CONTAINING_RECORD(list, struct indication, data));
        list = next;
    }
    return STATUS_SUCCESS;
}

NTSTATUS WSKAPI wsk_release_datagrams(PWSK_SOCKET wsk, PWSK_DATAGRAM_INDICATION list)
{
    if (!wsk || !list)
        return STATUS_INVALID_PARAMETER;
    while (list) {
        PWSK_DATAGRAM_INDICATION next = list->Next;
        indication_free(CONTAINING_RECORD(list, struct indication, datagram));
        list = next;
    }
    return STATUS_SUCCESS;
}
