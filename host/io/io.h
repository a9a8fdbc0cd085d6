/*
 * Io inside the host. A request's way: an application-side routine in host/io/request.c makes an
 * IRP (irp.c), IofCallDriver sends it down, IofCompleteRequest (complete.c) walks it back up and,
 * at the top, io_finish (finish.c) gives the caller its status, Information and data.
 *
 * Lock: io_state.lock (attachment chains, device lists, open counts, share counts, ports); never
 * held while a driver runs. The cancel spin lock is NT's: it is held while cancel routines start.
 */
#ifndef SYSBUF_HOST_IO_H
#define SYSBUF_HOST_IO_H

#include "host/ob/object.h"

struct io_state {
    struct linux_lock lock;
    LIST_ENTRY drivers; /* struct io_driver.link */
    KSPIN_LOCK cancel_lock;
    KSPIN_LOCK queue_lock; /* IoStartPacket's device queues take part in the cancel protocol */
    LIST_ENTRY timers;     /* struct _IO_TIMER.link; timer_lock */
    struct linux_lock timer_lock;
    struct io_timer_clock *timer_clock;
    LIST_ENTRY shutdown[2];                     /* struct io_shutdown.link: first and last chance */
    LIST_ENTRY reinitialize, boot_reinitialize; /* struct io_reinitialize.link */
    LIST_ENTRY interfaces;                      /* struct io_interface.link */
    LIST_ENTRY notifications;                   /* struct io_notification.link */
    LIST_ENTRY interrupts;                      /* struct _KINTERRUPT.link */
    LIST_ENTRY nodes;                           /* struct io_node.link: root-enumerated devices */
    KMUTEX pnp_mutex;           /* changes to the tree of devices come one after the other */
    PDRIVER_OBJECT root_driver; /* owns their physical device objects; NULL until there is one */
    ULONG node_count;
    ULONG generated_names;
    CONFIGURATION_INFORMATION configuration;
    BOOLEAN is_shut_down;
};

/* DRIVER_OBJECT with what the host keeps beside it; the object body. */
struct io_driver {
    DRIVER_OBJECT driver;
    DRIVER_EXTENSION extension;
    LIST_ENTRY link;
    struct loaded_image *image;   /* NULL: made by IoCreateDriver */
    LIST_ENTRY client_extensions; /* struct client_extension.link; io_state.lock */
    ULONG reinitialize_count;
    ULONG unload_started;
    ULONG unload_waits; /* for the end of its devices' use; atomic */
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
    struct io_node *node; /* the physical device object of a root-enumerated device */
    ULONG start_io_flags;
    LONG start_io_count, start_io_key; /* IoSetStartIoAttributes: recursion of StartIo */
    POWER_STATE power_state[2];        /* PoSetPowerState: system, device */
};

static inline struct io_device_extension *io_device_extension_of(PDEVICE_OBJECT device)
{
    return (struct io_device_extension *)device->DeviceObjectExtension;
}

/* What few files have; FILE_OBJECT.FileObjectExtension points at it then. */
struct io_file_extension {
    PDEVICE_OBJECT top; /* its requests go to this device of the stack; NULL: to the top */
    BOOLEAN ignores_sharing;
};

/* FILE_OBJECT with the host's part; the object body. */
struct io_file {
    FILE_OBJECT file;
    IO_COMPLETION_CONTEXT port; /* what file.CompletionContext points at; port referenced */
    ULONG completion_modes;     /* FILE_SKIP_COMPLETION_PORT_ON_SUCCESS ... */
    struct io_file_extension extension;
};

/* The context of an open, in struct ob_open.context. */
struct io_open {
    ULONG share_access, options, disposition, file_attributes;
    LARGE_INTEGER allocation_size;
    void *ea; /* captured, or NULL */
    ULONG ea_length;
    ULONG create_flags;    /* IO_NO_PARAMETER_CHECKING ... */
    PDEVICE_OBJECT hint;   /* a device of the stack that all requests begin at, or NULL */
    PFILE_OBJECT related;  /* referenced by the caller, or NULL */
    ACCESS_MASK granted;   /* out: what the device lets the caller do */
    ULONG_PTR information; /* out: FILE_OPENED ... */
};

