/*
 * The host: a Windows NT kernel in a Linux process, enough of one to load a driver's .sys file and
 * to make an application's system calls on it.
 *
 * A machine is one running NT. Any number may exist at once; nothing passes from one to another.
 * Functions that return sb_status answer with an NTSTATUS: negative means failure. Every function
 * may be called from any thread unless it says otherwise; calls that reach a driver block as long
 * as the driver does. After a bug check every call on the machine answers
 * SB_STATUS_MACHINE_STOPPED; the process and other machines go on. Failed calls leave their outputs
 * untouched.
 *
 * The program must leave SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGTRAP to the host or chain to it;
 * faults outside the machine go to whoever had the signal before. It should be position independent
 * (the default): the heap of one that is not may lie among the addresses that applications have in
 * the machine, where it takes room away and where a driver's stray pointer could reach it.
 */
#ifndef SYSBUF_HOST_H
#define SYSBUF_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SB_HOST_API __attribute__((visibility("default")))

typedef int32_t sb_status;
#define SB_STATUS_MACHINE_STOPPED ((sb_status)0xE0530001)
#define SB_STATUS_PENDING         ((sb_status)0x00000103)

typedef uint64_t sb_handle; /* an NT handle value of one process; 0 is none */

struct sb_machine;
struct sb_schedule;
struct sb_comparison;
struct sb_process;
struct sb_driver;

/* Takes the fault signals again after something else in the process (a test framework, a crash
 * reporter) installed handlers of its own; those still get what is not the host's. Creating a
 * machine does it too. STATUS_NOT_SUPPORTED: Linux refuses. */
SB_HOST_API sb_status sb_host_claim_faults(void);

/* ---- machine ---- */
struct sb_machine_options {
    uint32_t processors;        /* 1 to 64; 0 means 1 */
    uint64_t memory_limit;      /* bytes of pool, images and user buffers; 0 means no limit */
    const char *root_directory; /* stands for \??\C:\; NULL: none. Copied */
    /* Receives DbgPrint output, one message a call, UTF-8, not terminated; from any thread, and
     * never may it call back into the machine. NULL: standard error. */
    void (*log)(void *context, const char *text, size_t length);
    void *log_context;
    /* Receives the life of each request (created, dispatched, queued, pended, cancelled, completed,
     * finished; thread, IRQL, device, control code, status) as events of Chrome's trace format,
     * which Perfetto opens: one JSON object a call, UTF-8, not terminated. A file of them is "[",
     * the events with commas between them, "]". In the order of their times, one call at a time,
     * from any thread; never may it call back into the machine. Slices of threads that were in a
     * driver when the machine stopped have no end. NULL: nothing is traced, at no cost. */
    void (*trace)(void *context, const char *event, size_t length);
    void *trace_context;
    /* Levels of DbgPrintEx that are shown, of every component: bit 0 errors, 1 warnings, 2 traces,
     * 3 information (DbgPrint's own). 0: all. Errors are always shown; a Windows that was not told
     * otherwise shows nothing else, which is 1. Drivers may change it (DbgSetDebugFilterState). */
    uint32_t debug_print_mask;
    /* Load drivers although the host lacks routines or variables they import. The machine stops
     * (bug check 0xC0000263, naming it) when such a one is used. false: loading is refused. */
    bool trap_missing_imports;
    /* What the verifier watches drivers for: SB_VERIFY_*; 0: nothing, at no cost. Mistakes are kept
     * as findings (sb_machine_finding) and the machine goes on where it can. */
    uint32_t verify;
    /* Milliseconds after which a routine of a driver that has not returned is stuck: a finding, and
     * the machine stops. 0: ten seconds. System threads and work items may run for ever. */
    uint32_t verify_timeout;
    /* Bug check at the first finding, as Windows' Driver Verifier does. */
    bool stop_at_findings;
    /* With SB_VERIFY_REPLY or SB_VERIFY_POOL, memory that drivers get unwritten (new pool blocks,
     * system buffers behind the input, the stack below a dispatch routine) holds this byte; replies
     * of two runs with different bytes differ where they disclose it. 0: patterns that the verifier
     * recognises in a reply itself. */
    uint8_t verify_fill;
    /* With verify: pool blocks begin at a page without access, so that what goes before them faults
     * at once, and not, as usual, what goes beyond their end. */
    bool verify_underruns;
    /* With SB_VERIFY_REPLY: the comparison that the machine's replies are part of; see "replies
     * compared" below. It must outlast the machine and serves one machine at a time. In place of
     * verify_fill. NULL: none. */
    struct sb_comparison *comparison;
    /* With verify: the sb_site whose call fails as if resources were short; 0: none does. */
    uint64_t fail_site;
    /* Which of the site's calls fails: the first is 1; 0: each. */
    uint32_t fail_hit;
    /* Run one thread at a time, in the order the schedule decides; see "schedules" below. It must
     * outlast the machine and serves one machine at a time. NULL: threads run as Linux lets them.
     */
    struct sb_schedule *schedule;
};

