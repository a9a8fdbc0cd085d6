/* Checks Winsock Kernel on the loopback interface, as its documentation has it. */
#include "wsk.h"

#include "groups.h"

CHECK_DEFINITIONS("wsk")

WSK_PROVIDER_NPI npi;

static NTSTATUS NTAPI completed(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct pending *pending = context;
    KeSetEvent(&pending->done, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

PIRP prepare(struct pending *pending)
{
    pending->irp = IoAllocateIrp(1, FALSE);
    KeInitializeEvent(&pending->done, NotificationEvent, FALSE);
    IoSetCompletionRoutine(pending->irp, completed, pending, TRUE, TRUE, TRUE);
    return pending->irp;
}

BOOLEAN is_done(struct pending *pending)
{
    LARGE_INTEGER soon = {.QuadPart = -50 * 10000};
    return KeWaitForSingleObject(&pending->done, Executive, KernelMode, FALSE, &soon) ==
           STATUS_SUCCESS;
}

NTSTATUS finish(struct pending *pending, ULONG_PTR *information)
{
    LARGE_INTEGER limit = {.QuadPart = -3 * 10000000ll};
    if (KeWaitForSingleObject(&pending->done, Executive, KernelMode, FALSE, &limit) != 0)
        return STATUS_IO_TIMEOUT; /* and the IRP is lost */
    NTSTATUS status = pending->irp->IoStatus.Status;
    if (information)
        *information = pending->irp->IoStatus.Information;
    IoFreeIrp(pending->irp);
    return status;
}

void loopback(SOCKADDR_IN *address, USHORT port)
{
    RtlZeroMemory(address, sizeof(*address));
    address->sin_family = AF_INET;
    address->sin_port = port;
    address->sin_addr.S_un.S_addr = 0x0100007f;
}

NTSTATUS make_socket(ULONG category, const VOID *dispatch, PVOID context, PWSK_SOCKET *made)
{
    struct pending pending;
    ULONG_PTR information = 0;
    BOOLEAN datagram = category == WSK_FLAG_DATAGRAM_SOCKET;
    npi.Dispatch->WskSocket(npi.Client, AF_INET, datagram ? SOCK_DGRAM : SOCK_STREAM,
                            datagram ? IPPROTO_UDP : IPPROTO_TCP, category, context, dispatch, NULL,
                            NULL, NULL, prepare(&pending));
    NTSTATUS status = finish(&pending, &information);
    *made = (PWSK_SOCKET)information;
    return status;
}

NTSTATUS close_socket(PWSK_SOCKET wsk)
{
    struct pending pending;
    ((const WSK_PROVIDER_BASIC_DISPATCH *)wsk->Dispatch)->WskCloseSocket(wsk, prepare(&pending));
    return finish(&pending, NULL);
}

NTSTATUS bind_socket(PWSK_SOCKET wsk, USHORT port)
{
    SOCKADDR_IN address;
    struct pending pending;
    loopback(&address, port);
    /* WskBind stands first in every category's table. */
    connection(wsk)->WskBind(wsk, (PSOCKADDR)&address, 0, prepare(&pending));
    return finish(&pending, NULL);
}

/* Of a listening or connection-oriented socket. */
USHORT port_of(PWSK_SOCKET wsk)
{
    SOCKADDR_IN address = {0};
    struct pending pending;
    ((const WSK_PROVIDER_LISTEN_DISPATCH *)wsk->Dispatch)
        ->WskGetLocalAddress(wsk, (PSOCKADDR)&address, prepare(&pending));
    finish(&pending, NULL);
    return address.sin_port;
}

NTSTATUS connect_to(PWSK_SOCKET listener, PWSK_SOCKET *connected)
{
    SOCKADDR_IN local, remote;
    struct pending pending;
    ULONG_PTR information = 0;
    loopback(&local, 0);
    loopback(&remote, port_of(listener));
    npi.Dispatch->WskSocketConnect(npi.Client, SOCK_STREAM, IPPROTO_TCP, (PSOCKADDR)&local,
                                   (PSOCKADDR)&remote, 0, NULL, NULL, NULL, NULL, NULL,
                                   prepare(&pending));
    NTSTATUS status = finish(&pending, &information);
    *connected = (PWSK_SOCKET)information;
    return status;
}

NTSTATUS accept_from(PWSK_SOCKET listener, PWSK_SOCKET *accepted)
{
    const WSK_PROVIDER_LISTEN_DISPATCH *dispatch = listener->Dispatch;
    SOCKADDR_IN local = {0}, remote = {0};
    struct pending pending;
    ULONG_PTR information = 0;
    dispatch->WskAccept(listener, 0, NULL, NULL, (PSOCKADDR)&local, (PSOCKADDR)&remote,
                        prepare(&pending));
    NTSTATUS status = finish(&pending, &information);
    *accepted = (PWSK_SOCKET)information;
    if (NT_SUCCESS(status)) {
        CHECK(local.sin_family == AF_INET && local.sin_port == port_of(listener));
        CHECK(remote.sin_addr.S_un.S_addr == 0x0100007f && remote.sin_port != 0);
    }
    return status;
}

BOOLEAN make_pair(struct pair *pair)
{
    unsigned before = failures;
    CHECK_STATUS(STATUS_SUCCESS, make_socket(WSK_FLAG_LISTEN_SOCKET, NULL, NULL, &pair->listener));
    CHECK_STATUS(STATUS_SUCCESS, bind_socket(pair->listener, 0));
    CHECK_STATUS(STATUS_SUCCESS, connect_to(pair->listener, &pair->near_end));
    CHECK_STATUS(STATUS_SUCCESS, accept_from(pair->listener, &pair->far_end));
    return (unsigned)failures == before;
}

void close_pair(struct pair *pair)
{
    CHECK_STATUS(STATUS_SUCCESS, close_socket(pair->near_end));
    CHECK_STATUS(STATUS_SUCCESS, close_socket(pair->far_end));
    CHECK_STATUS(STATUS_SUCCESS, close_socket(pair->listener));
}

WSK_BUF describe(PVOID bytes, ULONG length)
{
    WSK_BUF buffer = {IoAllocateMdl(bytes, length, FALSE, FALSE, NULL), 0, length};
    MmProbeAndLockPages(buffer.Mdl, KernelMode, IoWriteAccess);
    return buffer;
}

void forget(WSK_BUF *buffer)
{
    MmUnlockPages(buffer->Mdl);
    IoFreeMdl(buffer->Mdl);
}

NTSTATUS send(PWSK_SOCKET wsk, const void *bytes, ULONG length, ULONG_PTR *sent)
{
    UCHAR copy[1024]; /* the caller's may be read-only */
    struct pending pending;
    RtlCopyMemory(copy, bytes, length);
    WSK_BUF buffer = describe(copy, length);
    connection(wsk)->WskSend(wsk, &buffer, 0, prepare(&pending));
    NTSTATUS status = finish(&pending, sent);
    forget(&buffer);
    return status;
}

NTSTATUS receive(PWSK_SOCKET wsk, void *bytes, ULONG length, ULONG flags, ULONG_PTR *received)
{
    struct pending pending;
    WSK_BUF buffer = describe(bytes, length);
    connection(wsk)->WskReceive(wsk, &buffer, flags, prepare(&pending));
    NTSTATUS status = finish(&pending, received);
    forget(&buffer);
    return status;
}

NTSTATUS disconnect(PWSK_SOCKET wsk, ULONG flags)
{
    struct pending pending;
    connection(wsk)->WskDisconnect(wsk, NULL, flags, prepare(&pending));
    return finish(&pending, NULL);
}

static const WSK_CLIENT_DISPATCH dispatch = {MAKE_WSK_VERSION(1, 0), 0, NULL};
static WSK_CLIENT_NPI client = {NULL, &dispatch};
static WSK_REGISTRATION registration;

static void check_later_version(void)
{
    static const WSK_CLIENT_DISPATCH future = {MAKE_WSK_VERSION(9, 0), 0, NULL};
    WSK_CLIENT_NPI later = {NULL, &future};
    WSK_REGISTRATION own;
    WSK_PROVIDER_NPI none;

    CHECK_STATUS(STATUS_SUCCESS, WskRegister(&later, &own));
    CHECK_STATUS(STATUS_NOINTERFACE, WskCaptureProviderNPI(&own, WSK_NO_WAIT, &none));
    WskDeregister(&own);
}

static void check_characteristics(void)
{
    WSK_PROVIDER_CHARACTERISTICS characteristics = {0, 0};

    CHECK_STATUS(STATUS_SUCCESS, WskQueryProviderCharacteristics(&registration, &characteristics));
    CHECK(characteristics.LowestVersion <= MAKE_WSK_VERSION(1, 0));
    CHECK(characteristics.HighestVersion >= MAKE_WSK_VERSION(1, 0));
}

static struct check_group groups[] = {CHECK_GROUP(later_version), CHECK_GROUP(characteristics),
                                      WSK_GROUPS(CHECK_GROUP_ITEM)};

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
}

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    driver->DriverUnload = unload;
    CHECK_STATUS(STATUS_SUCCESS, WskRegister(&client, &registration));
    CHECK_STATUS(STATUS_SUCCESS, WskCaptureProviderNPI(&registration, WSK_INFINITE_WAIT, &npi));
    if (failures)
        return groups_result();
    run_groups(path, groups, RTL_NUMBER_OF(groups));
    if (!failures) { /* else sockets may be left, and WskDeregister would wait for them */
        WskReleaseProviderNPI(&registration);
        WskDeregister(&registration);
    }
    return groups_result();
}
