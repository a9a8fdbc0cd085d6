/* Power requests that drivers make, and the states they report. */
#include "host/io/io.h"
#include "host/ke/ke.h"
#include "host/mm/mm.h"

enum { POWER_TAG = 0x6F507749 };

POWER_STATE NTAPI PoSetPowerState(PDEVICE_OBJECT device, POWER_STATE_TYPE type, POWER_STATE state)
{
    struct io_device_extension *extension = io_device_extension_of(device);
    POWER_STATE before; /* other threads may report at the same time */
    __atomic_exchange(&extension->power_state[type == DevicePowerState], &state, &before,
                      __ATOMIC_ACQ_REL);
    return before;
}
SB_EXPORT(PoSetPowerState)

/* Since Vista the power manager needs no word from drivers to send the next request. */
VOID NTAPI PoStartNextPowerIrp(PIRP irp)
{
    (void)irp;
}
SB_EXPORT(PoStartNextPowerIrp)

struct power_request {
    PDEVICE_OBJECT device, top; /* both referenced */
    UCHAR minor;
    POWER_STATE state;
    PREQUEST_POWER_COMPLETE routine;
    PVOID context;
};

static NTSTATUS NTAPI power_done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct power_request request = *(struct power_request *)context;
    IO_STATUS_BLOCK result = irp->IoStatus;
    mm_pool_free(current_machine(), context);
    if (request.routine)
        request.routine(request.device, request.minor, request.state, request.context, &result);
    IoFreeIrp(irp);
    ob_dereference(request.top);
    ob_dereference(request.device);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static PIRP make_power_irp(struct power_request *request)
{
    PIRP irp = IoAllocateIrp(request->top->StackSize, FALSE);
    if (!irp)
        return NULL;
    PIO_STACK_LOCATION stack = IoGetNextIrpStackLocation(irp);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    stack->MajorFunction = IRP_MJ_POWER;
    stack->MinorFunction = request->minor;
    if (request->minor == IRP_MN_WAIT_WAKE) {
        stack->Parameters.WaitWake.PowerState = request->state.SystemState;
    } else {
        stack->Parameters.Power.Type = DevicePowerState;
        stack->Parameters.Power.State = request->state;
    }
    IoSetCompletionRoutine(irp, power_done, request, TRUE, TRUE, TRUE);
    return irp;
}

NTSTATUS NTAPI PoRequestPowerIrp(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state,
                                 PREQUEST_POWER_COMPLETE routine, PVOID context, PIRP *sent)
{
    if (minor != IRP_MN_SET_POWER && minor != IRP_MN_QUERY_POWER && minor != IRP_MN_WAIT_WAKE)
        return STATUS_INVALID_PARAMETER_2;
    struct power_request *request =
        mm_pool_allocate_zero(current_machine(), sizeof(*request), POWER_TAG);
    if (!request)
        return STATUS_INSUFFICIENT_RESOURCES;
    ob_reference(device);
    *request = (struct power_request){
        device, IoGetAttachedDeviceReference(device), minor, state, routine, context};
    PDEVICE_OBJECT top = request->top;
    PIRP irp = make_power_irp(request);
    if (!irp) {
        ob_dereference(top);
        ob_dereference(device);
        mm_pool_free(current_machine(), request);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (sent)
        *sent = irp;
    IofCallDriver(top, irp);
    return STATUS_PENDING;
}
SB_EXPORT(PoRequestPowerIrp)