/* One read, write or control request on a file. */
struct io_request {
    struct io_file *file; /* referenced by the caller */
    ACCESS_MASK access;   /* of the handle */
    KPROCESSOR_MODE mode; /* whose buffers these are */
    UCHAR major;
    UCHAR minor;
    PKEVENT event; /* referenced by the caller, or NULL */
    PIO_APC_ROUTINE apc_routine;
    PVOID apc_context; /* with a completion port: given back in the packet */
    PIO_STATUS_BLOCK status_block;
    ULONG control_code;
    void *input;
    ULONG input_length;
    void *output;
    ULONG output_length;
    LARGE_INTEGER offset;
    BOOLEAN has_offset; /* else the file's position, where there is one */
    ULONG key;
    BOOLEAN has_key;
    LARGE_INTEGER lock_length; /* IRP_MJ_LOCK_CONTROL */
    UCHAR flags;               /* of its stack location */
};

/* IRP.AllocationFlags: what the host must know of an IRP until its memory goes. Changed under the
 * issuing thread's irps_lock; who completes the request looks without it, so both are atomic. */
enum io_irp_state {
    IO_IRP_PINS = 0x07,      /* cancellers that still look at it, and its APC */
    IO_IRP_CANCELLERS = 6,   /* so many at the same time */
    IO_IRP_HOLDS = 0x08,     /* it holds a reference to its thread, which has ended */
    IO_IRP_FINISHING = 0x10, /* its caller is being told */
    IO_IRP_ABANDONED = 0x20, /* its thread is gone: nobody is told; a thread reference is held */
    IO_IRP_DONE = 0x40,      /* the last pin frees it */
    IO_IRP_QUEUED = 0x80,    /* in its thread's list */
};
static inline UCHAR io_irp_state(const IRP *irp)
{
    return __atomic_load_n(&irp->AllocationFlags, __ATOMIC_RELAXED);
}

static inline void io_irp_set_state(PIRP irp, ULONG state)
{
    __atomic_store_n(&irp->AllocationFlags, (UCHAR)state, __ATOMIC_RELAXED);
}

/* IRP.ApcEnvironment, unused by drivers: a synchronous file's request has no reference of its own
 * to the file, which its sender holds, until it is given up. */
enum { IO_IRP_BORROWS_FILE = 1 };

/* Around what looks at a thread's list of requests; mostly the thread itself. A leaf. */
static inline void io_irps_lock(PETHREAD thread)
{
    linux_own_lock(&thread->irps_lock, thread == current_thread());
}

static inline void io_irps_unlock(PETHREAD thread)
{
    linux_own_unlock(&thread->irps_lock, thread == current_thread());
}

/* The thread gives the request up; irps_lock is held. */
static inline void io_irp_abandon(PIRP irp, PETHREAD thread)
{
    io_irp_set_state(irp, io_irp_state(irp) | IO_IRP_ABANDONED);
    ob_reference(thread);
    if (irp->ApcEnvironment == IO_IRP_BORROWS_FILE) {
        irp->ApcEnvironment = 0;
        ob_reference(irp->Tail.Overlay.OriginalFileObject);
    }
}

extern OBJECT_TYPE io_device_type, io_driver_type, io_file_type, io_port_type, io_controller_type;

NTSTATUS io_initialize(struct machine *machine);
void io_destroy(struct machine *machine);

/* ---- files ---- */
/* Opens what attributes name; PASSIVE_LEVEL, inside the machine. Blocks as the driver does. mode
 * says whose the request is: a user's is checked against the device's security. */
NTSTATUS io_file_open(POBJECT_ATTRIBUTES attributes, ACCESS_MASK access, KPROCESSOR_MODE mode,
                      struct io_open *open, HANDLE *handle);
/* Sends one request; waits for it when the file is synchronous, else may give STATUS_PENDING, and
 * the status block, event and packet follow. The status block is written exactly once, before
 * anyone is told, unless the request was refused before it reached a driver. */
NTSTATUS io_request_send(struct io_request *request);
/* NtFlushBuffersFile, and the like that only carry a major function. */
NTSTATUS io_file_flush(struct io_file *file, KPROCESSOR_MODE mode, PIO_STATUS_BLOCK status_block);
/* NtQueryInformationFile and NtSetInformationFile on a buffer that is safe to touch. */
NTSTATUS io_file_query(struct io_file *file, ACCESS_MASK access, FILE_INFORMATION_CLASS class,
                       void *buffer, ULONG length, PIO_STATUS_BLOCK status_block);
NTSTATUS io_file_set(struct io_file *file, ACCESS_MASK access, FILE_INFORMATION_CLASS class,
                     void *buffer, ULONG length, KPROCESSOR_MODE mode,
                     PIO_STATUS_BLOCK status_block);
