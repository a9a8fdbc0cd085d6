/* PoRequestPowerIrp: a power IRP of the system's, sent to the top of the device's stack. */
#include "host/io/io.h"
#include "host/po/po.h"

enum { POWER_TAG = 0x72496F50 };

struct power_call {
    PDEVICE_OBJECT device, top; /* referenced */
    UCHAR minor;
    POWER_STATE state;
    PREQUEST_POWER_COMPLETE routine;
    PVOID context;
};

/* The requester's routine may look at the IRP until it returns. */
static NTSTATUS NTAPI completed(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct power_call *call = context;
    if (call->routine)
        call->routine(call->device, call->minor, call->state, call->context, &irp->IoStatus);
    IoFreeIrp(irp);
    ob_dereference(call->top);
    ob_dereference(call->device);
    ExFreePoolWithTag(call, POWER_TAG);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void describe(PIO_STACK_LOCATION stack, const struct power_call *call)
{
    stack->MajorFunction = IRP_MJ_POWER;
    stack->MinorFunction = call->minor;
    if (call->minor == IRP_MN_WAIT_WAKE) {
        stack->Parameters.WaitWake.PowerState = call->state.SystemState;
    } else {
        stack->Parameters.Power.Type = DevicePowerState;
        stack->Parameters.Power.State = call->state;
        stack->Parameters.Power.ShutdownType = PowerActionNone;
    }
}

NTSTATUS NTAPI PoRequestPowerIrp(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state,
                                 PREQUEST_POWER_COMPLETE routine, PVOID context, PIRP *sent)
{
    if (minor != IRP_MN_SET_POWER && minor != IRP_MN_QUERY_POWER && minor != IRP_MN_WAIT_WAKE)
        return STATUS_INVALID_PARAMETER_2;
    struct power_call *call = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*call), POWER_TAG);
    if (!call)
        return STATUS_INSUFFICIENT_RESOURCES;
    PDEVICE_OBJECT top = IoGetAttachedDeviceReference(device);
    PIRP irp = IoAllocateIrp(top->StackSize, FALSE);
    if (!irp) {
        ob_dereference(top);
        ExFreePoolWithTag(call, POWER_TAG);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *call = (struct power_call){device, top, minor, state, routine, context};
    ob_reference(device);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    describe(IoGetNextIrpStackLocation(irp), call);
    IoSetCompletionRoutine(irp, completed, call, TRUE, TRUE, TRUE);
    if (sent && minor == IRP_MN_WAIT_WAKE)
        *sent = irp;
    IofCallDriver(top, irp);
    return STATUS_PENDING;
}
SB_EXPORT(PoRequestPowerIrp)