/* options NULL: all defaults. The caller destroys the machine. STATUS_INSUFFICIENT_RESOURCES,
 * STATUS_INVALID_PARAMETER, STATUS_NOT_SUPPORTED (Linux refuses what the host needs). */
SB_HOST_API sb_status sb_machine_create(const struct sb_machine_options *options,
                                        struct sb_machine **machine);
/* Ends the machine with all its processes and drivers, without unloading them, and frees them. No
 * other call on it may be in progress. Blocks until its system threads are gone. NULL is fine. */
SB_HOST_API void sb_machine_destroy(struct sb_machine *machine);

/* ---- a trace as a file ---- */
/*
 * What struct sb_machine_options.trace tells, in a file that Perfetto opens: trace is
 * sb_trace_file_event, trace_context the file. The file is whole JSON each time it was written to.
 * No function prints. The functions that return int answer 0 or an errno.
 */
struct sb_trace_file;

/* Makes the file, or empties the one that is there. *file is the caller's to delete. */
SB_HOST_API int sb_trace_file_create(const char *path, struct sb_trace_file **file);
/* From any thread; nothing once the file is finished. */
SB_HOST_API void sb_trace_file_event(void *file, const char *event, size_t length);
/* Completes and closes the file; a second time tells the same again. Not 0: it is not whole.
 * Threads may still be in the machine, from any thread. */
SB_HOST_API int sb_trace_file_finish(struct sb_trace_file *file);
/* Finishes and frees it, after its machine. NULL is fine. */
SB_HOST_API void sb_trace_file_delete(struct sb_trace_file *file);

/* Tells drivers that asked for it (IoRegisterShutdownNotification) that the machine shuts down. */
SB_HOST_API sb_status sb_machine_shutdown(struct sb_machine *machine);

/* Where in a driver. */
struct sb_place {
    char module[64];    /* "name.sys"; empty: in no driver */
    uint64_t offset;    /* in module: an instruction, or a call's return address */
    char function[128]; /* empty without debug information */
    char source_file[256];
    int32_t line;
};

/* How a machine stopped. */
struct sb_bug_check {
    uint32_t code;
    uint64_t parameters[4];
    char module[64];        /* "name.sys" of the faulting instruction; empty when not in a driver */
    uint64_t offset;        /* from the module's base, or the address */
    bool is_reported;       /* a finding of the verifier's has told of it */
    struct sb_place driver; /* the driver's frame that is nearest to the stop on its stack */
};
/* True when the machine has stopped; fills bug_check then. */
SB_HOST_API bool sb_machine_bug_check(struct sb_machine *machine, struct sb_bug_check *bug_check);

/* Stops the machine from outside, for a driver that does not come back: MANUALLY_INITIATED_CRASH
 * (0xE2), reported where a thread runs driver code, if one does. From a thread that is not in a
 * call on the machine; blocks up to a second. No effect on a machine that has stopped. */
SB_HOST_API void sb_machine_stop(struct sb_machine *machine);

/* The report of the stop: code and parameters, the reason if one is known, where it happened by
 * module, function and source line, the registers and the stack, in lines of UTF-8. Writes what
 * fits into text, always terminated, and returns the length of the whole (without terminator); 0
 * when the machine runs. Complete once the calls that were in the machine have returned. */
SB_HOST_API size_t sb_machine_describe_stop(struct sb_machine *machine, char *text, size_t size);

/* Live pool blocks and their bytes, for leak checks. */
SB_HOST_API void sb_machine_pool_usage(struct sb_machine *machine, uint64_t *blocks,
                                       uint64_t *bytes);

/* ---- the verifier ---- */
#define SB_VERIFY_POOL    0x0001u /* special pool, pool tracking, wild and freed memory */
#define SB_VERIFY_IRQL    0x0002u /* IRQL of each routine, critical regions */
#define SB_VERIFY_LOCKS   0x0004u /* spin locks and kin: owners, order */
#define SB_VERIFY_IRP     0x0008u /* requests, devices, completion, cancelling */
#define SB_VERIFY_REPLY   0x0010u /* length and contents of what goes back to the caller */
#define SB_VERIFY_OBJECTS 0x0020u /* handles and references */
#define SB_VERIFY_MDL     0x0040u /* memory descriptor lists */
/* User memory: probed, guarded, fetched once. Buffers that a driver was given addresses of (by
 * METHOD_NEITHER, or by addresses in other input) are without access while it works on a request of
 * their process, as far as Linux is concerned: other threads that touch them are let through,
 * slowly, but a system call given such a buffer meanwhile fails with EFAULT. */