/* Enters or leaves the file: requests on a synchronous file object go one at a time. FALSE: the
 * thread is ending. */
BOOLEAN io_file_enter(PFILE_OBJECT file);
void io_file_leave(PFILE_OBJECT file);
/* IRP_MJ_CLEANUP or IRP_MJ_CLOSE to a device of the file's stack; cannot fail. */
void io_file_tell(PFILE_OBJECT file, PDEVICE_OBJECT device, UCHAR major, ULONG flags);
/* Waits for a synchronous file's request that pends: its event tells the end. */
NTSTATUS io_file_wait(PFILE_OBJECT file);

/* ---- requests of the host's own ---- */
/* A zeroed IRP from the machine's pool, freed by IoFreeIrp or at the end of its completion. */
PIRP io_irp_allocate(struct machine *machine, CCHAR stack_size);
/* The same for requests that as a rule have no system buffer. */
PIRP io_irp_allocate_bare(struct machine *machine, CCHAR stack_size);
/* An IRP for a file's device stack, with major function and file object set. */
PIRP io_file_irp(PFILE_OBJECT file, UCHAR major, PDEVICE_OBJECT *device);
/* IRP_MJ_QUERY_INFORMATION or IRP_MJ_SET_INFORMATION for a file's driver, with a system buffer that
 * holds the caller's; given back on success. The file is not entered. */
NTSTATUS io_ask_driver(struct io_file *file, UCHAR major, FILE_INFORMATION_CLASS class,
                       void *buffer, ULONG length, ULONG_PTR *information);
/* A file's full name, in a new pool buffer. PASSIVE_LEVEL. */
NTSTATUS io_file_name_of(void *file, UNICODE_STRING *name);
/* Sends an IRP with IRP_SYNCHRONOUS_API and waits; gives its final status and Information. */
NTSTATUS io_call_and_wait(PDEVICE_OBJECT device, PIRP irp, ULONG_PTR *information);
/* Sends a PnP or power IRP (major, parameters and STATUS_NOT_SUPPORTED filled in by fill) to the
 * top of the device's stack and waits. */
NTSTATUS io_send_minor(PDEVICE_OBJECT device, UCHAR major, UCHAR minor,
                       void (*fill)(PIO_STACK_LOCATION stack, void *context), void *context,
                       ULONG_PTR *information);

/* The same to the device itself, past who is attached to it. */
NTSTATUS io_send_bottom_minor(PDEVICE_OBJECT device, UCHAR major, UCHAR minor,
                              void (*fill)(PIO_STACK_LOCATION stack, void *context), void *context,
                              ULONG_PTR *information);

/* ---- completion and cancellation ---- */
/* The end of a request that the host made: copies data out, tells the caller, frees the IRP. */
void io_finish(PIRP irp);
/* The IRP stands in its thread's list, where cancellation finds it, until it is finished. */
void io_thread_join(PIRP irp, PETHREAD thread);
/* One pin less; the last frees a request that is done. */
void io_irp_unpin(PIRP irp, PETHREAD thread);
/* Cancels the current process's requests on file (status_block NULL: all, else that one), of one
 * thread or of all (NULL). Returns how many were found. */
ULONG io_cancel_file(struct _EPROCESS *process, PETHREAD thread, PFILE_OBJECT file,
                     PIO_STATUS_BLOCK status_block);
/* Cancels requests that threads of the process wait for. Returns how many. */
ULONG io_cancel_process_synchronous(struct _EPROCESS *process);
/* The thread ends: its requests are cancelled and awaited; those no driver lets go of are reported
 * in the log and abandoned after a few seconds. Any thread. */
void io_thread_rundown(PETHREAD thread);
/* The Linux thread behind an application's thread ends: its requests are cancelled; what completes
 * later is still told. Does not wait. */
void io_thread_orphan(PETHREAD thread);
/* Frees MDLs and the system buffer a request was given. */
void io_release_buffers(PIRP irp);

/* ---- completion ports ---- */
NTSTATUS io_port_create(struct machine *machine, void **port);
/* Queues a packet; cannot fail. Any IRQL. */
void io_port_post(void *port, PVOID key, PVOID context, NTSTATUS status, ULONG_PTR information);
struct io_packet {
    LIST_ENTRY link;
    PVOID key, context;
    IO_STATUS_BLOCK status_block;
};
/* Takes the oldest packet; STATUS_TIMEOUT. */
NTSTATUS io_port_remove(void *port, PLARGE_INTEGER timeout, KPROCESSOR_MODE mode,
                        struct io_packet *packet);
