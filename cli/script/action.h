/*
 * What a statement asks for, ready to be done: names, numbers and bytes. sysbuf-script(5) says what
 * each means. Making one reads the files it names and touches nothing else.
 */
#ifndef SYSBUF_CLI_ACTION_H
#define SYSBUF_CLI_ACTION_H

#include "cli/script/script.h"

enum action_kind {
    ACTION_LOAD,
    ACTION_START,
    ACTION_UNLOAD,
    ACTION_PROCESS,
    ACTION_AS,
    ACTION_BITS,
    ACTION_EXIT,
    ACTION_OPEN,
    ACTION_CLOSE,
    ACTION_DUPLICATE,
    ACTION_IOCTL,
    ACTION_READ,
    ACTION_WRITE,
    ACTION_FLUSH,
    ACTION_CANCEL,
    ACTION_STATS,
    ACTION_WAIT,
    ACTION_EVENT,
    ACTION_SIGNAL,
    ACTION_RESET,
    ACTION_PORT,
    ACTION_ASSOCIATE,
    ACTION_PACKET,
    ACTION_POST,
    ACTION_SECTION,
    ACTION_MAP,
    ACTION_UNMAP,
    ACTION_VIEW,
    ACTION_QUERY,
    ACTION_CHANGE,
    ACTION_SHUTDOWN,
    ACTION_DEVICE,
    ACTION_REGISTRY,
    ACTION_GUARD,
    ACTION_SLEEP,
    ACTION_PRINT,
    ACTION_EXPECT,
};

/* Eight bytes of an input that are known only when the call is made. */
enum action_pointer_kind {
    POINTER_MEMORY, /* the address of memory of the process, zeroed */
    POINTER_VIEW,   /* the address of a view */
    POINTER_HANDLE, /* the value of a handle */
};

struct action_pointer {
    struct action_pointer *next;
    size_t offset; /* in the data */
    enum action_pointer_kind kind;
    uint32_t length;  /* of that memory */
    const char *name; /* of the view or handle */
};

/* Bytes in the action's arena. */
struct action_data {
    const uint8_t *bytes;
    size_t length;
    struct action_pointer *pointers; /* of a request's buffers alone */
};

enum action_buffer_kind {
    BUFFER_NONE,  /* a NULL pointer and the length 0 */
    BUFFER_VALID, /* memory of the process: data, and zeros up to length */
    BUFFER_SAME,  /* the input's memory */
    BUFFER_NULL,  /* a NULL pointer with a length */
    BUFFER_BAD,   /* a user address where nothing is mapped */
    BUFFER_KERNEL /* an address above the user's */
};

struct action_buffer {
    enum action_buffer_kind kind;
    struct action_data data;
    uint32_t length; /* that the driver is told */
    uint32_t room;   /* that there is */
};

/* A handle: by its name, by its value, or the process's last one. */
struct action_handle {
    const char *name; /* NULL: none given */
    bool has_value;
    uint64_t value;
};

enum expectation_kind {
    EXPECT_STATUS,
    EXPECT_SUCCESS,
    EXPECT_FAILURE,
    EXPECT_INFORMATION,
    EXPECT_BYTES,  /* the reply: data, or its part at offset */
    EXPECT_OUTPUT, /* the whole output buffer, at offset */
    EXPECT_LOG,
    EXPECT_NO_LOG,
    EXPECT_BUG_CHECK,
};

struct expectation {
    struct expectation *next;
    enum expectation_kind kind;
    uint64_t number; /* status, Information, bug check code, or the log's time limit in ms */
    bool has_offset;
    uint64_t offset;
    struct action_data data; /* also the log's text; NULL bytes: any text */
};

struct action {
    enum action_kind kind;
    unsigned line;
    const char *name; /* of the driver, process, event or request that the statement is about */
    const char *as;   /* the name its result gets */
    const char *path; /* a file, a device, a registry key or a text */
    struct action_handle handle;
    const char *event;                     /* of a request; NULL: none */
    bool is_ordinary, is_32_bit, has_bits; /* process, as, bits */
    uint64_t quota;                        /* process: of each kind of pool; 0 none */
    bool is_together; /* runs at the same time as those before and behind it that say so too */
    bool is_overlapped, is_asynchronous, is_on, is_manual, closes_source;
    uint32_t access, share, disposition, code;
    struct action_buffer input, output;
    bool has_offset;
    int64_t offset;
    uint64_t milliseconds;              /* sleep, wait, packet */
    uint64_t size;                      /* of a section or a view; 0: the rest */
    uint64_t key, context, information; /* of a port's packet; code is its status */
    bool has_limit;
    struct expectation *expectations;
};

/* Reads a whole file, its name taken relative to the script, into the arena. False: reason says
 * why. */
struct action_files {
    bool (*read)(void *context, const char *path, struct arena *arena, struct action_data *data,
                 const char **reason);
    void *context;
};

/* The action of a statement that is neither seq nor set. All that it points to is in the arena. */
bool action_parse(const struct script_statement *statement,
                  const struct script_variables *variables, const struct action_files *files,
                  struct arena *arena, struct action *action, struct script_error *error);

/* The verbs, for the test that each is documented; NULL ends them. */
const char *action_verb(size_t index);
/* The verb of an action, for messages. */
const char *action_verb_of(enum action_kind kind);

#endif