#define SB_VERIFY_USER   0x0080u
#define SB_VERIFY_UNLOAD 0x0100u /* what is left when the driver is gone */
#define SB_VERIFY_ALL    0xFFFFu

/* One rule; the texts live for ever. */
struct sb_rule {
    const char *identifier;       /* "pool-zero-bytes": stable */
    uint32_t verify;              /* the SB_VERIFY_* it belongs to */
    uint32_t bug_check;           /* what Windows stops with; 0: a rule of this host alone */
    uint32_t bug_check_parameter; /* its first parameter */
    const char *title;            /* a sentence */
    const char *windows;          /* what Windows would have done, in sentences */
    const char *document;         /* URL of Microsoft's text */
};
/* The index-th rule; false when there are fewer. */
SB_HOST_API bool sb_rule(uint32_t index, struct sb_rule *rule);

/* A mistake of a driver, once for each rule, place and subject. */
struct sb_finding {
    struct sb_rule rule;
    uint64_t parameters[4]; /* of the bug check */
    char message[512];      /* what happened, with values */
    char module[64];        /* "name.sys"; empty when no driver was on the stack */
    uint64_t offset;        /* in module: the instruction, or the call's return address */
    char function[128];     /* empty without debug information */
    char source_file[256];
    int32_t line;
    uint32_t count;   /* how often it happened */
    uint64_t request; /* sb_machine_mark_request when it first did */
    /* What tells findings of one rule and place apart, as all replies are completed in one place:
     * the request's control code. 0: nothing else does. */
    uint32_t subject;
};
/* How many findings there are; they are kept in the order in which they happened. */
SB_HOST_API uint32_t sb_machine_finding_count(struct sb_machine *machine);
/* The index-th finding, and in stack (may be NULL) the driver's call stack, a line a frame: what
 * fits, terminated. False when there are fewer. */
SB_HOST_API bool sb_machine_finding(struct sb_machine *machine, uint32_t index,
                                    struct sb_finding *finding, char *stack, size_t stack_size);
/* Says which request of the caller's findings belong to from now on: any number. */
SB_HOST_API void sb_machine_mark_request(struct sb_machine *machine, uint64_t request);

/* ---- low resources ---- */
/* A routine that may fail for want of resources, as called from one call stack of a driver. */
struct sb_site {
    uint64_t id;         /* the same in each run of the same driver file; sb_machine_options */
    const char *routine; /* "IoAllocateMdl"; all pool routines are "ExAllocatePool"; lives on */
    char module[64];     /* "name.sys" of the caller */
    uint64_t offset;     /* in module: the call's return address */
    char function[128];  /* empty without debug information */
    char source_file[256];
    int32_t line;
    uint32_t hits;     /* calls so far */
    uint32_t failures; /* of them, those that sb_machine_options made fail */
};
/* How many sites a verifying machine has met, and the index-th of them, in the order in which they
 * were met; false when there are fewer. Also after the driver is gone. */
SB_HOST_API uint32_t sb_machine_site_count(struct sb_machine *machine);
SB_HOST_API bool sb_machine_site(struct sb_machine *machine, uint32_t index, struct sb_site *site);

/* ---- drivers ---- */
/* Loads the image in memory (copied) as service "name.sys" and runs its DriverEntry. error (may be
 * NULL with size 0) receives what is wrong in words: every missing import is named.
 * STATUS_INVALID_IMAGE_FORMAT and kin, STATUS_DRIVER_ENTRYPOINT_NOT_FOUND (missing imports),
 * STATUS_IMAGE_ALREADY_LOADED, or what DriverEntry returned. */
SB_HOST_API sb_status sb_machine_load_driver(struct sb_machine *machine, const void *image,
                                             size_t size, const char *name,
                                             struct sb_driver **driver, char *error,
                                             size_t error_size);
/* The same from a file; its name without folders is the service's. Modules that the driver imports
 * from, that nobody loaded, are taken from its folder. */
SB_HOST_API sb_status sb_machine_load_driver_file(struct sb_machine *machine, const char *path,
                                                  struct sb_driver **driver, char *error,
                                                  size_t error_size);
