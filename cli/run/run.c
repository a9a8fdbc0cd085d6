/* sysbuf run: a machine, its drivers and a script, from beginning to end. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/files.h"
#include "cli/run/options.h"
#include "cli/run/play.h"
#include "cli/run/run.h"
#include "cli/run/request.h"
#include "cli/run/watch.h"

struct run {
    struct run_options options;
    struct play play;
    FILE *log_file;
};

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

static int read_script(struct run *run)
{
    struct file_contents text;
    const char *reason = "";

    if (!run->options.script && !run->options.statements)
        return EXIT_FINE;
    if (!read_script_text(&run->options, &text, &reason))
        return command_fail("%s: %s", run->play.options.script_name, reason);
    int code = play_read_script(&run->play, text.bytes, text.length);
    free(text.bytes);
    return code;
}

static void end_machine(struct session *session)
{
    struct stop stop = {0};
    bool stopped = stop_read(session, &stop);

    watch_step(0, "the machine's end");
    if (!requests_all_done(session)) {
        /* A thread is inside a driver for good: nothing may be freed under it. */
        fflush(NULL);
        if (session->trace)
            (void)sb_trace_file_finish(session->trace);
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
        log_open(&run->play.session.log, stdout, run->options.log_prefix);
        return true;
    }
    run->log_file = fopen(path, "we");
    if (!run->log_file) {
        command_fail("--log: %s cannot be written", path);
        return false;
    }
    log_open(&run->play.session.log, run->log_file, NULL);
    run->play.options.hides_log = true;
    return true;
}

static bool open_trace(struct run *run, struct sb_machine_options *machine)
{
    struct sb_trace_file **trace = &run->play.session.trace;

    if (!run->options.trace_path)
        return true;
    int error = sb_trace_file_create(run->options.trace_path, trace);
    if (error) {
        command_fail("--trace: %s: %s", run->options.trace_path, strerror(error));
        return false;
    }
    machine->trace = sb_trace_file_event;
    machine->trace_context = *trace;
    return true;
}

/* After the machine: the watch may finish it, too, and the memory stays for it. */
static void end_trace(struct run *run)
{
    struct session *session = &run->play.session;
    int error = session->trace ? sb_trace_file_finish(session->trace) : 0;

    if (!error)
        return;
    command_fail("--trace: %s: %s", run->options.trace_path, strerror(error));
    session->code = session->code == EXIT_FINE ? EXIT_UNUSABLE : session->code;
}

static int run_all(struct run *run)
{
    struct session *session = &run->play.session;
    struct sb_machine_options machine = run->options.machine;
    char text[96];

    if (!open_log(run))
        return EXIT_UNUSABLE;
    machine.log = log_write;
    machine.log_context = &session->log;
    if (!open_trace(run, &machine))
        return EXIT_UNUSABLE;
    if (!watch_start(run->options.timeout, run->play.options.script_name, session->trace))
        return command_fail("Linux starts no more threads");
    sb_status status = sb_machine_create(&machine, &session->machine);
    if (status < 0)
        return command_fail("no machine: %s", report_status(status, text));
    play_run(&run->play);
    end_machine(session);
    end_trace(run);
    if (watch_was_interrupted() && session->code == EXIT_FINE) {
        command_fail("interrupted");
        session->code = EXIT_INTERRUPTED;
    }
    if (session->expected_count)
        report_call(session, 0, "%u of %u expectations met",
                    session->expected_count - session->failed_count, session->expected_count);
    return session->code;
}

int run_with(const struct run_options *options, void (*started)(struct play *),
             void (*played)(struct play *))
{
    struct run run = {.options = *options};

    run.play.options = options->session;
    run.play.drivers = options->drivers;
    run.play.driver_count = options->driver_count;
    run.play.starts_nothing = options->starts_nothing;
    run.play.started = started;
    run.play.played = played;
    play_begin(&run.play, script_name(&run.options), options->script);
    int code = read_script(&run);
    if (code == EXIT_FINE)
        code = run_all(&run);
    play_end(&run.play);
    if (run.log_file)
        fclose(run.log_file);
    return code;
}

int run_command(int count, char **arguments)
{
    struct run_options options;
    bool shown_help;
    int code = run_options_read(count, arguments, &options, &shown_help);

    if (code != EXIT_FINE || shown_help)
        return code;
    return run_with(&options, NULL, NULL);
}
