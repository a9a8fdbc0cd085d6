/* Controller objects: one piece of hardware that several devices take turns on. */
#include "host/io/io.h"
#include "host/ke/ke.h"

OBJECT_TYPE io_controller_type = {.name = RTL_CONSTANT_STRING(L"Controller"),
                                  .valid_access = STANDARD_RIGHTS_ALL};

PCONTROLLER_OBJECT NTAPI IoCreateController(ULONG size)
{
    PCONTROLLER_OBJECT controller;
    if (!NT_SUCCESS(ob_allocate(current_machine(), &io_controller_type,
                                sizeof(*controller) + (SIZE_T)size, (void **)&controller)))
        return NULL;
    controller->Type = IO_TYPE_CONTROLLER;
    controller->Size = (CSHORT)(sizeof(*controller) + size);
    controller->ControllerExtension = controller + 1;
    KeInitializeDeviceQueue(&controller->DeviceWaitQueue);
    return controller;
}
SB_EXPORT(IoCreateController)

VOID NTAPI IoDeleteController(PCONTROLLER_OBJECT controller)
{
    ob_dereference(controller);
}
SB_EXPORT(IoDeleteController)

/* Runs the routine now, or when those before have let go. DISPATCH_LEVEL. */
VOID NTAPI IoAllocateController(PCONTROLLER_OBJECT controller, PDEVICE_OBJECT device,
                                PDRIVER_CONTROL routine, PVOID context)
{
    device->Queue.Wcb.DeviceRoutine = routine;
    device->Queue.Wcb.DeviceContext = context;
    device->Queue.Wcb.CurrentIrp = device->CurrentIrp;
    device->Queue.Wcb.DeviceObject = device;
    if (KeInsertDeviceQueue(&controller->DeviceWaitQueue, &device->Queue.Wcb.WaitQueueEntry))
        return;
    if (routine(device, device->CurrentIrp, controller->ControllerExtension, context) ==
        DeallocateObject)
        IoFreeController(controller);
}
SB_EXPORT(IoAllocateController)

VOID NTAPI IoFreeController(PCONTROLLER_OBJECT controller)
{
    IO_ALLOCATION_ACTION action = DeallocateObject;
    PKDEVICE_QUEUE_ENTRY entry;
    while (action == DeallocateObject &&
           (entry = KeRemoveDeviceQueue(&controller->DeviceWaitQueue)) != NULL) {
        PWAIT_CONTEXT_BLOCK waiting = CONTAINING_RECORD(entry, WAIT_CONTEXT_BLOCK, WaitQueueEntry);
        PDEVICE_OBJECT device = waiting->DeviceObject;
        action = waiting->DeviceRoutine(device, waiting->CurrentIrp,
                                        controller->ControllerExtension, waiting->DeviceContext);
    }
}
SB_EXPORT(IoFreeController)