/* Runs DriverUnload and frees the image. STATUS_INVALID_DEVICE_REQUEST: the driver has none, or has
 * devices from sb_device_add that were not removed. STATUS_DEVICE_BUSY: files are open or drivers
 * import from it. */
SB_HOST_API sb_status sb_machine_unload_driver(struct sb_machine *machine,
                                               struct sb_driver *driver);

/* What may be control codes of the driver, ascending, as read from its image (sysbuf/code.h says
 * how): writes at most capacity of them and returns how many there are. Reads the whole image's
 * code on each call; 0 too when memory is short or the driver has no image. */
SB_HOST_API size_t sb_driver_control_codes(struct sb_driver *driver, uint32_t *codes,
                                           size_t capacity);

/* ---- which of a driver's basic blocks have run ---- */
/* The arrays are the caller's and stay his until sb_driver_coverage_stop, the driver's unload or
 * the machine's end; addresses may be used by several drivers at once. The host writes from any
 * thread that runs the driver, only to what is not constant here. */
struct sb_coverage {
    const uint32_t *addresses; /* of the blocks in the image, ascending; see sb_code_blocks */
    uint32_t count;
    uint8_t *seen;        /* count bytes: 1 once the block has run; those that are 1 are left out */
    uint32_t *order;      /* count indices: the blocks as they came to run */
    uint32_t order_count; /* read with __atomic_load_n while the driver runs */
};
/* Blocks that run from now on are noted. Each costs a breakpoint (a signal) when it runs for the
 * first time and nothing afterwards. Blocks in discarded sections and such as begin with an int3 of
 * the driver's own are left out. One coverage a driver. STATUS_INVALID_PARAMETER: addresses are not
 * ascending or not in the image's code. STATUS_ALREADY_REGISTERED (0xC0000718),
 * STATUS_INSUFFICIENT_RESOURCES. */
SB_HOST_API sb_status sb_driver_coverage_start(struct sb_driver *driver,
                                               struct sb_coverage *coverage);
/* Forgets what order lists: seen is 0 again for those blocks, and they will be noted once more. No
 * request may be in the driver meanwhile. */
SB_HOST_API void sb_driver_coverage_again(struct sb_driver *driver);
/* No breakpoint is left. No effect when none was started. */
SB_HOST_API void sb_driver_coverage_stop(struct sb_driver *driver);
/* The index-th path by which applications may open a device of the driver, for
 * sb_process_open: a symbolic link's (\\.\Name) or, where a device has none, its own name. The
 * driver must not make or delete devices meanwhile. STATUS_NO_MORE_ENTRIES;
 * STATUS_BUFFER_TOO_SMALL. */
SB_HOST_API sb_status sb_driver_path(struct sb_machine *machine, struct sb_driver *driver,
                                     uint32_t index, char *path, size_t size);

/* ---- root-enumerated devices, for drivers with an AddDevice routine ---- */
struct sb_device;
enum sb_device_action {
    SB_DEVICE_START, /* again, after SB_DEVICE_STOP */
    SB_DEVICE_QUERY_STOP,
    SB_DEVICE_CANCEL_STOP,
    SB_DEVICE_STOP,
    SB_DEVICE_QUERY_REMOVE,
    SB_DEVICE_CANCEL_REMOVE,
    SB_DEVICE_REMOVE, /* the device is gone afterwards, whatever the answer */
    SB_DEVICE_SURPRISE_REMOVE,
    SB_DEVICE_SLEEP, /* IRP_MN_QUERY_POWER and IRP_MN_SET_POWER to D3 */
    SB_DEVICE_WAKE,  /* IRP_MN_SET_POWER to D0 */
};
/* Makes a device below the root bus, calls the driver's AddDevice with it and starts it.
 * hardware_id
 * ("ROOT\\Name" or "Name", UTF-8) is what the device calls itself. STATUS_INVALID_DEVICE_REQUEST:
 * the driver has no AddDevice; else what AddDevice or IRP_MN_START_DEVICE answered, and the device
 * is gone again. */
SB_HOST_API sb_status sb_device_add(struct sb_machine *machine, struct sb_driver *driver,
                                    const char *hardware_id, struct sb_device **device);
/* Sends what the PnP or power manager would and gives the stack's answer. */
SB_HOST_API sb_status sb_device_act(struct sb_machine *machine, struct sb_device *device,
                                    enum sb_device_action action);

