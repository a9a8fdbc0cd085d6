/*
 * Io inside the host. A request's way: an application-side routine in host/io/request.c makes an
 * IRP (irp.c), io_call sends it down, IofCompleteRequest (complete.c) walks it back up and, at the
 * top, io_finish gives the caller its status, Information and data.
 */
#ifndef SYSBUF_HOST_IO_H
#define SYSBUF_HOST_IO_H

#include "host/ob/object.h"

struct io_state {
    struct linux_lock lock; /* attachment chains, device lists, reference counts */
    LIST_ENTRY drivers;     /* struct io_driver.link */
};

/* DRIVER_OBJECT with what the host keeps beside it; the object body. */
struct io_driver {
    DRIVER_OBJECT driver;
    DRIVER_EXTENSION extension;
    LIST_ENTRY link;
    struct loaded_image *image; /* NULL once unloaded */
    LONG64 references; /* devices and open files that keep it from being unloaded */
};

/* Behind a device's own extension; the first fields are those the DDK declares. */
struct io_device_extension {
    CSHORT type;
    USHORT size;
    PDEVICE_OBJECT device;
    PDEVICE_OBJECT attached_to;
    LONG open_count; /* file objects, and opens under way */
    BOOLEAN delete_pending;
    BOOLEAN deleted;
};

static inline struct io_device_extension *io_device_extension_of(PDEVICE_OBJECT device)
{
    return (struct io_device_extension *)device->DeviceObjectExtension;
}

/* FILE_OBJECT with the host's part; the object body. */
struct io_file {
    FILE_OBJECT file;
    ACCESS_MASK granted_access;
};

/* The context of an open, in struct ob_open.context. */
struct io_open {
    ULONG share_access, options, disposition, file_attributes;
    LARGE_INTEGER allocation_size;
    ULONG_PTR information; /* out: FILE_OPENED ... */
};

/* What a request reports, laid out as IO_STATUS_BLOCK. */
struct io_request {
    struct io_file *file; /* referenced by the caller */
    PKEVENT event;        /* referenced object body, or NULL */
    PIO_STATUS_BLOCK status_block;
    UCHAR major;
    ULONG control_code;
    void *input;  /* user addresses */
    ULONG input_length;
    void *output;
    ULONG output_length;
    LARGE_INTEGER offset;
    ULONG key;
};

extern OBJECT_TYPE io_device_type, io_driver_type, io_file_type;

NTSTATUS io_initialize(struct machine *machine);
void io_destroy(struct machine *machine);

/* Opens a path ("\??\Name") for process; PASSIVE_LEVEL, inside the machine. Blocks as the driver
 * does. */
NTSTATUS io_file_open(PCUNICODE_STRING path, ACCESS_MASK access, struct io_open *open,
                      HANDLE *handle);
/* Sends one request; waits for it when the file is synchronous, else may give STATUS_PENDING, and
 * the status block and event follow. The status block is written exactly once unless the request
 * was refused before it reached a driver. */
NTSTATUS io_request_send(struct io_request *request);

/* A zeroed IRP from the machine's pool, freed by IoFreeIrp or at the end of its completion. */
PIRP io_irp_allocate(struct machine *machine, CCHAR stack_size);
/* The end of a request that the host made: copies data out, tells the caller, frees the IRP. */
void io_finish(PIRP irp);
/* A request of the host's own (create, cleanup, close) sent and waited for. */
NTSTATUS io_call_and_wait(PDEVICE_OBJECT device, PIRP irp, ULONG_PTR *information);

PDEVICE_OBJECT io_top_of_stack(PDEVICE_OBJECT device);

/* Drivers (host/io/driver.c): the whole of loading "name.sys" and running its DriverEntry, and of
 * unloading; see include/sysbuf/host.h for what they answer. Inside the machine, System process. */
NTSTATUS io_driver_load(const void *image, SIZE_T size, const char *name, struct io_driver **driver,
                        char *error, SIZE_T error_size);
NTSTATUS io_driver_unload(struct io_driver *driver);

#endif
