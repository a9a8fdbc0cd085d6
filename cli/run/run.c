/* sysbuf run: a machine, its drivers and a script, from beginning to end. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/files.h"
#include "cli/run/options.h"
#include "cli/run/request.h"
#include "cli/run/watch.h"

struct run {
    struct run_options options;
    struct session session;
    struct script script;
    char *folder;
    FILE *log_file;
};

/* ---- the script's files ---- */
static bool read_data(void *context, const char *path, struct arena *arena,
                      struct action_data *data, const char **reason)
{
    const struct run *run = context;
    struct file_contents file;
    char *full = session_path(&run->session, path);
    bool read = file_read(full, &file, reason);

    free(full);
    if (!read)
        return false;
    data->bytes = (const uint8_t *)arena_copy(arena, (const char *)file.bytes, file.length);
    data->length = file.length;
    free(file.bytes);
    return true;
}

static bool read_script_text(const struct run_options *options, struct file_contents *text,
                             const char **reason)
{
    if (options->statements) {
        text->length = strlen(options->statements);
        text->bytes = (uint8_t *)memory_copy_text(options->statements);
        return true;
    }
    return strcmp(options->script, "-") == 0 ? file_read_standard_input(text, reason)
                                             : file_read(options->script, text, reason);
}

static const char *script_name(const struct run_options *options)
{
    if (options->statements)
        return "--execute";
    if (!options->script)
        return "";
    return strcmp(options->script, "-") == 0 ? "standard input" : options->script;
}

static char *folder_of(const char *path)
{
    char *folder = memory_copy_text(path ? path : "");
    char *slash = strrchr(folder, '/');

    *(slash ? slash + 1 : folder) = 0;
    return folder;
}

static int fail_script(const struct run *run, const struct script_error *error)
{
    fflush(stdout);
    fprintf(stderr, "%s:%u: %s\n", run->options.session.script_name, error->line, error->text);
    return EXIT_UNUSABLE;
}

/* ---- before the run: every statement is looked at ---- */
static bool check_statement(void *context, const struct script_statement *statement,
                            const struct script_variables *variables, struct script_error *error)
{
    struct action_files files = {read_data, context};
    struct arena arena = {0};
    struct action action;
    bool fine = action_parse(statement, variables, &files, &arena, &action, error);

    arena_free(&arena);
    return fine;
}

static int read_script(struct run *run)
{
    struct script_walk check = {check_statement, run, true};
    struct script_error error = {0};
    struct file_contents text;
    const char *reason = "";

    if (!run->options.script && !run->options.statements)
        return EXIT_FINE;
    if (!read_script_text(&run->options, &text, &reason))
        return command_fail("%s: %s", run->options.session.script_name, reason);
    bool parsed = script_parse(&run->script, (char *)text.bytes, text.length, &error);
    free(text.bytes);
    if (!parsed || !script_walk(&run->script, &check, &error))
        return fail_script(run, &error);
    return EXIT_FINE;
}

/* ---- the run ---- */
static bool run_statement(void *context, const struct script_statement *statement,
                          const struct script_variables *variables, struct script_error *error)
{
    struct run *run = context;
    struct action_files files = {read_data, run};
    struct arena arena = {0};
    struct action action;
    bool fine = !watch_was_interrupted() &&
                action_parse(statement, variables, &files, &arena, &action, error) &&
                execute_action(&run->session, &action);

    arena_free(&arena);
    return fine;
}

static void run_script(struct run *run)
{
    struct script_walk walk = {run_statement, run, false};
    struct script_error error;

    /* A value that only a later round of a loop gives may be wrong in its place. */
    if (!script_walk(&run->script, &walk, &error) && error.line)
        run->session.code = fail_script(run, &error);
}

static bool start_drivers(struct run *run)
{
    struct session *session = &run->session;

    for (int i = 0; i < run->options.driver_count; i++) {
        struct session_driver *driver;
        if (!driver_add(session, run->options.drivers[i], NULL, &driver))
            return report_failure(session, 0, EXIT_UNUSABLE, "two drivers are called %s",
                                  driver->name);
        if (run->options.starts_nothing)
            continue;
        watch_step(0, run->options.drivers[i]);
        sb_status status = driver_start(session, driver, 0);
        if (status == SB_STATUS_MACHINE_STOPPED)
            return false;
        if (status < 0)
            return report_failure(session, 0, EXIT_NOT_STARTED, "%s did not start", driver->name);
    }
    return true;
}

static void run_machine(struct run *run)
{
    struct session *session = &run->session;
    struct sb_bug_check bug_check;

    if (start_drivers(run))
        run_script(run);
    watch_step(0, "the processes' end");
    processes_exit_all(session);
    watch_step(0, "the unload at the end");
    if (!sb_machine_bug_check(session->machine, &bug_check))
        drivers_unload_all(session);
}

static void end_machine(struct session *session)
{
    struct stop stop = {0};
    bool stopped = stop_read(session, &stop);

    watch_step(0, "the machine's end");
    if (!requests_all_done(session)) {
        /* A thread is inside a driver for good: nothing may be freed under it. */
        fflush(NULL);
        _exit(session->code);
    }
    requests_free(session);
    sb_machine_destroy(session->machine); /* its last threads log until here */
    if (stopped) {
        stop_report(session, &stop);
        if (!session->bug_check_expected && session->code == EXIT_FINE)
            session->code = EXIT_BUG_CHECK;
    }
    free(stop.description);
}

static bool open_log(struct run *run)
{
    const char *path = run->options.log_path;

    if (!path) {
        log_open(&run->session.log, stdout, run->options.log_prefix);
        return true;
    }
    run->log_file = fopen(path, "we");
    if (!run->log_file) {
        command_fail("--log: %s cannot be written", path);
        return false;
    }
    log_open(&run->session.log, run->log_file, NULL);
    run->options.session.hides_log = true;
    return true;
}

static int run_all(struct run *run)
{
    struct session *session = &run->session;
    struct sb_machine_options machine = run->options.machine;
    char text[96];

    if (!open_log(run))
        return EXIT_UNUSABLE;
    machine.log = log_write;
    machine.log_context = &session->log;
    if (!watch_start(run->options.timeout, run->options.session.script_name))
        return command_fail("Linux starts no more threads");
    sb_status status = sb_machine_create(&machine, &session->machine);
    if (status < 0)
        return command_fail("no machine: %s", report_status(status, text));
    run_machine(run);
    end_machine(session);
    if (watch_was_interrupted() && session->code == EXIT_FINE) {
        command_fail("interrupted");
        session->code = EXIT_INTERRUPTED;
    }
    if (session->expected_count)
        report_call(session, 0, "%u of %u expectations met",
                    session->expected_count - session->failed_count, session->expected_count);
    return session->code;
}

static void release(struct run *run)
{
    drivers_free(&run->session);
    while (run->session.handles)
        handle_forget(&run->session, run->session.handles);
    result_set(&run->session, NULL, 0, 0);
    if (run->session.log.output)
        log_close(&run->session.log);
    if (run->log_file)
        fclose(run->log_file);
    script_free(&run->script);
    free(run->folder);
}

int run_command(int count, char **arguments)
{
    struct run run = {0};
    bool shown_help;
    int code = run_options_read(count, arguments, &run.options, &shown_help);

    if (code != EXIT_FINE || shown_help)
        return code;
    run.options.session.script_name = script_name(&run.options);
    run.folder = folder_of(run.options.script);
    run.options.session.folder = run.folder;
    run.session.options = &run.options.session;
    code = read_script(&run);
    if (code == EXIT_FINE)
        code = run_all(&run);
    release(&run);
    return code;
}
