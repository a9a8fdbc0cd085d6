/* netio.sys: how drivers attach to WSK, and the machine's network state. */
#include "host/mm/mm.h"
#include "host/net/net.h"
#include "host/ps/ps.h"

enum { HIGHEST_VERSION = MAKE_WSK_VERSION(1, 1), LOWEST_VERSION = MAKE_WSK_VERSION(1, 0) };
enum { REGISTERED = 0x57534b31 }; /* ReservedRegistrationState */

NTSTATUS net_initialize(struct machine *machine)
{
    struct net_state *net = linux_allocate(sizeof(*net));
    if (!net)
        return STATUS_INSUFFICIENT_RESOURCES;
    net->poller = -1;
    machine->net = net;
    return STATUS_SUCCESS;
}

/* Of sockets only what is not in pool needs care. Their threads are gone. */
void net_destroy(struct machine *machine)
{
    struct net_state *net = machine->net;
    if (!net)
        return;
    for (uint32_t slot = 0; slot < net->slots; slot++) {
        struct socket *socket = net->sockets[slot];
        if (!socket)
            continue;
        if (socket->handle >= 0)
            linux_socket_close(socket->handle, true);
        linux_free(socket);
    }
    if (net->poller >= 0)
        linux_poller_close(net->poller);
    linux_free(net->sockets);
    linux_free(net);
    machine->net = NULL;
}

/* Under the deterministic scheduler nobody blocks in Linux: there it looks now and then. */
static int wait_for_sockets(struct machine *machine, struct linux_socket_ready *ready, int capacity)
{
    static const uint32_t never;
    if (SB_LIKELY(!machine->scheduler))
        return linux_poller_wait(machine->net->poller, ready, capacity, -1);
    int count = linux_poller_wait(machine->net->poller, ready, capacity, 0);
    if (count == 0)
        schedule_park(machine, (uint32_t *)&never, 0, ke_monotonic_time(machine) + 1000000);
    return count;
}

/* The network thread. Drivers are called at DISPATCH_LEVEL, as from the DPCs of a transport. */
static VOID NTAPI network_main(PVOID context)
{
    struct machine *machine = context;
    struct net_state *net = machine->net;
    PKTHREAD thread = &current_thread()->Tcb;
    struct linux_socket_ready ready[32];
    current_kpcr()->irql = DISPATCH_LEVEL;
    for (;;) {
        schedule_point(machine);
        int count = wait_for_sockets(machine, ready, RTL_NUMBER_OF(ready));
        for (int i = 0; i < count; i++) {
            struct socket *socket = socket_find(net, ready[i].id);
            if (!socket)
                continue;
            linux_lock(&socket->lock);
            socket->ready |= ready[i].events & (LINUX_SOCKET_PEER_CLOSED | LINUX_SOCKET_BROKEN);
            linux_unlock(&socket->lock);
            net_drive(socket);
            socket_dereference(socket);
            ke_drain_dpcs(thread);
        }
    }
}

NTSTATUS net_start(struct machine *machine)
{
    struct net_state *net = machine->net;
    NTSTATUS status = STATUS_SUCCESS;
    linux_lock(&net->start_lock);
    if (net->poller < 0) {
        int poller = linux_poller_open();
        if (poller < 0)
            status = STATUS_INSUFFICIENT_RESOURCES;
        else
            net->poller = poller;
    }
    if (NT_SUCCESS(status) && !net->thread)
        status = ps_system_thread_start(machine, network_main, machine, &net->thread);
    linux_unlock(&net->start_lock);
    return status;
}

void registration_use(struct registration *registration)
{
    __atomic_add_fetch(&registration->uses, 1, __ATOMIC_RELAXED);
}

/* The last use is the registration's own until WskDeregister has given it up: nobody touches the
 * registration after that event. */
void registration_unuse(struct registration *registration)
{
    if (__atomic_sub_fetch(&registration->uses, 1, __ATOMIC_ACQ_REL) == 0)
        KeSetEvent(&registration->idle, IO_NO_INCREMENT, FALSE);
}

NTSTATUS WSKAPI WskRegister(PWSK_CLIENT_NPI npi, PWSK_REGISTRATION registration)
{
    if (!npi || !npi->Dispatch || !registration)
        return STATUS_INVALID_PARAMETER;
    struct registration *made =
        ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*made), NET_REGISTRATION_TAG);
    if (!made)
        return STATUS_INSUFFICIENT_RESOURCES;
    __builtin_memset(made, 0, sizeof(*made));
    made->npi = *npi;
    made->uses = 1;
    KeInitializeEvent(&made->idle, NotificationEvent, FALSE);
    registration->ReservedRegistrationContext = made;
    registration->ReservedRegistrationState = REGISTERED;
    KeInitializeSpinLock(&registration->ReservedRegistrationLock);
    return STATUS_SUCCESS;
}
SB_EXPORT_FROM("netio.sys", WskRegister)

static struct registration *registration_of(PWSK_REGISTRATION registration)
{
    return registration && registration->ReservedRegistrationState == REGISTERED
               ? registration->ReservedRegistrationContext
               : NULL;
}

/* The subsystem is always ready, so there is nothing to wait for. */
NTSTATUS WSKAPI WskCaptureProviderNPI(PWSK_REGISTRATION wsk_registration, ULONG wait_timeout,
                                      PWSK_PROVIDER_NPI npi)
{
    struct registration *registration = registration_of(wsk_registration);
    if (!registration || !npi)
        return STATUS_INVALID_PARAMETER;
    if (WSK_MAJOR_VERSION(registration->npi.Dispatch->Version) !=
        WSK_MAJOR_VERSION(HIGHEST_VERSION))
        return STATUS_NOINTERFACE;
    NTSTATUS status = net_start(current_machine());
    if (!NT_SUCCESS(status))
        return status;
    registration_use(registration);
    npi->Client = (PWSK_CLIENT)registration;
    npi->Dispatch = &net_provider_dispatch;
    return STATUS_SUCCESS;
}
SB_EXPORT_FROM("netio.sys", WskCaptureProviderNPI)

VOID WSKAPI WskReleaseProviderNPI(PWSK_REGISTRATION wsk_registration)
{
    struct registration *registration = registration_of(wsk_registration);
    if (registration)
        registration_unuse(registration);
}
SB_EXPORT_FROM("netio.sys", WskReleaseProviderNPI)

NTSTATUS WSKAPI WskQueryProviderCharacteristics(PWSK_REGISTRATION registration,
                                                PWSK_PROVIDER_CHARACTERISTICS characteristics)
{
    if (!registration_of(registration) || !characteristics)
        return STATUS_INVALID_PARAMETER;
    characteristics->HighestVersion = HIGHEST_VERSION;
    characteristics->LowestVersion = LOWEST_VERSION;
    return STATUS_SUCCESS;
}
SB_EXPORT_FROM("netio.sys", WskQueryProviderCharacteristics)

/* Waits until every capture is released and every socket closed. */
VOID WSKAPI WskDeregister(PWSK_REGISTRATION wsk_registration)
{
    struct registration *registration = registration_of(wsk_registration);
    if (!registration)
        return;
    registration_unuse(registration);
    KeWaitForSingleObject(&registration->idle, Executive, KernelMode, FALSE, NULL);
    wsk_registration->ReservedRegistrationState = 0;
    wsk_registration->ReservedRegistrationContext = NULL;
    ExFreePoolWithTag(registration, NET_REGISTRATION_TAG);
}
SB_EXPORT_FROM("netio.sys", WskDeregister)
