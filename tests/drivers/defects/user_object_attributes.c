/* Hands a name in user memory to a Zw routine, which believes kernel code. */
/* COMPILER: clang */
/* CALLS: neither */
#include "defect.h"

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    OBJECT_ATTRIBUTES local, *attributes = DEFECT ? irp->UserBuffer : &local;
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\NoSuch");
    OBJECT_ATTRIBUTES filled;
    NTSTATUS status = STATUS_SUCCESS;
    HANDLE handle;
    InitializeObjectAttributes(&filled, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    __try {
        ProbeForWrite(irp->UserBuffer, sizeof *attributes, 8);
        RtlCopyMemory(attributes, &filled, sizeof filled);
        status = ZwOpenDirectoryObject(&handle, /* MISTAKE: user-memory-to-zw-routine */
                                       DIRECTORY_QUERY, attributes);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return complete(irp, status, 0);
}
