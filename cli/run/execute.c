/* Doing what a statement says. Every function returns false when the run cannot go on. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/run/request.h"
#include "cli/run/watch.h"

void result_set(struct session *session, const char *what, sb_status status, uint64_t information)
{
    free(session->result.output);
    session->result =
        (struct session_result){.what = what, .status = status, .information = information};
}

void result_set_output(struct session *session, const void *output, size_t length, bool is_reply)
{
    struct session_result *result = &session->result;

    result->output = memory_allocate(length);
    memcpy(result->output, output, length);
    result->output_length = length;
    if (is_reply)
        result->reply_length = result->information < length ? result->information : length;
}

char *session_path(const struct session *session, const char *path)
{
    const char *folder = path[0] == '/' ? "" : session->options->folder;
    size_t size = strlen(folder) + strlen(path) + 1;
    char *full = memory_allocate(size);

    snprintf(full, size, "%s%s", folder, path);
    return full;
}

static bool load(struct session *session, const struct action *action)
{
    struct session_driver *driver;
    char *path = session_path(session, action->path);
    bool added = driver_add(session, path, action->as, &driver);

    free(path);
    if (!added)
        return report_failure(session, action->line, EXIT_UNUSABLE,
                              "there is another driver %s: give this one a name with as",
                              driver->name);
    (void)driver_start(session, driver, action->line);
    return true;
}

static bool find_driver(struct session *session, const struct action *action,
                        struct session_driver **driver)
{
    *driver = driver_find(session, action->name);
    if (*driver)
        return true;
    return action->name
               ? report_failure(session, action->line, EXIT_UNUSABLE, "there is no driver %s",
                                action->name)
               : report_failure(session, action->line, EXIT_UNUSABLE, "there is no driver");
}

static bool start(struct session *session, const struct action *action)
{
    struct session_driver *driver;

    if (!find_driver(session, action, &driver))
        return false;
    (void)driver_start(session, driver, action->line);
    return true;
}

static bool unload(struct session *session, const struct action *action)
{
    struct session_driver *driver;

    if (!find_driver(session, action, &driver))
        return false;
    if (!driver->driver)
        return report_failure(session, action->line, EXIT_UNUSABLE, "%s is not loaded",
                              driver->name);
    (void)driver_unload(session, driver, action->line);
    return true;
}

static bool add_process(struct session *session, const struct action *action)
{
    bool is_32_bit = action->has_bits ? action->is_32_bit : session->as_32_bit;

    if (process_find(session, action->name))
        return report_failure(session, action->line, EXIT_UNUSABLE, "there is a process %s already",
                              action->name);
    session->process = process_add(session, action->name, action->is_ordinary, is_32_bit);
    if (!session->process)
        return report_failure(session, action->line, EXIT_UNUSABLE,
                              "the machine makes no more processes");
    report_call(session, action->line, "process %s: %s, %u bits", action->name,
                action->is_ordinary ? "an ordinary user" : "an administrator",
                is_32_bit ? 32u : 64u);
    return true;
}

static bool choose_process(struct session *session, const struct action *action)
{
    if (!action->name) {
        session->process = NULL;
        session->as_ordinary = action->is_ordinary;
        return true;
    }
    struct session_process *process = process_find(session, action->name);
    if (!process)
        return report_failure(session, action->line, EXIT_UNUSABLE, "there is no process %s",
                              action->name);
    session->process = process;
    return true;
}

static bool choose_bits(struct session *session, const struct action *action)
{
    if (session->process && session->process->is_32_bit != action->is_32_bit)
        return report_failure(session, action->line, EXIT_UNUSABLE,
                              "process %s is of %u bits for its whole life", session->process->name,
                              session->process->is_32_bit ? 32u : 64u);
    session->as_32_bit = action->is_32_bit;
    return true;
}

static bool exit_process(struct session *session, const struct action *action)
{
    struct session_process *process =
        action->name ? process_find(session, action->name) : process_current(session);

    if (!process)
        return report_failure(session, action->line, EXIT_UNUSABLE, "there is no process %s",
                              action->name ? action->name : "");
    report_call(session, action->line, "exit %s", process->name);
    process_exit(session, process);
    return true;
}

/* "MyDevice" is short for "\\.\MyDevice". */
static char *full_path(const char *path)
{
    size_t size = strlen(path) + 5;
    char *full = memory_allocate(size);

    snprintf(full, size, "%s%s", path[0] == '\\' ? "" : "\\\\.\\", path);
    return full;
}

