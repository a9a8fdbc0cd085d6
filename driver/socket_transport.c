/*
 * WSK calls that wait. Of WSK no more is used than the oldest runtime has: one socket function that
 * it lacks answers STATUS_NOT_IMPLEMENTED and leaves the IRP alone (Wine 8), which is told by the
 * event that is not set. Nor does every runtime heed a cancellation; a request that outlives its
 * own ends when the socket is closed.
 */
#include "socket_internal.h"

/* How long a cancelled request may take to end before its socket is closed under it. */
#define CANCEL_GRACE 200
/* How long the peer may take to read what was sent last, and to close its side. */
#define LINGER_TIMEOUT 500

/* In 100 ns. */
static LONGLONG now(void)
{
    LARGE_INTEGER frequency;
    LONGLONG count = KeQueryPerformanceCounter(&frequency).QuadPart;
    LONGLONG second = frequency.QuadPart;

    return count / second * 10000000 + count % second * 10000000 / second;
}

LONGLONG sb_deadline(ULONG milliseconds)
{
    return milliseconds == 0 ? SB_NO_DEADLINE : now() + (LONGLONG)milliseconds * 10000;
}

/* The IRP stays ours when it has completed. */
static IO_COMPLETION_ROUTINE request_completed;
static NTSTATUS NTAPI request_completed(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(irp);
    KeSetEvent(context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

NTSTATUS sb_request_make(struct sb_wsk_request *request, CCHAR stack_size)
{
    KeInitializeEvent(&request->done, NotificationEvent, FALSE);
    request->irp = IoAllocateIrp(stack_size, FALSE);
    return request->irp != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

/* The IRP for the next call. */
PIRP sb_request_begin(struct sb_wsk_request *request)
{
    IoReuseIrp(request->irp, STATUS_UNSUCCESSFUL);
    KeClearEvent(&request->done);
    IoSetCompletionRoutine(request->irp, request_completed, &request->done, TRUE, TRUE, TRUE);
    return request->irp;
}

static BOOLEAN ended(struct sb_wsk_request *request, ULONG milliseconds)
{
    LARGE_INTEGER timeout;

    timeout.QuadPart = -(LONGLONG)milliseconds * 10000;
    return KeWaitForSingleObject(&request->done, Executive, KernelMode, FALSE, &timeout) ==
           STATUS_SUCCESS;
}

/* What the wait says: STATUS_WAIT_0 the request, 1 the stop, 2 what is done besides. */
static NTSTATUS wait_for_any(struct sb_wsk_request *request, PKEVENT stopping, LONGLONG deadline,
                             const struct sb_beside *beside)
{
    PVOID objects[] = {&request->done, stopping, beside != NULL ? beside->event : NULL};
    LARGE_INTEGER timeout;

    timeout.QuadPart = now() - deadline; /* relative: below zero */
    if (timeout.QuadPart > 0)
        timeout.QuadPart = 0;
    return KeWaitForMultipleObjects(beside != NULL ? 3 : 2, objects, WaitAny, Executive, KernelMode,
                                    FALSE, deadline == SB_NO_DEADLINE ? NULL : &timeout, NULL);
}

/* What is done besides comes first once, so that it is not starved by requests that end at once. */
NTSTATUS sb_request_wait(struct sb_wsk_request *request, PKEVENT stopping, const LONGLONG *deadline,
                         const struct sb_beside *beside)
{
    NTSTATUS status = STATUS_SUCCESS;

    if (beside != NULL && KeReadStateEvent(beside->event) != 0)
        status = beside->run(beside->context);
    while (NT_SUCCESS(status) && KeReadStateEvent(&request->done) == 0) {
        status = wait_for_any(request, stopping, *deadline, beside);
        if (status == STATUS_WAIT_2)
            status = beside->run(beside->context);
        else if (status != STATUS_WAIT_0)
            return status == STATUS_WAIT_1 ? STATUS_CANCELLED : STATUS_IO_TIMEOUT;
    }
    return status;
}

void sb_request_cancel(struct sb_wsk_request *request)
{
    IoCancelIrp(request->irp);
    KeWaitForSingleObject(&request->done, Executive, KernelMode, FALSE, NULL);
}

/* The end of one of the transport's requests, with what the function returned at first. */
static NTSTATUS finish_beside(struct sb_transport *transport, struct sb_wsk_request *request,
                              NTSTATUS returned, const LONGLONG *deadline,
                              const struct sb_beside *beside)
{
    NTSTATUS status;

    if (returned == STATUS_NOT_IMPLEMENTED && KeReadStateEvent(&request->done) == 0)
        return STATUS_NOT_IMPLEMENTED;
    status = sb_request_wait(request, transport->stopping, deadline, beside);
    if (status == STATUS_SUCCESS)
        return request->irp->IoStatus.Status;
    IoCancelIrp(request->irp);
    if (!ended(request, CANCEL_GRACE)) {
        request->outstanding = TRUE;
        return status;
    }
    return NT_SUCCESS(request->irp->IoStatus.Status) ? STATUS_SUCCESS : status;
}

static NTSTATUS finish(struct sb_transport *transport, NTSTATUS returned, LONGLONG deadline)
{
    return finish_beside(transport, &transport->request, returned, &deadline, NULL);
}

static const WSK_PROVIDER_CONNECTION_DISPATCH *connection(const struct sb_transport *transport)
{
    return transport->wsk->Dispatch;
}

static const WSK_PROVIDER_LISTEN_DISPATCH *listening(const struct sb_transport *transport)
{
    return transport->wsk->Dispatch;
}

NTSTATUS sb_transport_open(struct sb_transport *transport, const WSK_PROVIDER_NPI *npi,
                           PKEVENT stopping, PWSK_SOCKET wsk)
{
    NTSTATUS status;

    RtlZeroMemory(transport, sizeof(*transport));
    transport->npi = npi;
    transport->stopping = stopping;
    transport->wsk = wsk;
    transport->connected = wsk != NULL;
    status = sb_request_make(&transport->closing, 1);
    if (NT_SUCCESS(status))
        status = sb_request_make(&transport->request, 1);
    if (NT_SUCCESS(status))
        status = sb_request_make(&transport->sending, 1);
    if (!NT_SUCCESS(status))
        sb_transport_close(transport);
    return status;
}

/* Closing is what must not fail: it waits for as long as it takes, without heeding the stop. */
static void close_socket(struct sb_transport *transport)
{
    const WSK_PROVIDER_BASIC_DISPATCH *dispatch = transport->wsk->Dispatch;

    if (transport->closing.irp == NULL) {
        /* Not even an IRP for it: try again until there is one, as nothing else can end it. */
        LARGE_INTEGER pause;

        pause.QuadPart = -100 * 10000;
        while (!NT_SUCCESS(sb_request_make(&transport->closing, 1)))
            KeDelayExecutionThread(KernelMode, FALSE, &pause);
    }
    dispatch->WskCloseSocket(transport->wsk, sb_request_begin(&transport->closing));
    KeWaitForSingleObject(&transport->closing.done, Executive, KernelMode, FALSE, NULL);
    transport->wsk = NULL;
}

/*
 * Says that nothing more will be sent, and waits a little for the peer to say the same: a socket
 * that is closed before is reset, and the peer may lose what it has not read yet.
 */
static void linger(struct sb_transport *transport)
{
    LONGLONG deadline = sb_deadline(LINGER_TIMEOUT);
    ULONG length;
    NTSTATUS status;

    status = connection(transport)->WskDisconnect(transport->wsk, NULL, 0,
                                                  sb_request_begin(&transport->request));
    status = finish(transport, status, deadline);
    if (!NT_SUCCESS(status) || sb_transport_is_stuck(transport) || !transport->patient)
        return;
    transport->scrap_mdl =
        IoAllocateMdl(transport->scrap, sizeof(transport->scrap), FALSE, FALSE, NULL);
    if (transport->scrap_mdl == NULL)
        return;
    MmBuildMdlForNonPagedPool(transport->scrap_mdl);
    do
        status = sb_transport_receive(transport, transport->scrap_mdl, 0, sizeof(transport->scrap),
                                      &deadline, NULL, &length);
    while (NT_SUCCESS(status));
}

/* Once its socket is closed. */
static void end_request(struct sb_wsk_request *request)
{
    if (request->outstanding)
        KeWaitForSingleObject(&request->done, Executive, KernelMode, FALSE, NULL);
    if (request->irp != NULL)
        IoFreeIrp(request->irp);
}

void sb_transport_close(struct sb_transport *transport)
{
    if (transport->wsk != NULL) {
        if (transport->connected && !sb_transport_is_stuck(transport) &&
            transport->request.irp != NULL)
            linger(transport);
        close_socket(transport);
    }
    end_request(&transport->request);
    end_request(&transport->sending);
    end_request(&transport->closing);
    if (transport->scrap_mdl != NULL)
        IoFreeMdl(transport->scrap_mdl);
    RtlZeroMemory(transport, sizeof(*transport));
}

static NTSTATUS make_socket(struct sb_transport *transport, ULONG category)
{
    NTSTATUS status;

    status = transport->npi->Dispatch->WskSocket(transport->npi->Client, AF_INET, SOCK_STREAM,
                                                 IPPROTO_TCP, category, NULL, NULL, NULL, NULL,
                                                 NULL, sb_request_begin(&transport->request));
    status = finish(transport, status, SB_NO_DEADLINE);
    if (NT_SUCCESS(status))
        transport->wsk = (PWSK_SOCKET)transport->request.irp->IoStatus.Information;
    return status;
}

NTSTATUS sb_transport_listen(struct sb_transport *transport, const SOCKADDR_IN *address)
{
    NTSTATUS status;

    status = make_socket(transport, WSK_FLAG_LISTEN_SOCKET);
    if (!NT_SUCCESS(status))
        return status;
    transport->address = *address;
    status = listening(transport)->WskBind(transport->wsk, (PSOCKADDR)&transport->address, 0,
                                           sb_request_begin(&transport->request));
    return finish(transport, status, SB_NO_DEADLINE);
}

NTSTATUS sb_transport_connect(struct sb_transport *transport, const SOCKADDR_IN *address,
                              LONGLONG deadline)
{
    NTSTATUS status;

    status = make_socket(transport, WSK_FLAG_CONNECTION_SOCKET);
    if (!NT_SUCCESS(status))
        return status;
    RtlZeroMemory(&transport->address, sizeof(transport->address)); /* any address, any port */
    transport->address.sin_family = AF_INET;
    status = connection(transport)->WskBind(transport->wsk, (PSOCKADDR)&transport->address, 0,
                                            sb_request_begin(&transport->request));
    status = finish(transport, status, deadline);
    if (!NT_SUCCESS(status))
        return status;
    transport->address = *address;
    status = connection(transport)->WskConnect(transport->wsk, (PSOCKADDR)&transport->address, 0,
                                               sb_request_begin(&transport->request));
    status = finish(transport, status, deadline);
    transport->connected = NT_SUCCESS(status);
    return status;
}

NTSTATUS sb_transport_accept(struct sb_transport *transport, PWSK_SOCKET *accepted)
{
    NTSTATUS status;

    status = listening(transport)->WskAccept(transport->wsk, 0, NULL, NULL, NULL, NULL,
                                             sb_request_begin(&transport->request));
    status = finish(transport, status, SB_NO_DEADLINE);
    if (NT_SUCCESS(status))
        *accepted = (PWSK_SOCKET)transport->request.irp->IoStatus.Information;
    return status;
}

NTSTATUS sb_transport_send(struct sb_transport *transport, PMDL mdl, ULONG offset, ULONG length,
                           LONGLONG deadline)
{
    NTSTATUS status;

    while (length != 0) { /* WSK sends all at once; an emulation may not */
        ULONG sent;

        if (transport->sending.outstanding)
            return STATUS_CONNECTION_ABORTED;
        transport->sent.Mdl = mdl;
        transport->sent.Offset = offset;
        transport->sent.Length = length;
        status = connection(transport)->WskSend(transport->wsk, &transport->sent, WSK_FLAG_NODELAY,
                                                sb_request_begin(&transport->sending));
        status = finish_beside(transport, &transport->sending, status, &deadline, NULL);
        if (!NT_SUCCESS(status))
            return status;
        sent = (ULONG)transport->sending.irp->IoStatus.Information;
        if (sent == 0 || sent > length)
            return STATUS_CONNECTION_ABORTED;
        offset += sent;
        length -= sent;
    }
    return STATUS_SUCCESS;
}

NTSTATUS sb_transport_receive(struct sb_transport *transport, PMDL mdl, ULONG offset, ULONG length,
                              const LONGLONG *deadline, const struct sb_beside *beside,
                              ULONG *received)
{
    NTSTATUS status;

    transport->buffer.Mdl = mdl;
    transport->buffer.Offset = offset;
    transport->buffer.Length = length;
    status = connection(transport)->WskReceive(transport->wsk, &transport->buffer, 0,
                                               sb_request_begin(&transport->request));
    status = finish_beside(transport, &transport->request, status, deadline, beside);
    if (!NT_SUCCESS(status))
        return status;
    *received = (ULONG)transport->request.irp->IoStatus.Information;
    if (*received > length)
        return STATUS_CONNECTION_ABORTED;
    return *received != 0 ? STATUS_SUCCESS : STATUS_END_OF_FILE;
}
