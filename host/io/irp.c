/* IRPs: allocation and the way down. */
#include "host/io/io.h"
#include "host/ke/ke.h"
#include "host/mm/mm.h"

enum { IRP_TAG = 0x20707249 };

#undef IoSizeOfIrp
static USHORT irp_size(CCHAR stack_size)
{
    return (USHORT)(sizeof(IRP) + (ULONG)stack_size * sizeof(IO_STACK_LOCATION));
}

static void irp_fill(PIRP irp, USHORT size, CCHAR stack_size)
{
    __builtin_memset(irp, 0, size);
    irp->Type = IO_TYPE_IRP;
    irp->Size = size;
    irp->StackCount = stack_size;
    irp->CurrentLocation = (CCHAR)(stack_size + 1);
    irp->Tail.Overlay.CurrentStackLocation =
        (PIO_STACK_LOCATION)(irp + 1) + stack_size;
    InitializeListHead(&irp->ThreadListEntry);
}

PIRP io_irp_allocate(struct machine *machine, CCHAR stack_size)
{
    USHORT size = irp_size(stack_size);
    PIRP irp = mm_pool_allocate(machine, NonPagedPoolNx, size, IRP_TAG);
    if (irp)
        irp_fill(irp, size, stack_size);
    return irp;
}

PIRP NTAPI IoAllocateIrp(CCHAR stack_size, BOOLEAN charge_quota)
{
    return stack_size > 0 ? io_irp_allocate(current_machine(), stack_size) : NULL;
}
SB_EXPORT(IoAllocateIrp)

VOID NTAPI IoInitializeIrp(PIRP irp, USHORT size, CCHAR stack_size)
{
    irp_fill(irp, size, stack_size);
}
SB_EXPORT(IoInitializeIrp)

VOID NTAPI IoFreeIrp(PIRP irp)
{
    struct machine *machine = current_machine();
    if (SB_UNLIKELY(machine->verifier) && machine->verifier->irp_free)
        machine->verifier->irp_free(irp, __builtin_return_address(0));
    irp->Type = 0;
    mm_pool_free(machine, irp);
}
SB_EXPORT(IoFreeIrp)

#undef IoCallDriver
NTSTATUS FASTCALL IofCallDriver(PDEVICE_OBJECT device, PIRP irp)
{
    struct machine *machine = current_machine();
    if (SB_UNLIKELY(--irp->CurrentLocation <= 0))
        KeBugCheckEx(NO_MORE_IRP_STACK_LOCATIONS, (ULONG_PTR)irp, 0, 0, 0);
    PIO_STACK_LOCATION stack = --irp->Tail.Overlay.CurrentStackLocation;
    stack->DeviceObject = device;
    PDRIVER_DISPATCH dispatch = device->DriverObject->MajorFunction[stack->MajorFunction];
    if (SB_LIKELY(!machine->verifier) || !machine->verifier->irp_dispatch)
        return dispatch(device, irp);
    machine->verifier->irp_dispatch(device, irp, FALSE, STATUS_SUCCESS);
    NTSTATUS status = dispatch(device, irp);
    machine->verifier->irp_dispatch(device, irp, TRUE, status);
    return status;
}
SB_EXPORT(IofCallDriver)
SB_EXPORT_AS("IoCallDriver", IofCallDriver)

NTSTATUS io_call_and_wait(PDEVICE_OBJECT device, PIRP irp, ULONG_PTR *information)
{
    IO_STATUS_BLOCK result = {0};
    KEVENT done;
    ke_header_initialize(&done.Header, DISPATCHER_NOTIFICATION_EVENT, sizeof(done), 0);
    irp->UserIosb = &result;
    irp->UserEvent = &done;
    NTSTATUS status = IofCallDriver(device, irp);
    if (status == STATUS_PENDING)
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    *information = result.Information;
    return result.Status;
}
