/*
 * The driver side: a driver is one constant description, and DriverEntry is one call.
 *
 *     static NTSTATUS hello(struct sb_call *call) { ... }
 *
 *     static const struct sb_command commands[] = {
 *         {.code = MY_HELLO, SB_INPUT_EXACT(struct my_request),
 *          .output_minimum = sizeof(struct my_reply), .handler = hello},
 *     };
 *
 *     static const struct sb_driver driver = {
 *         .device_name = L"\\Device\\My", .link_name = L"\\??\\My",
 *         .commands = commands, .command_count = SB_COUNT(commands),
 *     };
 *
 *     NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT object, PUNICODE_STRING registry_path)
 *     {
 *         return sb_driver_start(object, registry_path, &driver);
 *     }
 *
 * Everything that comes from user mode is checked in one place, against the table, before a
 * handler runs. A handler never sees an IRP.
 */
#ifndef SYSBUF_DRIVER_H
#define SYSBUF_DRIVER_H

#include <ntifs.h>
#include <sysbuf/protocol.h>

/* Microsoft's source annotations (sal.h), empty where the compiler has none. */
#ifndef _IRQL_requires_max_
#define _IRQL_requires_max_(irql)
#endif
#ifndef _IRQL_requires_
#define _IRQL_requires_(irql)
#endif
#ifndef _Printf_format_string_
#define _Printf_format_string_
#endif
#ifndef _In_reads_bytes_
#define _In_reads_bytes_(length)
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define SB_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*
 * One call of a command, valid until the handler returns. The handler runs in the caller's
 * context at PASSIVE_LEVEL (the I/O manager's promise for requests from user mode to a driver
 * that is the only one in its stack); several calls may run at once. A call that came by a shared
 * ring runs at PASSIVE_LEVEL on the ring's own thread instead.
 *
 * READ and WRITE are calls as well: a READ has only an output, a WRITE only an input, and both an
 * offset. With the rest of this comment a handler need not know by which channel it was called.
 *
 * Input and output never overlap. With METHOD_BUFFERED the I/O manager hands over one buffer for
 * both; where a call has both, the library takes a private copy of the input first, so that a
 * handler that writes its reply before it has read its request is still right. A command that
 * wants the single buffer (large payloads transformed where they lie) says SB_IN_PLACE in its
 * row; only then is output == input.
 *
 * Direct I/O shows the caller's own pages, mapped for the driver: data of METHOD_IN_DIRECT, output
 * of METHOD_OUT_DIRECT, input and output of WRITE and READ where the description says direct_io.
 * The caller can change those bytes while the handler looks at them. So read each once, with
 * sb_snapshot(), check the copy and use the copy; and never take back from such an output what was
 * written to it.
 */
struct sb_driver;
struct sb_open;
struct sb_ring;
struct sb_ring_service;
struct sb_call {
    const void *input;        /* NULL if input_length is 0 */
    uint32_t input_length;    /* bytes, within the row's limits */
    uint32_t output_capacity; /* bytes of room at output */
    void *output;             /* NULL if output_capacity is 0; zeroed, except what SB_IN_PLACE
                                 leaves of the input and what is the caller's own pages */
    uint32_t reply_length;    /* bytes written to output, set by the handler or by sb_reply(); of a
                                 WRITE the bytes taken, all of them unless the handler says less */
    uint32_t process_id;      /* of the calling process; over a socket, of the System process */
    void *open_context;       /* this open's context, NULL if open_context_size is 0 */
    const struct sb_driver *driver; /* the description that the command belongs to */
    const struct sb_open *open;     /* as the create callback saw it; NULL without a file object */
    const void *data;     /* METHOD_IN_DIRECT: the caller's large buffer, else NULL; changes */
    uint32_t data_length; /* bytes, within the row's limits */
    BOOLEAN pended;       /* the library's own */
    uint64_t offset;      /* of READ and WRITE, as the caller gave it; else 0 */
    PIRP request;         /* the library's own */
    struct sb_ring *ring; /* by which the call came (sysbuf/ring_driver.h), or NULL */
};