/* ---- application processes ---- */
struct sb_process_options {
    bool is_ordinary; /* a user who is no administrator */
    bool is_32_bit;
    /* Bytes of pool that drivers may allocate in its name (ExAllocatePoolWithQuotaTag, charged
     * IRPs, PsChargePoolQuota), and for the system buffers of its requests, which are refused with
     * STATUS_QUOTA_EXCEEDED. 0: no limit. */
    uint64_t nonpaged_quota, paged_quota;
};
SB_HOST_API sb_status sb_process_create(struct sb_machine *machine,
                                        const struct sb_process_options *options,
                                        struct sb_process **process);
/* The process exits, also while others of its threads are inside calls: those return
 * STATUS_THREAD_IS_TERMINATING. Pending requests are cancelled and awaited, handles closed, then it
 * is freed. A driver that does not let go of a request or thread is reported in the log after a few
 * seconds and left alone. No new calls may begin. NULL is fine. */
SB_HOST_API void sb_process_destroy(struct sb_process *process);
SB_HOST_API uint32_t sb_process_id(struct sb_process *process);
/* True when a driver has ended it (ZwTerminateProcess): its handles and its memory are gone. */
SB_HOST_API bool sb_process_has_exited(struct sb_process *process);

/* Memory in the user arena, whole zeroed pages with guard pages around; the buffer's end lies at
 * a page's end when at_end is set, so that an overrun faults at once. NULL: none left. Only such
 * memory is a valid buffer for the calls below. */
SB_HOST_API void *sb_process_allocate(struct sb_process *process, size_t size, bool at_end);
/* Frees it, unless a driver has secured it (MmSecureVirtualMemory): then it stays until the process
 * ends. Pages that a driver has locked keep their contents for the driver until it unlocks them. */
SB_HOST_API void sb_process_free(struct sb_process *process, void *buffer);

/* Laid out as IO_STATUS_BLOCK. Written when a request completes; for a pending one it must stay
 * valid until then. */
struct sb_io_status {
    sb_status status;
    uint32_t reserved;
    uint64_t information;
};

struct sb_open_options {
    uint32_t access;      /* FILE_* or GENERIC_*; 0: GENERIC_READ | GENERIC_WRITE */
    uint32_t share;       /* FILE_SHARE_* */
    uint32_t disposition; /* FILE_OPEN (1) ...; 0: FILE_OPEN */
    uint32_t options;     /* further FILE_* create options */
    sb_handle root;       /* the path is relative to this file or directory; 0: it is a full one */
    bool is_overlapped;   /* requests may pend: then they answer SB_STATUS_PENDING */
    bool is_inherited;
};
/* NtCreateFile: opens "\\.\Name" or an NT path ("\Device\Name"), UTF-8, as the process's user.
 * options NULL: all defaults. STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_PATH_NOT_FOUND,
 * STATUS_ACCESS_DENIED (security, or an exclusive device that is open), STATUS_NO_SUCH_DEVICE,
 * STATUS_INVALID_PARAMETER, or what the driver's create routine says. */
SB_HOST_API sb_status sb_process_open(struct sb_process *process, const char *path,
                                      const struct sb_open_options *options, sb_handle *handle);

/*
 * Requests on files. Buffers are user memory (or NULL with length 0): others are refused with
 * STATUS_ACCESS_VIOLATION before the driver is called. io_status is the caller's own memory, of any
 * kind; it is written once, whatever the outcome, unless the request was refused before it reached
 * a driver (STATUS_INVALID_HANDLE, STATUS_ACCESS_DENIED, STATUS_ACCESS_VIOLATION,
 * STATUS_INVALID_PARAMETER ...). event is 0 or an event's handle; it is reset when the request is
 * sent and set when it completes, unless it fails without having pended. On a synchronous file the
 * call waits; requests on it go one at a time.
 *
 * On an overlapped file the call may answer SB_STATUS_PENDING. io_status must then stay valid until
 * it is written, at the latest when the process is destroyed. Its completion is posted to the
 * file's port, if it has one, also when the call did not pend (unless it failed at once); the
 * lowest bit of event set keeps the packet away.
 */
/* NtDeviceIoControlFile. */
SB_HOST_API sb_status sb_process_ioctl(struct sb_process *process, sb_handle file, sb_handle event,
                                       struct sb_io_status *io_status, uint32_t code,
                                       const void *input, uint32_t input_length, void *output,
                                       uint32_t output_length);
/* NtReadFile, NtWriteFile. offset SB_FILE_POSITION: where a synchronous file's position is. */
#define SB_FILE_POSITION INT64_MIN
SB_HOST_API sb_status sb_process_read(struct sb_process *process, sb_handle file, sb_handle event,
                                      struct sb_io_status *io_status, void *buffer, uint32_t length,
                                      int64_t offset);
