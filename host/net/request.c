/* Requests: from a WSK call with its IRP and buffer to the queue, and cancelled out of it. */
#include "host/net/net.h"

#ifndef NO_MORE_IRP_STACK_LOCATIONS
#define NO_MORE_IRP_STACK_LOCATIONS 0x35
#endif

void irp_take(PIRP irp)
{
    if (--irp->CurrentLocation <= 0)
        KeBugCheckEx(NO_MORE_IRP_STACK_LOCATIONS, (ULONG_PTR)irp, 0, 0, 0);
    PIO_STACK_LOCATION stack = --irp->Tail.Overlay.CurrentStackLocation;
    stack->DeviceObject = NULL;
}

NTSTATUS irp_answer(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    if (!irp)
        return status;
    irp_take(irp);
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

/* The MDLs that hold length bytes from offset; FALSE: the chain is shorter. */
static BOOLEAN count_buffers(const WSK_BUF *buffer, ULONG *count)
{
    SIZE_T left = buffer->Length, offset = buffer->Offset;
    *count = 0;
    for (PMDL mdl = buffer->Mdl; left; mdl = mdl->Next) {
        if (!mdl || (mdl == buffer->Mdl && offset > MmGetMdlByteCount(mdl)))
            return FALSE;
        SIZE_T here = MmGetMdlByteCount(mdl) - offset;
        left -= here < left ? here : left;
        offset = 0;
        (*count)++;
    }
    return TRUE;
}

static NTSTATUS fill_buffers(const WSK_BUF *buffer, struct request *request, ULONG capacity)
{
    SIZE_T left = buffer->Length, offset = buffer->Offset;
    for (PMDL mdl = buffer->Mdl; left && mdl && request->buffer_count < capacity; mdl = mdl->Next) {
        SIZE_T here = MmGetMdlByteCount(mdl) - offset;
        here = here < left ? here : left;
        UCHAR *base = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
        if (!base)
            return STATUS_INSUFFICIENT_RESOURCES;
        struct linux_buffer *piece = &request->buffers[request->buffer_count++];
        piece->base = base + offset;
        piece->length = here;
        left -= here;
        offset = 0;
    }
    request->length = buffer->Length - left;
    return STATUS_SUCCESS;
}

NTSTATUS request_create(enum request_kind kind, PIRP irp, const WSK_BUF *buffer,
                        struct request **created)
{
    ULONG count = 0;
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    if (buffer && !count_buffers(buffer, &count))
        return irp_answer(irp, STATUS_INVALID_PARAMETER, 0);
    struct request *request =
        linux_allocate(sizeof(*request) + count * sizeof(request->buffers[0]));
    if (request && (!buffer || NT_SUCCESS(status = fill_buffers(buffer, request, count)))) {
        request->kind = kind;
        request->irp = irp;
        *created = request;
        if (irp)
            irp_take(irp);
        return STATUS_SUCCESS;
    }
    linux_free(request);
    return irp_answer(irp, status, 0);
}

/* The canceller holds the cancel spin lock and keeps the IRP alive until that is released; whoever
 * finds the IRP caught has left it to this routine. */
static VOID NTAPI cancel_request(PDEVICE_OBJECT device, PIRP irp)
{
    uint64_t id = (uint64_t)irp->Tail.Overlay.DriverContext[0];
    struct socket *socket = socket_find(current_machine()->net, id);
    IoReleaseCancelSpinLock(irp->CancelIrql);
    if (!socket)
        return;
    PLIST_ENTRY queues[] = {&socket->caught, &socket->sends, &socket->receives, &socket->accepts,
                            &socket->connects};
    linux_lock(&socket->lock);
    for (ULONG i = 0; i < RTL_NUMBER_OF(queues); i++) {
        for (PLIST_ENTRY link = queues[i]->Flink; link != queues[i]; link = link->Flink) {
            struct request *request = CONTAINING_RECORD(link, struct request, link);
            if (request->irp != irp)
                continue;
            RemoveEntryList(link);
            if (request->state == REQUEST_QUEUED)
                request->status = STATUS_CANCELLED;
            request->state = REQUEST_DONE;
            InsertTailList(&socket->done, link);
            goto found;
        }
    }
found:
    linux_unlock(&socket->lock);
    net_drive(socket);
    socket_dereference(socket);
}

void request_end(struct socket *socket, struct request *request, NTSTATUS status)
{
    RemoveEntryList(&request->link);
    request->status = status;
    if (request->irp && request->kind != REQUEST_CLOSE && !IoSetCancelRoutine(request->irp, NULL)) {
        request->state = REQUEST_CAUGHT; /* the cancel routine is on its way */
        InsertTailList(&socket->caught, &request->link);
        return;
    }
    request->state = REQUEST_DONE;
    InsertTailList(&socket->done, &request->link);
}

void request_end_all(struct socket *socket, PLIST_ENTRY queue, NTSTATUS status)
{
    while (!IsListEmpty(queue))
        request_end(socket, CONTAINING_RECORD(queue->Flink, struct request, link), status);
}

static PLIST_ENTRY queue_of(struct socket *socket, enum request_kind kind)
{
    switch (kind) {
    case REQUEST_RECEIVE:
        return &socket->receives;
    case REQUEST_ACCEPT:
        return &socket->accepts;
    case REQUEST_CONNECT:
        return &socket->connects;
    default: /* a disconnect goes behind what is to be sent */
        return &socket->sends;
    }
}

/* Lock held. A cancellation before this moment has found no routine: it is noticed here. */
static void enqueue(struct socket *socket, struct request *request)
{
    PIRP irp = request->irp;
    request->state = REQUEST_QUEUED;
    InsertTailList(queue_of(socket, request->kind), &request->link);
    if (!irp)
        return;
    IoMarkIrpPending(irp);
    if (request->kind == REQUEST_CLOSE) {
        socket->closing = TRUE;
        return; /* cannot be cancelled */
    }
    irp->Tail.Overlay.DriverContext[0] = (PVOID)socket->id;
    IoSetCancelRoutine(irp, cancel_request);
    if (irp->Cancel && IoSetCancelRoutine(irp, NULL)) {
        RemoveEntryList(&request->link);
        request->status = STATUS_CANCELLED;
        request->state = REQUEST_DONE;
        InsertTailList(&socket->done, &request->link);
    }
}

NTSTATUS request_submit(struct socket *socket, struct request *request)
{
    socket_reference(socket); /* it may be closed meanwhile */
    linux_lock(&socket->lock);
    enqueue(socket, request);
    linux_unlock(&socket->lock);
    net_drive(socket);
    socket_dereference(socket);
    return STATUS_PENDING; /* also if it has ended meanwhile: the IRP is marked pending */
}
