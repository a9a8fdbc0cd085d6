/* Leaves a callback routine registered. SEQUENCE: load */
#define HAS_LOAD
#define HAS_UNLOAD
#include "defect.h"

static PCALLBACK_OBJECT object;
static PVOID registration;

static VOID NTAPI notify(PVOID context, PVOID one, PVOID two)
{
}

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, NULL, 0, NULL, NULL);
    NTSTATUS status = ExCreateCallback(&object, &attributes, TRUE, TRUE);
    if (!NT_SUCCESS(status))
        return status;
    registration = ExRegisterCallback(object, notify, NULL); /* MISTAKE: callback-left-at-unload */
    return STATUS_SUCCESS;
}

static void unload(PDRIVER_OBJECT driver)
{
    if (!DEFECT)
        ExUnregisterCallback(registration);
    ObDereferenceObject(object);
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