SB_HOST_API sb_status sb_process_write(struct sb_process *process, sb_handle file, sb_handle event,
                                       struct sb_io_status *io_status, const void *buffer,
                                       uint32_t length, int64_t offset);
/* NtFlushBuffersFile; waits. */
SB_HOST_API sb_status sb_process_flush(struct sb_process *process, sb_handle file,
                                       struct sb_io_status *io_status);
/* NtQueryInformationFile, NtSetInformationFile: FILE_INFORMATION_CLASS numbers and structures, in
 * memory of any kind. They wait. */
SB_HOST_API sb_status sb_process_query_information(struct sb_process *process, sb_handle file,
                                                   struct sb_io_status *io_status,
                                                   uint32_t information_class, void *buffer,
                                                   uint32_t length);
SB_HOST_API sb_status sb_process_set_information(struct sb_process *process, sb_handle file,
                                                 struct sb_io_status *io_status,
                                                 uint32_t information_class, const void *buffer,
                                                 uint32_t length);
/* CancelIoEx: asks for the end of the file's pending request whose status block is io_status, or of
 * all (NULL), whichever thread made them. STATUS_NOT_FOUND: nothing pends. Does not wait: a
 * cancelled request still completes, usually with STATUS_CANCELLED. */
SB_HOST_API sb_status sb_process_cancel(struct sb_process *process, sb_handle file,
                                        struct sb_io_status *io_status);
/* CancelSynchronousIo, for every thread of the process: what they wait for, opens too.
 * STATUS_NOT_FOUND. */
SB_HOST_API sb_status sb_process_cancel_synchronous(struct sb_process *process);

/* ---- handles ---- */
/* NtClose. The driver sees cleanup when a file's last handle goes, close when nothing refers to it
 * any more. STATUS_INVALID_HANDLE. */
SB_HOST_API sb_status sb_process_close(struct sb_process *process, sb_handle handle);
/* NtDuplicateObject into target (perhaps the same process), with access (0: the same). The source
 * is closed on request even when duplicating fails. */
#define SB_DUPLICATE_INHERIT      1u
#define SB_DUPLICATE_CLOSE_SOURCE 2u
SB_HOST_API sb_status sb_process_duplicate(struct sb_process *process, sb_handle handle,
                                           struct sb_process *target, uint32_t access,
                                           uint32_t flags, sb_handle *copy);

/* ---- events and waits ---- */
#define SB_STATUS_TIMEOUT ((sb_status)0x00000102)
#define SB_FOREVER        UINT32_MAX
SB_HOST_API sb_status sb_process_create_event(struct sb_process *process, bool is_manual_reset,
                                              bool is_signalled, sb_handle *event);
SB_HOST_API sb_status sb_process_set_event(struct sb_process *process, sb_handle event);
SB_HOST_API sb_status sb_process_reset_event(struct sb_process *process, sb_handle event);
/* NtWaitForMultipleObjects on 1 to 64 events, files, ports, processes ... for up to that many
 * milliseconds (SB_FOREVER: no limit). Gives the index of the one that satisfied the wait (0 when
 * waiting for all) or SB_STATUS_TIMEOUT. */
SB_HOST_API sb_status sb_process_wait(struct sb_process *process, const sb_handle *handles,
                                      uint32_t count, bool wait_for_all, uint32_t milliseconds);

/* ---- sections ---- */
#define SB_PAGE_READ_ONLY  0x02u
#define SB_PAGE_READ_WRITE 0x04u
/* NtCreateSection, backed by the machine's memory: size bytes that views show. name is an NT path
 * ("\\BaseNamedObjects\\X", UTF-8) or NULL. protection (SB_PAGE_*, or another PAGE_*) is the most a
 * view may have. STATUS_OBJECT_NAME_COLLISION, STATUS_COMMITMENT_LIMIT, STATUS_INVALID_PARAMETER_4
 * (size 0). */
SB_HOST_API sb_status sb_process_create_section(struct sb_process *process, const char *name,
                                                uint64_t size, uint32_t protection,
                                                sb_handle *section);
/* NtOpenSection, with access SECTION_MAP_READ (4), SECTION_MAP_WRITE (2) ... */
SB_HOST_API sb_status sb_process_open_section(struct sb_process *process, const char *name,
                                              uint32_t access, sb_handle *section);
/* NtMapViewOfSection: *size bytes (0: the rest) from offset, a multiple of 64 KiB. *base and *size
 * then say where the view is; it is user memory, until sb_process_unmap or the process's end. The
 * section may be closed meanwhile. STATUS_ACCESS_DENIED, STATUS_SECTION_PROTECTION,
 * STATUS_INVALID_VIEW_SIZE, STATUS_MAPPED_ALIGNMENT. */
