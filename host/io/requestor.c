/* Who asked: the process and thread behind a request, and the stack a routine runs on. */
#include "host/io/io.h"
#include "host/ke/ke.h"

enum { DEFAULT_SESSION = 1 };

PEPROCESS NTAPI IoThreadToProcess(PETHREAD thread)
{
    return thread->owner;
}
SB_EXPORT(IoThreadToProcess)

PEPROCESS NTAPI IoGetRequestorProcess(PIRP irp)
{
    return irp->Tail.Overlay.Thread ? irp->Tail.Overlay.Thread->owner : NULL;
}
SB_EXPORT(IoGetRequestorProcess)

ULONG NTAPI IoGetRequestorProcessId(PIRP irp)
{
    PEPROCESS process = IoGetRequestorProcess(irp);
    return process ? HandleToULong(process->process_id) : 0;
}
SB_EXPORT(IoGetRequestorProcessId)

/* The System process is in session 0, applications are in session 1. */
NTSTATUS NTAPI IoGetRequestorSessionId(PIRP irp, PULONG session)
{
    PEPROCESS process = IoGetRequestorProcess(irp);
    if (!process) {
        *session = (ULONG)-1;
        return STATUS_UNSUCCESSFUL;
    }
    *session = irp->Tail.Overlay.Thread->is_system ? 0 : DEFAULT_SESSION;
    return STATUS_SUCCESS;
}
SB_EXPORT(IoGetRequestorSessionId)

BOOLEAN NTAPI nt_IoIs32bitProcess(PIRP irp)
{
    PEPROCESS process = irp ? IoGetRequestorProcess(irp) : current_thread()->Tcb.process;
    if (irp && irp->RequestorMode == KernelMode)
        return FALSE;
    return process && process->is_32_bit;
}
SB_EXPORT_AS("IoIs32bitProcess", nt_IoIs32bitProcess)

BOOLEAN NTAPI IoIsSystemThread(PETHREAD thread)
{
    return thread->is_system;
}
SB_EXPORT(IoIsSystemThread)

BOOLEAN NTAPI IoIsOperationSynchronous(PIRP irp)
{
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    BOOLEAN asynchronous_paging =
        (irp->Flags & IRP_PAGING_IO) && !(irp->Flags & IRP_SYNCHRONOUS_PAGING_IO);
    if (asynchronous_paging)
        return FALSE;
    return (file && (file->Flags & FO_SYNCHRONOUS_IO)) || (irp->Flags & IRP_SYNCHRONOUS_API) ||
           (irp->Flags & (IRP_PAGING_IO | IRP_SYNCHRONOUS_PAGING_IO)) ==
               (IRP_PAGING_IO | IRP_SYNCHRONOUS_PAGING_IO);
}
SB_EXPORT(IoIsOperationSynchronous)

/* ---- the stack ---- */
VOID NTAPI IoGetStackLimits(PULONG_PTR low, PULONG_PTR high)
{
    *low = current_thread()->stack_low;
    *high = current_thread()->stack_high;
}
SB_EXPORT(IoGetStackLimits)

ULONG_PTR NTAPI nt_IoGetRemainingStackSize(VOID)
{
    return (ULONG_PTR)__builtin_frame_address(0) - current_thread()->stack_low;
}
SB_EXPORT_AS("IoGetRemainingStackSize", nt_IoGetRemainingStackSize)

ULONG NTAPI IoWithinStackLimits(ULONG_PTR start, SIZE_T size)
{
    PETHREAD thread = current_thread();
    return start >= thread->stack_low && size <= thread->stack_high - start &&
           start <= thread->stack_high;
}
SB_EXPORT(IoWithinStackLimits)

PVOID NTAPI IoGetInitialStack(VOID)
{
    return (PVOID)current_thread()->stack_high;
}
SB_EXPORT(IoGetInitialStack)

/* ---- the request a file system works on for this thread ---- */
PIRP NTAPI IoGetTopLevelIrp(VOID)
{
    return current_thread()->top_level_irp;
}
SB_EXPORT(IoGetTopLevelIrp)

VOID NTAPI IoSetTopLevelIrp(PIRP irp)
{
    current_thread()->top_level_irp = irp;
}
SB_EXPORT(IoSetTopLevelIrp)

/* ---- access a control request's handle has, beyond what its code asks for ---- */
NTSTATUS NTAPI IoValidateDeviceIoControlAccess(PIRP irp, ULONG required)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    if (required & ~(ULONG)(FILE_READ_ACCESS | FILE_WRITE_ACCESS))
        return STATUS_INVALID_PARAMETER;
    if ((stack->MajorFunction != IRP_MJ_DEVICE_CONTROL &&
         stack->MajorFunction != IRP_MJ_FILE_SYSTEM_CONTROL) ||
        irp->RequestorMode == KernelMode)
        return STATUS_SUCCESS;
    BOOLEAN reads = (required & FILE_READ_ACCESS) && !(stack->Flags & SL_READ_ACCESS_GRANTED);
    BOOLEAN writes = (required & FILE_WRITE_ACCESS) && !(stack->Flags & SL_WRITE_ACCESS_GRANTED);
    return reads || writes ? STATUS_ACCESS_DENIED : STATUS_SUCCESS;
}
SB_EXPORT(IoValidateDeviceIoControlAccess)

BOOLEAN NTAPI IoIsWdmVersionAvailable(UCHAR major, UCHAR minor);
#undef IoIsWdmVersionAvailable
/* WDM 6.0, as every Windows since Vista says. */
BOOLEAN NTAPI nt_IoIsWdmVersionAvailable(UCHAR major, UCHAR minor)
{
    return major < 6 || (major == 6 && minor == 0);
}
SB_EXPORT_AS("IoIsWdmVersionAvailable", nt_IoIsWdmVersionAvailable)

PCONFIGURATION_INFORMATION NTAPI IoGetConfigurationInformation(VOID)
{
    return &current_machine()->io->configuration;
}
SB_EXPORT(IoGetConfigurationInformation)

PGENERIC_MAPPING NTAPI IoGetFileObjectGenericMapping(VOID)
{
    return &io_file_type.mapping;
}
SB_EXPORT(IoGetFileObjectGenericMapping)