/*
 * Serves one call. Writes at most output_capacity bytes to output and sets reply_length; or uses
 * sb_reply(), which does both. Returns the final status: a success or a warning
 * (STATUS_BUFFER_OVERFLOW) delivers reply_length bytes, an error delivers none. STATUS_PENDING is
 * an answer only as the result of sb_pend() (sysbuf/pend.h); else the library replaces it by
 * STATUS_INTERNAL_ERROR and logs it. A reply_length above the capacity is cut to it and the status
 * becomes STATUS_BUFFER_OVERFLOW.
 */
_IRQL_requires_(PASSIVE_LEVEL) typedef NTSTATUS sb_handler(_Inout_ struct sb_call *call);

/*
 * Copies length bytes of reply to the call's output, as many as fit, and sets reply_length.
 * Any IRQL. Returns STATUS_SUCCESS if all of them fitted, STATUS_BUFFER_OVERFLOW if some did,
 * STATUS_BUFFER_TOO_SMALL if there was room for none; return it from the handler.
 */
NTSTATUS sb_reply(_Inout_ struct sb_call *call, _In_reads_bytes_(length) const void *reply,
                  size_t length);

/*
 * Copies length bytes from offset of source to destination, each byte read once, so that what is
 * checked afterwards is what is used. source is call->input or call->data. Any IRQL.
 * STATUS_SUCCESS, or STATUS_INVALID_PARAMETER where the source has no such bytes (nothing is
 * copied) or is not one of the call's.
 */
NTSTATUS sb_snapshot(_In_ const struct sb_call *call, const void *source, size_t offset,
                     _Out_ void *destination, size_t length);

enum sb_command_flags {
    /* An output shorter than output_minimum, but not empty, reaches the handler, which answers
       with what fits (sb_reply() does). Without it such a call is refused. */
    SB_TRUNCATABLE = 1,
    /* input and output are the same memory; see struct sb_call. */
    SB_IN_PLACE = 2,
};

/* A row of the command table. */
struct sb_command {
    uint32_t code;           /* SB_CONTROL_CODE(...), compared whole; not METHOD_NEITHER */
    uint32_t input_minimum;  /* bytes; outside the two limits: STATUS_INFO_LENGTH_MISMATCH */
    uint32_t input_maximum;  /* bytes */
    uint32_t output_minimum; /* bytes; less: STATUS_BUFFER_TOO_SMALL */
    uint32_t access;         /* SB_ACCESS_READ | SB_ACCESS_WRITE that the caller's handle must
                                have, even where the code itself says SB_ACCESS_ANY; missing:
                                STATUS_ACCESS_DENIED. 0 asks for what the code says. */
    uint32_t flags;          /* enum sb_command_flags */
    sb_handler *handler;
    uint32_t data_minimum; /* bytes of data, METHOD_IN_DIRECT only; outside the two limits: */
    uint32_t data_maximum; /* STATUS_INFO_LENGTH_MISMATCH */
};

#define SB_INPUT_EXACT(type) .input_minimum = sizeof(type), .input_maximum = sizeof(type)
#define SB_INPUT_NONE        .input_minimum = 0, .input_maximum = 0

/* Who may open the device. SYSTEM and administrators always have full access. */
enum sb_access_level {
    SB_ADMINISTRATORS_ONLY = 0,
    SB_AUTHENTICATED_USERS, /* and every authenticated user may read and write */
    SB_EVERYONE,            /* and everyone may read and write */
};

/* What a create callback learns of the open. */
struct sb_open {
    void *context;       /* open_context_size zeroed bytes of nonpaged memory, or NULL */
    uint32_t process_id; /* of the opener; over a socket, of the System process */
    uint64_t id;         /* this open's number, never 0 and never used again */
};

/* Notifications to an open that has subscribed; see sysbuf/notify.h. The queue's memory, capacity
   times maximum, at most 16 MiB, is taken when an open subscribes. */
struct sb_notify_options {
    uint32_t capacity; /* messages that wait for one subscriber, to 65536; 0: no notifications */
    uint32_t maximum;  /* bytes of one message, 1 to 65536 */
    enum sb_overflow overflow; /* what happens to a message without room */
};

/* The socket channel; see struct sb_driver. */
struct sb_socket_channel;
extern const struct sb_socket_channel sb_socket_channel;

/*
 * A driver with one device. All of it, the strings and the table included, must stay valid while
 * the driver is loaded: make it static const.
 */
