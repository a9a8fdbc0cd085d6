/*
 * What the files of the driver library share. A request's way through them:
 *
 *   description  is the table sound?            (once, at the start)
 *   device       device, link, start and undo   (once)
 *   security     the device's own DACL          (once)
 *   open         CREATE, CLEANUP, CLOSE
 *   dispatch     DEVICE_CONTROL: find the row, check, call the handler, complete
 *   standard     the rows that the library serves itself: protocol, notify, ask, batch, statistics
 *   transfer     READ and WRITE, through the same checks
 *   pend         calls that wait in the driver
 *   ring*        the shared rings, see ring.h: only in drivers that have them
 *   socket       the same commands over TCP (socket_internal.h)
 *   parameters   values of the driver's registry key
 *   log          the debug output
 */
#ifndef SYSBUF_DRIVER_INTERNAL_H
#define SYSBUF_DRIVER_INTERNAL_H

#include <sysbuf/notify.h>
#include <sysbuf/pend.h>

/* Calls and their bytes since they were last added to the counters, in one word: see
   statistics.c. */
struct sb_tally {
    volatile LONG64 packed;
};

/* The device's shared rings; see ring.h. */
struct sb_ring_list {
    KSPIN_LOCK lock;
    LIST_ENTRY rings;
    uint32_t count;
};

/* The device extension. */
struct sb_device {
    const struct sb_driver *driver;
    struct sb_tally tally;
    volatile LONG64 counters[SB_COUNTER_COUNT];
    struct sb_ring_list rings;

