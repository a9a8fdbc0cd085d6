/* A filter closes what the drivers below it have opened, before anybody has the file. */
#include "host/io/io.h"
#include "host/ke/bug_codes.h"

VOID NTAPI IoCancelFileOpen(PDEVICE_OBJECT device, PFILE_OBJECT file)
{
    if (file->Flags & FO_HANDLE_CREATED)
        KeBugCheckEx(INVALID_CANCEL_OF_FILE_OPEN, (ULONG_PTR)file, (ULONG_PTR)device, 0, 0);
    file->Flags |= FO_FILE_OPEN_CANCELLED;
    io_file_tell(file, device, IRP_MJ_CLEANUP, 0);
    io_file_tell(file, device, IRP_MJ_CLOSE, IRP_CLOSE_OPERATION);
}
SB_EXPORT(IoCancelFileOpen)