struct sb_driver {
    const wchar_t *device_name; /* L"\\Device\\Name" */
    const wchar_t *link_name;   /* L"\\??\\Name", or NULL for none */
    enum sb_access_level access_level;
    BOOLEAN exclusive;          /* one handle at a time; a second open: STATUS_ACCESS_DENIED */
    uint32_t open_context_size; /* bytes of context for each open, 0 for none */
    uint32_t contract_version;  /* told to clients that ask with SB_QUERY_CONTRACT; 0: none */
    uint32_t pool_tag;          /* for what the library allocates; 0 means 'SBuf' */

    const struct sb_command *commands;
    size_t command_count;

    /* READ and WRITE, as rows without a code; refused where there is no handler. READ heeds
       output_minimum and access, WRITE the input's limits and access. */
    struct sb_command read;
    struct sb_command write;
    BOOLEAN direct_io; /* READ and WRITE get the caller's pages instead of a copy */

    /* What the library serves besides the table (sysbuf/protocol.h). */
    BOOLEAN statistics;                 /* SB_QUERY_STATISTICS */
    uint32_t batch_maximum;             /* commands in one SB_BATCH, at most 4096; 0: no batches */
    struct sb_notify_options notify;    /* SB_NOTIFY_... */
    const struct sb_ring_service *ring; /* shared rings (sysbuf/ring_driver.h); NULL: none */
    /* &sb_socket_channel: the commands are served over TCP as well, to peers that know a secret, if
       the registry says so (docs/channels.md, "Socket"). NULL: never, and the image has none of
       that code. A connection counts as an open: it has a context, create and close are called,
       from a system thread. An exclusive device does not exclude connections. */
    const struct sb_socket_channel *socket;

    /* Optional. load runs in sb_driver_start() before the device can be opened; an error ends the
       start and is its result. unload runs after the last close, when nobody can open any more.
       Both at PASSIVE_LEVEL. unload is called exactly if load succeeded. */
    NTSTATUS (*load)(void);
    void (*unload)(void);

    /* Optional. create runs for each open, in the opener's context at PASSIVE_LEVEL; an error
       refuses the open, and close is then not called. What it is given stays valid until close has
       returned. close runs when the last reference to the
       open has gone, in any process's context, at PASSIVE_LEVEL. */
    NTSTATUS (*create)(const struct sb_open *open);
    void (*close)(void *open_context);
};

/*
 * Starts a driver: checks the description, makes the device with a security descriptor of its
 * own, then the link, and installs the dispatch routines and the unload routine. To be called
 * once, from DriverEntry (PASSIVE_LEVEL), whose result it is. On failure everything done so far
 * is undone in reverse.
 *
 * A socket that the registry asks for in vain (a port that is taken, a secret that is missing) is a
 * failure, too.
 *
 * Returns STATUS_SUCCESS; STATUS_INVALID_PARAMETER for a description that contradicts itself (a
 * row without handler or with METHOD_NEITHER, a minimum above its maximum, a
 * code twice, a name missing), said in the log; or the status of the kernel routine that failed
 * (STATUS_OBJECT_NAME_COLLISION where the name is taken, STATUS_INSUFFICIENT_RESOURCES, ...).
 */
_IRQL_requires_(PASSIVE_LEVEL) NTSTATUS
    sb_driver_start(_In_ PDRIVER_OBJECT object, _In_ PUNICODE_STRING registry_path,
                    _In_ const struct sb_driver *driver);

enum sb_log_level { SB_LOG_ERROR, SB_LOG_WARNING, SB_LOG_TRACE, SB_LOG_INFO };

/*
 * Writes to the kernel's debug output under component IHVDRIVER at the given level (DbgPrintEx).
 * The format is DbgPrintEx's; end it with a line feed. Any IRQL, but %ws, %wZ and kin only at
 * PASSIVE_LEVEL. Windows shows errors only unless the component's filter mask is widened. The
 * registry value LogLevel (REG_SZ) below the driver's key Parameters, looked at when the driver
 * starts, names the last level that is written at all: error, warning, trace or info; the default
 * is info, which is everything.
 */
void __cdecl sb_log(enum sb_log_level level, _In_ _Printf_format_string_ const char *format, ...);

#ifdef __cplusplus
}
#endif

#endif