SB_HOST_API sb_status sb_process_map(struct sb_process *process, sb_handle section, uint64_t offset,
                                     size_t *size, uint32_t protection, void **base);
/* Unmaps the view that holds base. STATUS_NOT_MAPPED_VIEW. */
SB_HOST_API sb_status sb_process_unmap(struct sb_process *process, void *base);

/* ---- registry ---- */
/* Sets a value of a key ("\\Registry\\Machine\\..."; UTF-8), making keys that are missing; type
 * is REG_SZ (1), REG_BINARY (3), REG_DWORD (4) ... with data as the registry keeps it.
 * STATUS_ACCESS_DENIED: an ordinary user below \\Registry\\Machine. */
SB_HOST_API sb_status sb_process_write_registry(struct sb_process *process, const char *key,
                                                const char *value, uint32_t type, const void *data,
                                                uint32_t size);
/* Reads a value; *needed (may be NULL) gets its size. STATUS_BUFFER_OVERFLOW: as much as fits. */
SB_HOST_API sb_status sb_process_read_registry(struct sb_process *process, const char *key,
                                               const char *value, uint32_t *type, void *data,
                                               uint32_t size, uint32_t *needed);

/* ---- completion ports ---- */
struct sb_packet {
    uint64_t key;     /* of the file, or as posted */
    uint64_t context; /* the address of the request's io_status, or as posted */
    struct sb_io_status io_status;
};
SB_HOST_API sb_status sb_process_create_port(struct sb_process *process, sb_handle *port);
/* Completions of the overlapped file go to the port from now on. STATUS_INVALID_PARAMETER: the file
 * is synchronous or has a port. */
SB_HOST_API sb_status sb_process_associate_port(struct sb_process *process, sb_handle file,
                                                sb_handle port, uint64_t key);
/* Takes the oldest packet, waiting up to that many milliseconds. SB_STATUS_TIMEOUT. */
SB_HOST_API sb_status sb_process_wait_port(struct sb_process *process, sb_handle port,
                                           uint32_t milliseconds, struct sb_packet *packet);
SB_HOST_API sb_status sb_process_post_port(struct sb_process *process, sb_handle port,
                                           const struct sb_packet *packet);

/* ---- actions: several threads of an application at once ---- */
#define SB_MOST_ACTIONS 32u
struct sb_action {
    void (*run)(void *context); /* may call anything on the machine but its destruction */
    void *context;
};
/* Runs every action on a thread of its own, all at once, and returns when all have returned. Their
 * threads end after that, one by one: requests they left pending are cancelled then, as Windows
 * does when a thread ends. On a machine that stops the actions' calls answer
 * SB_STATUS_MACHINE_STOPPED and they return. STATUS_INVALID_PARAMETER: no action or too many.
 * STATUS_INSUFFICIENT_RESOURCES: not all could be started; those that were have run. */
SB_HOST_API sb_status sb_machine_run_actions(struct sb_machine *machine,
                                             const struct sb_action *actions, uint32_t count);

/* ---- replies compared ---- */
/*
 * Memory that nobody has written holds anything. Machines that do the same and differ in that alone
 * answer the same, unless a driver lets it through: single bytes of it, or what it computed with
 * it. A comparison is several machines one after the other, with two fillings by turns:
 *
 *     while (sb_comparison_next(comparison)) {
 *         options.comparison = comparison;
 *         ... make a machine, load the driver, make the calls, look at the findings, destroy it
 *     }
 *
 * What differs is a finding (reply-unwritten) of the last machine, where the request is completed.
 * Bytes that differ between machines with the same filling, as times and random numbers do, are
 * none. Requests are told by the order in which they are sent, which must be the same each time: a
 * schedule makes it so.
 */
/* STATUS_INSUFFICIENT_RESOURCES. */
SB_HOST_API sb_status sb_comparison_create(struct sb_comparison **comparison);
/* Turns to the next machine; the one before is gone. False: there need be no other. Two machines
 * will do where their replies are the same. */
SB_HOST_API bool sb_comparison_next(struct sb_comparison *comparison);
/* NULL is fine. */
SB_HOST_API void sb_comparison_destroy(struct sb_comparison *comparison);

