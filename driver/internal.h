/*
 * What the files of the driver library share. A request's way through them:
 *
 *   description  is the table sound?            (once, at the start)
 *   device       device, link, start and undo   (once)
 *   security     the device's own DACL          (once)
 *   open         CREATE, CLEANUP, CLOSE
 *   dispatch     DEVICE_CONTROL: find the row, check, call the handler, complete
 *   ring*        the shared rings, see ring.h: only in drivers that have them
 *   log          the debug output
 */
#ifndef SYSBUF_DRIVER_INTERNAL_H
#define SYSBUF_DRIVER_INTERNAL_H

#include <sysbuf/driver.h>

/* The device's shared rings; see ring.h. */
struct sb_ring_list {
    KSPIN_LOCK lock;
    LIST_ENTRY rings;
    uint32_t count;
};

/* The device extension. */
struct sb_device {
    const struct sb_driver *driver;
    struct sb_ring_list rings;
};

/* What the shared rings are to the rest of the library: a driver without them links none of it. */
struct sb_ring_channel {
    const struct sb_command *commands; /* served besides the driver's own table */
    size_t command_count;
    /* NULL, or what is wrong with a driver's service. */
    const char *(*check)(const struct sb_ring_service *service);
    /* At CLEANUP and again at CLOSE, which is all that Wine 8 sends. PASSIVE_LEVEL; waits for the
       handler that runs. */
    void (*file_has_gone)(struct sb_device *device, PFILE_OBJECT file);
    /* Before the driver's unload(). PASSIVE_LEVEL; waits likewise. */
    void (*driver_unloads)(struct sb_device *device);
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

/* A call that no IRP carries: finds the row of a buffered command, checks the lengths, clears the
   output and calls the handler. Input and output must not overlap; output has room for the input
   too (SB_IN_PLACE). The final status; reply_length is right. PASSIVE_LEVEL. */
_IRQL_requires_(PASSIVE_LEVEL) NTSTATUS sb_dispatch_call(struct sb_call *call, uint32_t code);

/* The handler's claim about its reply, made true: the status that counts. */
NTSTATUS sb_settle(struct sb_call *call, NTSTATUS status);

DRIVER_DISPATCH sb_dispatch_create;
DRIVER_DISPATCH sb_dispatch_cleanup;
DRIVER_DISPATCH sb_dispatch_close;
DRIVER_DISPATCH sb_dispatch_refuse;
DRIVER_DISPATCH sb_dispatch_device_control;

#endif
