/*
 * A run: the machine, and what the script has named on it. Used by the main thread alone, except
 * where said otherwise.
 */
#ifndef SYSBUF_CLI_SESSION_H
#define SYSBUF_CLI_SESSION_H

#include <pthread.h>

#include <sysbuf/host.h>

#include "cli/exit_codes.h"
#include "cli/run/log.h"
#include "cli/script/action.h"

struct session_driver {
    struct session_driver *next;
    char *name, *path;
    struct sb_driver *driver; /* NULL: not loaded */
};

struct session_process {
    struct session_process *next;
    char *name;
    bool is_ordinary, is_32_bit;
    struct sb_process *process;
};

enum handle_kind { HANDLE_FILE, HANDLE_EVENT, HANDLE_PORT, HANDLE_SECTION };

struct session_handle {
    struct session_handle *next;
    char *name;
    struct session_process *owner;
    sb_handle value;
    enum handle_kind kind;
    bool is_overlapped;
    sb_status failure; /* not 0: it could not be opened */
    unsigned line;     /* where that was */
};

/* What `expect` looks at. */
struct session_result {
    const char *what; /* NULL: nothing was called yet */
    sb_status status;
    uint64_t information;
    uint8_t *output; /* a copy of the whole output buffer */
    size_t output_length;
    size_t reply_length;
};

struct session_options {
    const char *script_name;
    const char *folder; /* of the script, with its slash; files are named from there */
    bool is_quiet, is_full, keeps_going;
    bool hides_log; /* it goes to a file */
    /* Each may be NULL. Called when a statement begins, and when it was done, with what the last
     * call gave. */
    void (*begin)(void *context, unsigned line);
    void (*observe)(void *context, unsigned line, const struct session_result *result);
    void *observe_context;
};

struct session {
    struct sb_machine *machine;
    const struct session_options *options;
    struct log log;
    struct sb_trace_file *trace;    /* NULL: none */
    struct session_driver *drivers; /* in the order in which they were loaded first */
    struct session_process *processes;
    struct session_device *devices; /* of drivers with AddDevice */
    struct session_handle *handles; /* the newest first */
    struct session_view *views;
    struct request *requests;        /* that have a name or are not done yet */
    struct together *together;       /* calls that are ready to run at the same time */
    struct session_process *process; /* chosen by name, or NULL: a default one */
    bool as_ordinary, as_32_bit;     /* which default one */
    bool guards;                     /* buffers end at their page's end to the byte */
    struct session_result result;
    unsigned expected_count, failed_count;
    bool bug_check_expected;
    enum exit_code code; /* of the run, so far */
};

/* ---- messages (report.c) ---- */
/* One line on standard output: a call and how it ended. Not with --quiet. */
void report_call(struct session *session, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "script:12: ..." on standard error; sets the run's exit code unless it has one. Returns false. */
bool report_failure(struct session *session, unsigned line, enum exit_code code, const char *format,
                    ...) __attribute__((format(printf, 4, 5)));
/* "STATUS_SUCCESS (0x00000000)" */
const char *report_status(sb_status status, char text[96]);
/* What the result holds, behind a call's line. */
void report_reply(struct session *session);
/* Bytes as "68 65 6c" and text, shortened to a line; the answer is in text. */
const char *report_bytes(const uint8_t *bytes, size_t length, char *text, size_t capacity);

/* ---- the end by a bug check (stop.c) ---- */
/* What is kept of it, for after the machine is gone. */
struct stop {
    struct sb_bug_check bug_check;
    char *description; /* the host's report; free() it */
};
/* False: the machine runs. */
bool stop_read(struct session *session, struct stop *stop);
/* On standard error: code, parameters, reason, place; the whole report if the log is not shown. */
void stop_report(struct session *session, const struct stop *stop);
/* What the host's report of a stop says of its reason, a line of *length bytes; NULL: nothing. */
const char *stop_reason(const char *description, int *length);

/* ---- drivers (drivers.c) ---- */
bool driver_add(struct session *session, const char *path, const char *name,
                struct session_driver **driver);
sb_status driver_start(struct session *session, struct session_driver *driver, unsigned line);
sb_status driver_unload(struct session *session, struct session_driver *driver, unsigned line);
struct session_driver *driver_find(struct session *session, const char *name);
/* Unloads what is loaded, in reverse order. */
void drivers_unload_all(struct session *session);
void drivers_free(struct session *session);

/* ---- processes and handles (processes.c) ---- */
/* The one in whose name a call is made now; made at its first use. NULL: it cannot be. */
struct session_process *process_current(struct session *session);
/* The same; NULL: said why. */
struct session_process *process_needed(struct session *session, const struct action *action);
struct session_process *process_find(struct session *session, const char *name);
/* The same, but admin and user are made where they are not there. */
struct session_process *process_named(struct session *session, const char *name);
struct session_process *process_add(struct session *session, const char *name,
                                    const struct sb_process_options *options);
/* Ends it; its handles and finished requests are forgotten. */
void process_exit(struct session *session, struct session_process *process);
void processes_exit_all(struct session *session);
/* Notes what a statement made, under a name, and whether that failed; an older handle of the name
 * is forgotten (not closed). */
struct session_handle *handle_note(struct session *session, const struct action *action,
                                   struct session_process *owner, const char *name,
                                   enum handle_kind kind, sb_handle value, sb_status status);
struct session_handle *handle_find(struct session *session, const char *name);
void handle_forget(struct session *session, struct session_handle *handle);
/* Which handle a statement means, and whose it is. False: said why. */
bool handle_resolve(struct session *session, const struct action *action,
                    struct session_process **owner, sb_handle *value, const char **name);
/* An event, port or section by its name; NULL: said why. */
struct session_handle *handle_of_kind(struct session *session, unsigned line, const char *name,
                                      enum handle_kind kind);

/* ---- views of sections (sections.c) ---- */
bool execute_section(struct session *session, const struct action *action);
bool execute_map(struct session *session, const struct action *action);
bool execute_unmap(struct session *session, const struct action *action);
bool execute_view(struct session *session, const struct action *action);
struct session_view *view_find(struct session *session, const char *name);
void *view_address(const struct session_view *view);
void views_forget_of(struct session *session, const struct session_process *owner);

/* ---- completion ports (ports.c), what a file says of itself (information.c) ---- */
bool execute_port(struct session *session, const struct action *action);
bool execute_associate(struct session *session, const struct action *action);
bool execute_packet(struct session *session, const struct action *action);
bool execute_post(struct session *session, const struct action *action);
bool execute_query(struct session *session, const struct action *action);
bool execute_change(struct session *session, const struct action *action);

/* A file's name from the script's folder; free() it. */
char *session_path(const struct session *session, const char *path);

/* ---- statements about handles and events (handles.c) ---- */
bool execute_open(struct session *session, const struct action *action);
bool execute_close(struct session *session, const struct action *action);
bool execute_duplicate(struct session *session, const struct action *action);
bool execute_event(struct session *session, const struct action *action);
bool execute_signal(struct session *session, const struct action *action);

/* ---- doing (execute.c, expect.c) ---- */
bool execute_action(struct session *session, const struct action *action);
bool expect_all(struct session *session, const struct action *action);
/* Takes the place of the last result; output is copied. */
void result_set(struct session *session, const char *what, sb_status status, uint64_t information);
void result_set_output(struct session *session, const void *output, size_t length, bool is_reply);

#endif