/* ---- schedules ---- */
/*
 * On a machine with a schedule one thread runs at a time, and another one only gets its turn where
 * threads meet: system calls, locks, waits, signals, DPCs, timers, work items, IRPs sent, completed
 * or cancelled, pool allocated and freed. Which one is a decision of the schedule; the same
 * decisions make the same run. Time is virtual: it passes by little and leaps when everybody waits,
 * so that no run is slow. A timer or timeout within the next second may also be decided to come
 * early.
 *
 * The threads that take part are the one that made the machine, those of its actions, and the
 * machine's own. A call by any other thread answers STATUS_INVALID_THREAD. Those of the application
 * keep their turn between calls: they must not wait for each other but through the machine.
 *
 * When nobody can go on the machine stops with SB_STOP_DEADLOCK, and sb_machine_describe_stop tells
 * what every thread waits for and from where. SB_STOP_ENDLESS: a system call does not come to
 * an end (sb_schedule_limit_steps), or driver code runs for seconds without meeting anybody.
 *
 * Between two meeting points nobody is interrupted: a race of plain memory accesses (or inlined
 * interlocked ones) without any call in between does not show itself. What a driver reads past the
 * host (the processor's time stamp counter, inline) is not virtual. A seed is valid for the same
 * program, drivers, calls and version of the host.
 */
#define SB_STOP_DEADLOCK 0xE0530002u
#define SB_STOP_ENDLESS  0xE0530003u

/* Lets every other thread of the machine run until all of them wait; timers do not expire. What a
 * driver left running after its unload shows itself then. Nothing without a schedule.
 * STATUS_INVALID_THREAD, SB_STATUS_MACHINE_STOPPED (it stops now, or has). */
SB_HOST_API sb_status sb_machine_settle(struct sb_machine *machine);

/* Lets so much of the machine's time pass: virtual under a schedule, else real. Statuses as above.
 */
SB_HOST_API sb_status sb_machine_pause(struct sb_machine *machine, uint32_t milliseconds);

/* A schedule that replays the decisions of seed and preempts nobody apart from them; NULL or "0":
 * none. The caller destroys it. STATUS_INVALID_PARAMETER: seed is none. */
SB_HOST_API sb_status sb_schedule_create(const char *seed, struct sb_schedule **schedule);
/* One by chance: threads have priorities drawn from number; the running one falls behind all others
 * so many times ("probabilistic concurrency testing"). */
SB_HOST_API sb_status sb_schedule_create_random(uint64_t number, uint32_t changes,
                                                struct sb_schedule **schedule);
/* How many steps (meeting points of threads) a run may make after a system call began and before
 * the next does; more are endless. 0: 500,000. */
SB_HOST_API void sb_schedule_limit_steps(struct sb_schedule *schedule, uint32_t steps);
SB_HOST_API void sb_schedule_destroy(struct sb_schedule *schedule);
/* The seed that replays what has been run, printable, without blanks. Writes what fits, always
 * terminated, and returns the length of the whole. */
SB_HOST_API size_t sb_schedule_seed(const struct sb_schedule *schedule, char *text, size_t size);
struct sb_schedule_run {
    uint32_t decisions;   /* where more than one thread could run */
    uint32_t preemptions; /* of those, how many took the turn from one that could go on */
    bool diverged;        /* the run was not the one its seed describes: another driver or script */
};
SB_HOST_API void sb_schedule_describe(const struct sb_schedule *schedule,
                                      struct sb_schedule_run *run);

/* Makes a machine with the schedule, loads the driver, does the work, looks at the outcome and
 * destroys the machine: everything anew each time, and everything in the same way. True: it has
 * found what it looks for, and the search ends. */
typedef bool (*sb_explore_run)(void *context, struct sb_schedule *schedule);

#define SB_NO_PREEMPTIONS UINT32_MAX
struct sb_explore_options {
    uint32_t preemptions;  /* at most, 1 to 8; 0 means 2 */
    uint32_t limit;        /* schedules; 0 means 20,000 */
    uint32_t milliseconds; /* 0: no limit */
    uint32_t random_runs;  /* so many by chance, after the others */
    uint64_t random_seed;
    bool only_random;
};
struct sb_explore_result {
    uint64_t schedules; /* that were run */
    uint64_t diverged;  /* of them, those that were not what they should have been: something in the
                         * run is left to chance */
    uint32_t decisions; /* most in a run */
    bool complete;      /* there are no others with so few preemptions */
    bool found;
    char seed[4096]; /* when found: of that run */
};
/* Runs all schedules with up to so many preemptions, those with fewest first, until one finds
 * something or a limit is reached. options NULL: all defaults. STATUS_INVALID_PARAMETER,
 * STATUS_INSUFFICIENT_RESOURCES. */
SB_HOST_API sb_status sb_explore(const struct sb_explore_options *options, sb_explore_run run,
                                 void *context, struct sb_explore_result *result);

#ifdef __cplusplus
}
#endif

#endif
