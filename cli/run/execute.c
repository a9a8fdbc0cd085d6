/* Doing what a statement says. Every function returns false when the run cannot go on. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/run/machine.h"
#include "cli/run/counters.h"
#include "cli/run/request.h"
#include "cli/run/together.h"
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
    struct sb_process_options options = {.is_ordinary = action->is_ordinary,
                                         .is_32_bit = action->has_bits ? action->is_32_bit
                                                                       : session->as_32_bit,
                                         .nonpaged_quota = action->quota,
                                         .paged_quota = action->quota};

    if (process_find(session, action->name))
        return report_failure(session, action->line, EXIT_UNUSABLE, "there is a process %s already",
                              action->name);
    session->process = process_add(session, action->name, &options);
    if (!session->process)
        return report_failure(session, action->line, EXIT_UNUSABLE,
                              "the machine makes no more processes");
    report_call(session, action->line, "process %s: %s, %u bits", action->name,
                action->is_ordinary ? "an ordinary user" : "an administrator",
                options.is_32_bit ? 32u : 64u);
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

static bool wait_for_event(struct session *session, const struct action *action)
{
    struct session_handle *event =
        handle_of_kind(session, action->line, action->name, HANDLE_EVENT);
    uint32_t limit = action->has_limit ? (uint32_t)action->milliseconds : SB_FOREVER;
    char text[96];

    if (!event)
        return false;
    sb_status status = sb_process_wait(event->owner->process, &event->value, 1, false, limit);
    result_set(session, "wait", status, 0);
    report_call(session, action->line, "wait %s: %s", event->name, report_status(status, text));
    return true;
}

static bool wait_for(struct session *session, const struct action *action)
{
    struct request *request = request_find(session, action->name);

    if (request)
        return request_wait(session, request, action);
    if (handle_find(session, action->name))
        return wait_for_event(session, action);
    return report_failure(session, action->line, EXIT_UNUSABLE, "there is no request or event %s",
                          action->name);
}

static bool shut_down(struct session *session, const struct action *action)
{
    sb_status status = sb_machine_shutdown(session->machine);
    char text[96];

    result_set(session, "shutdown", status, 0);
    report_call(session, action->line, "shutdown: %s", report_status(status, text));
    return true;
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
    [ACTION_OPEN] = execute_open,
    [ACTION_CLOSE] = execute_close,
    [ACTION_DUPLICATE] = execute_duplicate,
    [ACTION_EVENT] = execute_event,
    [ACTION_SIGNAL] = execute_signal,
    [ACTION_RESET] = execute_signal,
    [ACTION_SHUTDOWN] = shut_down,
    [ACTION_DEVICE] = execute_device,
    [ACTION_REGISTRY] = execute_registry,
    [ACTION_PORT] = execute_port,
    [ACTION_ASSOCIATE] = execute_associate,
    [ACTION_PACKET] = execute_packet,
    [ACTION_POST] = execute_post,
    [ACTION_SECTION] = execute_section,
    [ACTION_MAP] = execute_map,
    [ACTION_UNMAP] = execute_unmap,
    [ACTION_VIEW] = execute_view,
    [ACTION_QUERY] = execute_query,
    [ACTION_CHANGE] = execute_change,
    [ACTION_FLUSH] = request_flush,
    [ACTION_CANCEL] = request_cancel,
    [ACTION_STATS] = execute_stats,
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
    case ACTION_PACKET:
        return false;
    default:
        return !works_stopped(kind);
    }
}

static void begin(struct session *session, const struct action *action)
{
    watch_step(action->line, action_verb_of(action->kind));
    sb_machine_mark_request(session->machine, action->line);
    if (session->options->begin)
        session->options->begin(session->options->observe_context, action->line);
}

bool execute_action(struct session *session, const struct action *action)
{
    struct sb_bug_check bug_check;

    if (!works_stopped(action->kind) && sb_machine_bug_check(session->machine, &bug_check))
        return false;
    if (!action->is_together && !together_run(session))
        return false;
    begin(session, action);
    if (action->is_together)
        return together_add(session, action);
    /* A call's log is what it prints itself. */
    if (is_call(action->kind))
        log_forget(&session->log);
    bool goes_on = execute[action->kind](session, action);
    if (session->options->observe)
        session->options->observe(session->options->observe_context, action->line,
                                  &session->result);
    return goes_on;
}
