/* Completion ports of drivers: ZwCreateIoCompletion and kin, IoSetIoCompletion. */
#include "host/io/io.h"
#include "host/zw/zw.h"

NTSTATUS NTAPI ZwCreateIoCompletion(PHANDLE handle, ACCESS_MASK access,
                                    POBJECT_ATTRIBUTES attributes, ULONG threads);
NTSTATUS NTAPI ZwCreateIoCompletion(PHANDLE handle, ACCESS_MASK access,
                                    POBJECT_ATTRIBUTES attributes, ULONG threads)
{
    void *port;
    NTSTATUS status = io_port_create(current_machine(), &port);
    return NT_SUCCESS(status) ? ob_create_handle(port, attributes, access, KernelMode, handle)
                              : status;
}
SB_EXPORT(ZwCreateIoCompletion)

NTSTATUS NTAPI ZwSetIoCompletion(HANDLE handle, PVOID key, PVOID context, NTSTATUS status,
                                 ULONG_PTR information);
NTSTATUS NTAPI ZwSetIoCompletion(HANDLE handle, PVOID key, PVOID context, NTSTATUS status,
                                 ULONG_PTR information)
{
    void *port;
    NTSTATUS found = zw_reference(handle, &io_port_type, &port);
    if (!NT_SUCCESS(found))
        return found;
    io_port_post(port, key, context, status, information);
    ob_dereference(port);
    return STATUS_SUCCESS;
}
SB_EXPORT(ZwSetIoCompletion)

NTSTATUS NTAPI ZwRemoveIoCompletion(HANDLE handle, PVOID *key, PVOID *context,
                                    PIO_STATUS_BLOCK result, PLARGE_INTEGER timeout);
NTSTATUS NTAPI ZwRemoveIoCompletion(HANDLE handle, PVOID *key, PVOID *context,
                                    PIO_STATUS_BLOCK result, PLARGE_INTEGER timeout)
{
    struct io_packet packet;
    void *port;
    NTSTATUS status = zw_reference(handle, &io_port_type, &port);
    if (!NT_SUCCESS(status))
        return status;
    status = io_port_remove(port, timeout, KernelMode, &packet);
    ob_dereference(port);
    if (status == STATUS_SUCCESS) {
        *key = packet.key;
        *context = packet.context;
        *result = packet.status_block;
    }
    return status;
}
SB_EXPORT(ZwRemoveIoCompletion)

NTSTATUS NTAPI IoSetIoCompletion(PVOID port, PVOID key, PVOID context, NTSTATUS status,
                                 ULONG_PTR information, BOOLEAN charge_quota);
NTSTATUS NTAPI IoSetIoCompletion(PVOID port, PVOID key, PVOID context, NTSTATUS status,
                                 ULONG_PTR information, BOOLEAN charge_quota)
{
    io_port_post(port, key, context, status, information);
    return STATUS_SUCCESS;
}
SB_EXPORT(IoSetIoCompletion)
