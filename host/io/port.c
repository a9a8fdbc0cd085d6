/*
 * Completion ports. A port is a semaphore that counts its packets, so that waiting is Ke's; packets
 * are in pool, under the port's lock (a leaf).
 */
#include "host/io/io.h"
#include "host/ke/schedule.h"
#include "host/mm/mm.h"

enum { PACKET_TAG = 0x70436F49 };

struct port {
    KSEMAPHORE available; /* first: what a handle waits on */
    struct linux_lock lock;
    LIST_ENTRY packets; /* struct io_packet.link */
};

static void port_remove_object(void *object)
{
    struct port *port = object;
    while (!IsListEmpty(&port->packets))
        mm_pool_free(object_header_of(object)->machine, RemoveHeadList(&port->packets));
}

static PKEVENT port_waitable(void *object)
{
    return object;
}

enum { PORT_QUERY = 1, PORT_MODIFY = 2 };

OBJECT_TYPE io_port_type = {
    .name = RTL_CONSTANT_STRING(L"IoCompletion"),
    .mapping = {STANDARD_RIGHTS_READ | PORT_QUERY, STANDARD_RIGHTS_WRITE | PORT_MODIFY,
                STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, STANDARD_RIGHTS_ALL | 3},
    .valid_access = STANDARD_RIGHTS_ALL | 3,
    .remove = port_remove_object,
    .waitable = port_waitable};

NTSTATUS io_port_create(struct machine *machine, void **created)
{
    struct port *port;
    NTSTATUS status = ob_allocate(machine, &io_port_type, sizeof(*port), (void **)&port);
    if (!NT_SUCCESS(status))
        return status;
    KeInitializeSemaphore(&port->available, 0, MAXLONG);
    InitializeListHead(&port->packets);
    *created = port;
    return STATUS_SUCCESS;
}

void io_port_post(void *object, PVOID key, PVOID context, NTSTATUS status, ULONG_PTR information)
{
    struct port *port = object;
    struct io_packet *packet;
    ULONG turns = 0;
    while (!(packet = mm_pool_allocate(object_header_of(object)->machine, NonPagedPoolNx,
                                       sizeof(*packet), PACKET_TAG)))
        schedule_spin(&turns); /* a completion is never lost */
    packet->key = key;
    packet->context = context;
    packet->status_block.Status = status;
    packet->status_block.Information = information;
    linux_lock(&port->lock);
    InsertTailList(&port->packets, &packet->link);
    linux_unlock(&port->lock);
    KeReleaseSemaphore(&port->available, IO_NO_INCREMENT, 1, FALSE);
}

NTSTATUS io_port_remove(void *object, PLARGE_INTEGER timeout, KPROCESSOR_MODE mode,
                        struct io_packet *packet)
{
    struct port *port = object;
    NTSTATUS status = KeWaitForSingleObject(&port->available, WrQueue, mode, FALSE, timeout);
    if (status != STATUS_SUCCESS)
        return status;
    linux_lock(&port->lock);
    struct io_packet *oldest =
        CONTAINING_RECORD(RemoveHeadList(&port->packets), struct io_packet, link);
    linux_unlock(&port->lock);
    *packet = *oldest;
    mm_pool_free(current_machine(), oldest);
    return STATUS_SUCCESS;
}

void io_file_drop_port(struct io_file *file)
{
    if (file->file.CompletionContext)
        ob_dereference(file->port.Port);
    file->file.CompletionContext = NULL;
}