static bool open_file(struct session *session, const struct action *action)
{
    struct sb_open_options options = {.access = action->access,
                                      .share = action->share,
                                      .disposition = action->disposition,
                                      .is_overlapped = action->is_overlapped};
    struct session_process *owner = process_current(session);
    const char *name = action->as ? action->as : "it";
    sb_handle value = 0;
    char text[96];

    if (!owner)
        return report_failure(session, action->line, EXIT_UNUSABLE,
                              "the machine makes no more processes");
    char *path = full_path(action->path);
    sb_status status = sb_process_open(owner->process, path, &options, &value);
    struct session_handle *handle = handle_add(session, owner, name, value);
    handle->failure = status < 0 ? status : 0;
    handle->line = action->line;
    result_set(session, "open", status, 0);
    report_call(session, action->line, "open %s as %s: %s", path, name,
                report_status(status, text));
    free(path);
    return true;
}

static bool close_file(struct session *session, const struct action *action)
{
    struct session_process *owner;
    sb_handle value;
    const char *name;
    char text[96];

    if (!handle_resolve(session, action, &owner, &value, &name))
        return false;
    sb_status status = sb_process_close(owner->process, value);
    result_set(session, "close", status, 0);
    report_call(session, action->line, "close %s: %s", name, report_status(status, text));
    struct session_handle *handle = action->handle.has_value ? NULL : handle_find(session, name);
    if (handle && status >= 0)
        handle_forget(session, handle);
    return true;
}

static bool wait_for(struct session *session, const struct action *action)
{
    struct request *request = request_find(session, action->name);

    if (request)
        return request_wait(session, request, action);
    return report_failure(session, action->line, EXIT_UNUSABLE, "there is no request %s",
                          action->name);
}

static bool guard(struct session *session, const struct action *action)
{
    session->guards = action->is_on;
    return true;
}

/* In small pieces: an interruption ends it. */
static bool sleep_for(struct session *session, const struct action *action)
{
    int64_t end = watch_time() + (int64_t)action->milliseconds * 1000000;

    (void)session;
    while (watch_time() < end && !watch_was_interrupted()) {
        int64_t rest = end - watch_time(), most = 50 * 1000000;
        nanosleep(&(struct timespec){.tv_nsec = rest < most ? rest > 0 ? rest : 0 : most}, NULL);
    }
    return true;
}

static bool print(struct session *session, const struct action *action)
{
    log_flush(&session->log);
    printf("%s\n", action->path);
    fflush(stdout);
    return true;
}

static bool (*const execute[])(struct session *session, const struct action *action) = {
    [ACTION_LOAD] = load,
    [ACTION_START] = start,
    [ACTION_UNLOAD] = unload,
    [ACTION_PROCESS] = add_process,
    [ACTION_AS] = choose_process,
    [ACTION_BITS] = choose_bits,
    [ACTION_EXIT] = exit_process,
    [ACTION_OPEN] = open_file,
    [ACTION_CLOSE] = close_file,
    [ACTION_IOCTL] = request_execute,
    [ACTION_READ] = request_execute,
    [ACTION_WRITE] = request_execute,
    [ACTION_WAIT] = wait_for,
    [ACTION_GUARD] = guard,
    [ACTION_SLEEP] = sleep_for,
    [ACTION_PRINT] = print,
    [ACTION_EXPECT] = expect_all,
};

/* What can still be done on a machine that has stopped. */
static bool works_stopped(enum action_kind kind)
{
    return kind == ACTION_EXPECT || kind == ACTION_PRINT || kind == ACTION_SLEEP;
}

static bool is_call(enum action_kind kind)
{
    switch (kind) {
    case ACTION_PROCESS:
    case ACTION_AS:
    case ACTION_BITS:
    case ACTION_GUARD:
    case ACTION_WAIT:
        return false;
    default:
        return !works_stopped(kind);
    }
}

bool execute_action(struct session *session, const struct action *action)
{
    struct sb_bug_check bug_check;

    if (!works_stopped(action->kind) && sb_machine_bug_check(session->machine, &bug_check))
        return false;
    /* A call's log is what it prints itself. */
    if (is_call(action->kind))
        log_forget(&session->log);
    watch_step(action->line, action_verb_of(action->kind));
    return execute[action->kind](session, action);
}
