/* How urgent a request is, and where a file comes from: bits of IRPs and file objects. */
#include "host/io/io.h"
#include "host/ke/ke.h"

/* IRP.Flags: the hint plus one; 0: none was given. */
enum { PRIORITY_SHIFT = 17, PRIORITY_MASK = 7 << PRIORITY_SHIFT };

IO_PRIORITY_HINT NTAPI IoGetIoPriorityHint(PIRP irp)
{
    ULONG hint = (irp->Flags & PRIORITY_MASK) >> PRIORITY_SHIFT;
    return hint ? (IO_PRIORITY_HINT)(hint - 1) : IoPriorityNormal;
}
SB_EXPORT(IoGetIoPriorityHint)

/* IoPriorityCritical is the memory manager's alone. */
NTSTATUS NTAPI IoSetIoPriorityHint(PIRP irp, IO_PRIORITY_HINT hint)
{
    if ((ULONG)hint >= IoPriorityCritical)
        return STATUS_INVALID_PARAMETER;
    irp->Flags = (irp->Flags & ~(ULONG)PRIORITY_MASK) | ((ULONG)hint + 1) << PRIORITY_SHIFT;
    return STATUS_SUCCESS;
}
SB_EXPORT(IoSetIoPriorityHint)

IO_PAGING_PRIORITY FASTCALL IoGetPagingIoPriority(PIRP irp)
{
    return irp->Flags & IRP_PAGING_IO ? IoPagingPriorityNormal : IoPagingPriorityInvalid;
}
SB_EXPORT(IoGetPagingIoPriority)

BOOLEAN NTAPI IoIsFileOriginRemote(PFILE_OBJECT file)
{
    return (file->Flags & FO_REMOTE_ORIGIN) != 0;
}
SB_EXPORT(IoIsFileOriginRemote)

NTSTATUS NTAPI IoSetFileOrigin(PFILE_OBJECT file, BOOLEAN is_remote)
{
    if (IoIsFileOriginRemote(file) == (is_remote != 0))
        return STATUS_INVALID_PARAMETER_MIX;
    if (is_remote)
        file->Flags |= FO_REMOTE_ORIGIN;
    else
        file->Flags &= ~(ULONG)FO_REMOTE_ORIGIN;
    return STATUS_SUCCESS;
}
SB_EXPORT(IoSetFileOrigin)

NTSTATUS NTAPI IoCheckDesiredAccess(PACCESS_MASK desired, ACCESS_MASK granted)
{
    RtlMapGenericMask(desired, &io_file_type.mapping);
    return *desired & ~granted ? STATUS_ACCESS_DENIED : STATUS_SUCCESS;
}
SB_EXPORT(IoCheckDesiredAccess)
