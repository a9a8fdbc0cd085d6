/*
 * What the files of the driver library share. A request's way through them:
 *
 *   description  is the table sound?            (once, at the start)
 *   device       device, link, start and undo   (once)
 *   security     the device's own DACL          (once)
 *   open         CREATE, CLEANUP, CLOSE
 *   dispatch     DEVICE_CONTROL: find the row, check, call the handler, complete
 *   socket       the same commands over TCP (socket_internal.h)
 *   log          the debug output
 */
#ifndef SYSBUF_DRIVER_INTERNAL_H
#define SYSBUF_DRIVER_INTERNAL_H

#include <sysbuf/driver.h>

/* The device extension. */
struct sb_device {
    const struct sb_driver *driver;
    void *socket; /* state of the socket channel, NULL: off */
};

/* What a description's socket field points to; so a driver without sockets has none of their code.
   start reads the driver's parameters; *state is NULL where they ask for no socket. From then on
   the device's dispatch routines are called. stop ends all connections (state may be NULL). Both at
   PASSIVE_LEVEL. */
struct sb_socket_channel {
    NTSTATUS (*start)(PDEVICE_OBJECT device, PUNICODE_STRING registry_path, void **state);
    void (*stop)(void *state);
};

static inline const struct sb_driver *sb_device_driver(PDEVICE_OBJECT device)
{
    return ((struct sb_device *)device->DeviceExtension)->driver;
}

/* Completes an IRP of ours with its final status and returns that status. IRQL <= DISPATCH. */
static inline NTSTATUS sb_complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

/* Nonpaged memory that cannot be executed, not zeroed; NULL if there is none. IRQL <= DISPATCH.
   Free with ExFreePoolWithTag and the same tag. */
_IRQL_requires_max_(DISPATCH_LEVEL) void *sb_allocate(_In_ const struct sb_driver *driver,
                                                      size_t length);
_IRQL_requires_max_(DISPATCH_LEVEL) void sb_free(_In_ const struct sb_driver *driver,
                                                 _In_ void *memory);

/* STATUS_SUCCESS, or STATUS_INVALID_PARAMETER after a log line that names the mistake. */
NTSTATUS sb_description_check(const struct sb_driver *driver);

/* Gives the device the DACL of its access level. PASSIVE_LEVEL. */
_IRQL_requires_(PASSIVE_LEVEL) NTSTATUS
    sb_device_protect(_In_ PDEVICE_OBJECT device, enum sb_access_level level);

/* Has this file object been opened with success, and not closed? */
BOOLEAN sb_is_open(const struct sb_driver *driver, PFILE_OBJECT file);

/* The open's context of a file object; NULL where the driver has none. */
void *sb_open_context(const struct sb_driver *driver, PFILE_OBJECT file);

DRIVER_DISPATCH sb_dispatch_create;
DRIVER_DISPATCH sb_dispatch_cleanup;
DRIVER_DISPATCH sb_dispatch_close;
DRIVER_DISPATCH sb_dispatch_refuse;
DRIVER_DISPATCH sb_dispatch_device_control;

#endif
