/* Opens a key by a name whose length is odd. SEQUENCE: load */
#define HAS_LOAD
#include "defect.h"

static WCHAR text[] = L"\\Registry\\Machine\\System";

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(text);
    OBJECT_ATTRIBUTES attributes;
    HANDLE key;
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    if (DEFECT)
        name.Length--;
    NTSTATUS status = ZwOpenKey(&key, KEY_READ, &attributes); /* MISTAKE: name-malformed */
    if (NT_SUCCESS(status))
        ZwClose(key);
    return STATUS_SUCCESS;
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    return complete(irp, STATUS_SUCCESS, 0);
}
