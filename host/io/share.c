/* Share access: a record of who has a file open for what, kept by its driver. The driver serialises
 * the calls for one record. */
#include "host/io/io.h"

BOOLEAN NTAPI IoIsFileObjectIgnoringSharing(PFILE_OBJECT file)
{
    const struct io_file_extension *extension = file->FileObjectExtension;
    return extension && extension->ignores_sharing;
}
SB_EXPORT(IoIsFileObjectIgnoringSharing)

/* For a file that was opened in the common way. */
NTSTATUS NTAPI nt_IoSetFileObjectIgnoreSharing(PFILE_OBJECT file)
{
    struct io_file *own = CONTAINING_RECORD(file, struct io_file, file);
    if (file->FileObjectExtension == NULL)
        file->FileObjectExtension = &own->extension;
    own->extension.ignores_sharing = TRUE;
    return STATUS_SUCCESS;
}
SB_EXPORT_AS("IoSetFileObjectIgnoreSharing", nt_IoSetFileObjectIgnoreSharing)

static BOOLEAN conflicts(const SHARE_ACCESS *share, PFILE_OBJECT file)
{
    ULONG open = share->OpenCount;
    if (open == 0)
        return FALSE;
    return (file->ReadAccess && share->SharedRead < open) ||
           (file->WriteAccess && share->SharedWrite < open) ||
           (file->DeleteAccess && share->SharedDelete < open) ||
           (share->Readers && !file->SharedRead) || (share->Writers && !file->SharedWrite) ||
           (share->Deleters && !file->SharedDelete);
}

/* A file that asks for no access to data takes no part. */
static BOOLEAN record_wishes(ACCESS_MASK access, ULONG share, PFILE_OBJECT file)
{
    file->ReadAccess = (access & (FILE_READ_DATA | FILE_EXECUTE)) != 0;
    file->WriteAccess = (access & (FILE_WRITE_DATA | FILE_APPEND_DATA)) != 0;
    file->DeleteAccess = (access & DELETE) != 0;
    BOOLEAN takes_part = file->ReadAccess || file->WriteAccess || file->DeleteAccess;
    file->SharedRead = takes_part && (share & FILE_SHARE_READ);
    file->SharedWrite = takes_part && (share & FILE_SHARE_WRITE);
    file->SharedDelete = takes_part && (share & FILE_SHARE_DELETE);
    return takes_part;
}

static void count(PSHARE_ACCESS share, PFILE_OBJECT file, LONG change)
{
    if (!file->ReadAccess && !file->WriteAccess && !file->DeleteAccess)
        return;
    share->OpenCount += change;
    share->Readers += file->ReadAccess ? change : 0;
    share->Writers += file->WriteAccess ? change : 0;
    share->Deleters += file->DeleteAccess ? change : 0;
    share->SharedRead += file->SharedRead ? change : 0;
    share->SharedWrite += file->SharedWrite ? change : 0;
    share->SharedDelete += file->SharedDelete ? change : 0;
}

NTSTATUS NTAPI IoCheckShareAccess(ACCESS_MASK access, ULONG desired_share, PFILE_OBJECT file,
                                  PSHARE_ACCESS share, BOOLEAN update)
{
    if (!record_wishes(access, desired_share, file))
        return STATUS_SUCCESS;
    if (!IoIsFileObjectIgnoringSharing(file) && conflicts(share, file))
        return STATUS_SHARING_VIOLATION;
    if (update)
        count(share, file, 1);
    return STATUS_SUCCESS;
}
SB_EXPORT(IoCheckShareAccess)

VOID NTAPI IoSetShareAccess(ACCESS_MASK access, ULONG desired_share, PFILE_OBJECT file,
                            PSHARE_ACCESS share)
{
    RtlZeroMemory(share, sizeof(*share));
    record_wishes(access, desired_share, file);
    count(share, file, 1);
}
SB_EXPORT(IoSetShareAccess)

VOID NTAPI IoUpdateShareAccess(PFILE_OBJECT file, PSHARE_ACCESS share)
{
    count(share, file, 1);
}
SB_EXPORT(IoUpdateShareAccess)

VOID NTAPI IoRemoveShareAccess(PFILE_OBJECT file, PSHARE_ACCESS share)
{
    count(share, file, -1);
}
SB_EXPORT(IoRemoveShareAccess)