void io_file_drop_port(struct io_file *file);

/* ---- devices ---- */
PDEVICE_OBJECT io_top_of_stack(PDEVICE_OBJECT device);
/* One reference less that keeps the device from going. */
void io_device_closed(PDEVICE_OBJECT device);
NTSTATUS io_device_parse(void *object, PUNICODE_STRING rest, struct ob_open *open, void **found);
NTSTATUS io_file_parse(void *object, PUNICODE_STRING rest, struct ob_open *open, void **found);
/* The driver answered a create of rest with STATUS_REPARSE: where to begin again. STATUS_REPARSE
 * with *target in pool, or an error. */
NTSTATUS io_reparse(PFILE_OBJECT file, PUNICODE_STRING rest, ULONG_PTR information,
                    UNICODE_STRING *target);
/* A device goes: what the host keeps for it in lists. */
void io_forget_device(PDEVICE_OBJECT device);
NTSTATUS io_timer_initialize(struct machine *machine);

/* ---- drivers (host/io/driver.c) ---- */
/* The whole of loading "name.sys" and running its DriverEntry, and of unloading; see
 * include/sysbuf/host.h for what they answer. Inside the machine, System process. */
struct io_library_source;
/* source (may be NULL): where modules that it imports from are, unless they are loaded already. */
NTSTATUS io_driver_load(const void *image, SIZE_T size, const char *name,
                        const struct io_library_source *source, struct io_driver **driver,
                        char *error, SIZE_T error_size);
NTSTATUS io_driver_unload(struct io_driver *driver);
/* ZwUnloadDriver: a driver in use goes when it is used no more. */
NTSTATUS io_driver_unload_when_unused(struct io_driver *driver);
/* A file on a device of the driver was closed, or a device above went. Any IRQL <= DISPATCH. */
void io_driver_released(PDRIVER_OBJECT driver);
/* The driver should have undone all that it did: the verifier looks. */
void io_driver_check_gone(struct machine *machine, struct io_driver *driver, NTSTATUS status);
/* A driver object with every routine set to the one that refuses; in the namespace as name. */
NTSTATUS io_driver_create(struct machine *machine, PCUNICODE_STRING name,
                          struct loaded_image *image, struct io_driver **created);
void io_driver_drop(struct io_driver *driver);
/* Where a driver's image lies: its service key's ImagePath, or the usual place; relative ones start
 * at \SystemRoot. path has room for IO_PATH_BYTES. PASSIVE_LEVEL. */
enum { IO_PATH_BYTES = 520 };
NTSTATUS io_image_path(PCUNICODE_STRING key, PCUNICODE_STRING service, UNICODE_STRING *path);
void io_run_reinitialize(struct io_driver *driver);
/* The index-th path by which applications open a device of the driver, UTF-8, terminated. The
 * driver must not load, unload or make devices meanwhile. PASSIVE_LEVEL. */
BOOLEAN io_driver_path(struct io_driver *driver, ULONG index, char *path, SIZE_T size);

/* ---- the machine's end of the day, root-enumerated devices ---- */
/* Sends IRP_MJ_SHUTDOWN to who asked for it. PASSIVE_LEVEL. */
void io_shutdown(struct machine *machine);

struct io_node;
enum io_device_action {
    IO_DEVICE_START,
    IO_DEVICE_QUERY_STOP,
    IO_DEVICE_CANCEL_STOP,
    IO_DEVICE_STOP,
    IO_DEVICE_QUERY_REMOVE,
    IO_DEVICE_CANCEL_REMOVE,
    IO_DEVICE_REMOVE,
    IO_DEVICE_SURPRISE_REMOVE,
    IO_DEVICE_SLEEP, /* IRP_MN_QUERY_POWER and IRP_MN_SET_POWER to D3 */
    IO_DEVICE_WAKE,  /* IRP_MN_SET_POWER to D0 */
};
/* A device below the root bus with that hardware id, offered to the driver's AddDevice and
 * started. */
NTSTATUS io_node_add(struct io_driver *driver, PCUNICODE_STRING hardware_id, struct io_node **node);
/* What the PnP or power manager would send; after IO_DEVICE_REMOVE the node is gone. */
NTSTATUS io_node_act(struct io_node *node, enum io_device_action action);

#endif