    /* Guards what follows, and each open's lists and subscription. Taken at any IRQL up to
       DISPATCH_LEVEL, inside of any lock of the driver's; nothing is called while it is held. */
    KSPIN_LOCK lock;
    LIST_ENTRY opens; /* struct sb_open_state.link */
    uint64_t last_open_id;
    uint64_t last_question;
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

/* What the shared rings are to the rest of the library: a driver without them links none of it. */
struct sb_ring_channel {
    const struct sb_command *commands; /* served besides the driver's own table */
    size_t command_count;
    /* NULL, or what is wrong with a driver's service. */
    const char *(*check)(const struct sb_ring_service *service);
    /* Sets the rings' counters among all of enum sb_counter. IRQL <= DISPATCH_LEVEL. */
    void (*tell_statistics)(struct sb_device *device, uint64_t *values);
    /* At CLEANUP and again at CLOSE, which is all that Wine 8 sends. PASSIVE_LEVEL; waits for the
       handler that runs. */
    void (*file_has_gone)(struct sb_device *device, PFILE_OBJECT file);
    /* Before the driver's unload(). PASSIVE_LEVEL; waits likewise. */
    void (*driver_unloads)(struct sb_device *device);
};

/* An open's subscription; see notify.c. Under the device's lock. */
struct sb_subscription {
    BOOLEAN active;
    UCHAR *messages; /* capacity slots of sb_notify_slot_size() bytes */
    uint32_t first;  /* index of the oldest */
    uint32_t count;
    uint32_t highest;
    uint64_t delivered;
    uint64_t lost;
    uint64_t refused;
    struct sb_queue next; /* SB_NOTIFY_NEXT calls; empty unless count is 0 */
    LIST_ENTRY questions; /* asked of this open and not answered yet; see ask.c */
};

/* An open: FsContext of its file object, made by CREATE, freed by CLOSE. The driver's own context
   follows it in memory. */
struct DECLSPEC_ALIGN(16) sb_open_state {
    struct sb_open open;
    struct sb_device *device;
    LIST_ENTRY link;   /* in the device's opens; under its lock, as all below */
    LIST_ENTRY pended; /* IRP.Tail.Overlay.ListEntry of calls that wait */
    uint32_t pended_count;
    BOOLEAN closing; /* CLEANUP has come: no call waits any more */
    struct sb_subscription subscription;
};

/* The device's extension of the driver that this library is linked to; NULL while it has none. */
extern struct sb_device *sb_this_device;

static inline struct sb_device *sb_device_of(PDEVICE_OBJECT device)
{
    return device->DeviceExtension;
}

static inline const struct sb_driver *sb_device_driver(PDEVICE_OBJECT device)
{
    return sb_device_of(device)->driver;
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

/* Reads from the registry how much is logged. A value that says nothing leaves the default, and is
   said in the log. PASSIVE_LEVEL. */
_IRQL_requires_(PASSIVE_LEVEL) void sb_log_start(_In_ PUNICODE_STRING registry_path);

/* ---- opens ---- */

/* The open of a file object that was opened with success, and not closed; else NULL. */
static inline struct sb_open_state *sb_open_of(const struct sb_driver *driver, PFILE_OBJECT file)
{
    return file != NULL && file->FsContext2 == driver ? file->FsContext : NULL;
}

/* The library's side of what handlers and callbacks see. */
static inline struct sb_open_state *sb_open_state(const struct sb_open *open)
{
    return CONTAINING_RECORD(open, struct sb_open_state, open);
}

/* ---- dispatch ---- */

/* A call that no IRP carries: finds the row of a buffered command, checks the lengths, clears the
   output and calls the handler. Input and output must not overlap; output has room for the input
   too (SB_IN_PLACE). The final status; reply_length is right. PASSIVE_LEVEL. */
_IRQL_requires_(PASSIVE_LEVEL) NTSTATUS sb_dispatch_call(struct sb_call *call, uint32_t code);

/* The handler's claim about its reply, made true: the status that counts. */
NTSTATUS sb_settle(struct sb_call *call, NTSTATUS status);

DRIVER_DISPATCH sb_dispatch_create;
DRIVER_DISPATCH sb_dispatch_cleanup;
DRIVER_DISPATCH sb_dispatch_close;
DRIVER_DISPATCH sb_dispatch_read;
DRIVER_DISPATCH sb_dispatch_write;
DRIVER_DISPATCH sb_dispatch_device_control;

/* The row of a code in the driver's own table, NULL if there is none. */
const struct sb_command *sb_find_command(const struct sb_driver *driver, uint32_t code);

/* The library's own row of a code that the driver enables, NULL if there is none. */
const struct sb_command *sb_standard_command(const struct sb_driver *driver, uint32_t code);

/* Is the code one of the library's own, enabled or not? */
BOOLEAN sb_is_standard_code(uint32_t code);

/* Checks a described call against its row, in the order that dispatch.c states. access is what the
   handle must have beyond what the I/O manager has checked. Counts what it refuses. */
NTSTATUS sb_check_call(const struct sb_command *command, const struct sb_call *call, PIRP irp,
                       uint32_t access);

/* Fills what every kind of call has alike: all but the input, the output and their lengths. */
static inline void sb_describe_call(struct sb_call *call, const struct sb_driver *driver, PIRP irp)
{
    uint32_t process_id = (uint32_t)(ULONG_PTR)PsGetCurrentProcessId();
    struct sb_open_state *state = sb_open_of(driver, IoGetCurrentIrpStackLocation(irp)->FileObject);

    call->data = NULL;
    call->data_length = 0;
    call->reply_length = 0;
    call->offset = 0;
    call->pended = FALSE;
    call->ring = NULL;
    call->driver = driver;
    call->process_id = process_id;
    call->open = state != NULL ? &state->open : NULL;
    call->open_context = state != NULL ? state->open.context : NULL;
    call->request = irp;
}

/* Calls the handler and makes true what it claims; its reply is at most reply_limit bytes. */
NTSTATUS sb_call_handler(const struct sb_command *command, struct sb_call *call,
                         uint32_t reply_limit);

/* Calls the handler, with the input put aside if need be, and makes true what it claims. */
NTSTATUS sb_serve_call(const struct sb_command *command, struct sb_call *call);

/* Counts and completes a served call; leaves one alone that waits. */
NTSTATUS sb_finish_call(PIRP irp, const struct sb_call *call, NTSTATUS status);

/* Maps the pages of the IRP's MDL for the driver, not executable; NULL if there is no room. */
void *sb_map_pages(PIRP irp);

/* ---- calls that wait: all under the device's lock ---- */

/* sb_pend() and sb_pended_take() without the lock. */
NTSTATUS sb_pend_locked(struct sb_call *call, struct sb_queue *queue);
PIRP sb_pended_take_locked(struct sb_queue *queue);

/* Takes all calls of the open, or of one queue of it, and puts them into the list by
   Tail.Overlay.ListEntry; those that are being cancelled are left to their cancel routine. */
void sb_pended_take_all_locked(struct sb_open_state *state, const struct sb_queue *queue,
                               PLIST_ENTRY list);

/* Completes the calls in a list made by the above, with STATUS_CANCELLED. Without the lock. */
void sb_pended_cancel_all(struct sb_device *device, PLIST_ENTRY list);

/* Bytes and address of the room for an IRP's reply, 0 and NULL if there is none. */
void *sb_reply_room(PIRP irp, uint32_t *capacity);

/* ---- the library's own commands ---- */

sb_handler sb_tell_protocol;
sb_handler sb_notify_subscribe;
sb_handler sb_notify_unsubscribe;
sb_handler sb_notify_next;
sb_handler sb_notify_query;
sb_handler sb_notify_answer;
sb_handler sb_run_batch;
sb_handler sb_tell_statistics;

/* Ends the open's subscription if there is one: CLEANUP, CLOSE. IRQL <= DISPATCH_LEVEL. */
void sb_notify_end(struct sb_open_state *state);

/* Posts with a question's number. sb_notify_post() with checks done; returns its status. */
NTSTATUS sb_notify_post_question(struct sb_device *device, uint64_t open_id, uint64_t question,
                                 const void *message, size_t length);

/* Ends a question with a status: its message was dropped, or the subscription ends (question 0:
   all). Under the device's lock. */
void sb_question_end_locked(struct sb_subscription *subscription, uint64_t question,
                            NTSTATUS status);

/* The subscriber whose open has that number, NULL if there is none. Under the device's lock. */
struct sb_open_state *sb_notify_find_locked(struct sb_device *device, uint64_t open_id);

/* ---- statistics ---- */

static inline void sb_count(struct sb_device *device, enum sb_counter counter)
{
    InterlockedIncrement64(&device->counters[counter]);
}

/* Counts a call that reached a handler, and its bytes; statistics.c says how. */
#define SB_TALLY_CALL    (1ull << 52)
#define SB_TALLY_IN      (1ull << 26)
#define SB_TALLY_LONGEST 0xFFFFu /* bytes */
#define SB_TALLY_FULL    128u    /* calls */

void sb_count_long_call(struct sb_device *device, uint32_t bytes_in, uint32_t bytes_out);
void sb_empty_tally(struct sb_device *device);

static inline void sb_count_call(struct sb_device *device, uint32_t bytes_in, uint32_t bytes_out)
{
    uint64_t added = SB_TALLY_CALL + bytes_in * SB_TALLY_IN + bytes_out;
    uint64_t before;

    if ((bytes_in | bytes_out) > SB_TALLY_LONGEST) {
        sb_count_long_call(device, bytes_in, bytes_out);
        return;
    }
    before = (uint64_t)InterlockedExchangeAdd64(&device->tally.packed, (LONG64)added);
    if (before >= (SB_TALLY_FULL - 1) * SB_TALLY_CALL)
        sb_empty_tally(device);
}

#endif
