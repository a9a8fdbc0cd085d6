/*
 * The life of an open. FsContext of its file object is ours: the open's context, if the driver
 * asked for one. FsContext2 marks an open that succeeded. NT sends CLOSE exactly for those; Wine 8
 * lets a refused open happen and sends it calls and a CLOSE, which must find nothing to work on.
 */
#include "internal.h"

#include <sysbuf/ring_driver.h>

BOOLEAN sb_is_open(const struct sb_driver *driver, PFILE_OBJECT file)
{
    return file->FsContext2 == driver;
}

void *sb_open_context(const struct sb_driver *driver, PFILE_OBJECT file)
{
    return driver->open_context_size == 0 || file == NULL ? NULL : file->FsContext;
}

/*
 * A device without a namespace of its own has one name. Accepting \Device\Name\anything would let
 * two names mean one object ("Controlling Device Namespace Access"). And the I/O manager does not
 * count opens relative to an open handle against an exclusive device ("Specifying Exclusive Access
 * to Device Objects"), so those end here.
 */
static NTSTATUS check_name(const struct sb_driver *driver, PFILE_OBJECT file)
{
    if (file == NULL)
        return STATUS_INVALID_PARAMETER;
    if (file->FileName.Length != 0)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (driver->exclusive && file->RelatedFileObject != NULL)
        return STATUS_ACCESS_DENIED;
    return STATUS_SUCCESS;
}

static NTSTATUS open(const struct sb_driver *driver, PFILE_OBJECT file)
{
    struct sb_open opened = {NULL, (uint32_t)(ULONG_PTR)PsGetCurrentProcessId()};
    NTSTATUS status = STATUS_SUCCESS;

    if (driver->open_context_size != 0) {
        opened.context = sb_allocate(driver, driver->open_context_size);
        if (opened.context == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        RtlZeroMemory(opened.context, driver->open_context_size);
    }
    if (driver->create != NULL)
        status = driver->create(&opened);
    if (NT_SUCCESS(status)) {
        file->FsContext = opened.context;
        file->FsContext2 = (void *)(ULONG_PTR)driver;
        return STATUS_SUCCESS;
    }
    if (opened.context != NULL)
        sb_free(driver, opened.context);
    return status;
}

NTSTATUS NTAPI sb_dispatch_create(PDEVICE_OBJECT device, PIRP irp)
{
    const struct sb_driver *driver = sb_device_driver(device);
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    NTSTATUS status;

    status = check_name(driver, file);
    if (NT_SUCCESS(status))
        status = open(driver, file);
    return sb_complete(irp, status, 0);
}

/* The open's ring ends with its last handle; or at CLOSE, where no CLEANUP has come or the ring was
   still being opened then. */
static void end_ring(PDEVICE_OBJECT device, PFILE_OBJECT file)
{
    const struct sb_ring_service *service = sb_device_driver(device)->ring;

    if (service != NULL && file != NULL)
        service->channel->file_has_gone(device->DeviceExtension, file);
}

NTSTATUS NTAPI sb_dispatch_cleanup(PDEVICE_OBJECT device, PIRP irp)
{
    end_ring(device, IoGetCurrentIrpStackLocation(irp)->FileObject);
    return sb_complete(irp, STATUS_SUCCESS, 0);
}

NTSTATUS NTAPI sb_dispatch_close(PDEVICE_OBJECT device, PIRP irp)
{
    const struct sb_driver *driver = sb_device_driver(device);
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    void *context = sb_open_context(driver, file);

    if (file == NULL || !sb_is_open(driver, file))
        return sb_complete(irp, STATUS_SUCCESS, 0);
    end_ring(device, file);
    file->FsContext2 = NULL;
    if (driver->close != NULL)
        driver->close(context);
    if (context != NULL) {
        file->FsContext = NULL;
        sb_free(driver, context);
    }
    return sb_complete(irp, STATUS_SUCCESS, 0);
}
