#include "cli/run/play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/files.h"
#include "cli/run/machine.h"
#include "cli/run/request.h"
#include "cli/run/together.h"
#include "cli/run/watch.h"

static char *folder_of(const char *path)
{
    char *folder = memory_copy_text(path ? path : "");
    char *slash = strrchr(folder, '/');

    *(slash ? slash + 1 : folder) = 0;
    return folder;
}

void play_begin(struct play *play, const char *script_name, const char *script_path)
{
    play->folder = folder_of(script_path);
    play->options.script_name = script_name;
    play->options.folder = play->folder;
    play->session.options = &play->options;
}

static bool read_data(void *context, const char *path, struct arena *arena,
                      struct action_data *data, const char **reason)
{
    const struct play *play = context;
    struct file_contents file;
    char *full = session_path(&play->session, path);
    bool read = file_read(full, &file, reason);

    free(full);
    if (!read)
        return false;
    data->bytes = (const uint8_t *)arena_copy(arena, (const char *)file.bytes, file.length);
    data->length = file.length;
    free(file.bytes);
    return true;
}

static int fail_script(const struct play *play, const struct script_error *error)
{
    fflush(stdout);
    fprintf(stderr, "%s:%u: %s\n", play->options.script_name, error->line, error->text);
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

int play_read_script(struct play *play, const void *text, size_t length)
{
    struct script_walk check = {check_statement, play, true};
    struct script_error error = {0};

    if (!script_parse(&play->script, text, length, &error) ||
        !script_walk(&play->script, &check, &error))
        return fail_script(play, &error);
    return EXIT_FINE;
}

/* ---- the run ---- */
static bool run_statement(void *context, const struct script_statement *statement,
                          const struct script_variables *variables, struct script_error *error)
{
    struct play *play = context;
    struct action_files files = {read_data, play};
    struct arena arena = {0};
    struct action action;
    bool fine = !watch_was_interrupted() &&
                action_parse(statement, variables, &files, &arena, &action, error) &&
                execute_action(&play->session, &action);

    arena_free(&arena);
    return fine;
}

void play_script(struct play *play)
{
    struct script_walk walk = {run_statement, play, false};
    struct script_error error = {0};

    if (script_walk(&play->script, &walk, &error))
        (void)together_run(&play->session);
    else if (error.line) /* a value that only a later round of a loop gave was wrong */
        play->session.code = fail_script(play, &error);
}

bool play_start(struct play *play)
{
    struct session *session = &play->session;

    for (int i = 0; i < play->driver_count; i++) {
        struct session_driver *driver;
        if (!driver_add(session, play->drivers[i], NULL, &driver))
            return report_failure(session, 0, EXIT_UNUSABLE, "two drivers are called %s",
                                  driver->name);
        if (play->starts_nothing)
            continue;
        watch_step(0, play->drivers[i]);
        sb_status status = driver_start(session, driver, 0);
        if (status == SB_STATUS_MACHINE_STOPPED)
            return false;
        if (status < 0)
            return report_failure(session, 0, EXIT_NOT_STARTED, "%s did not start", driver->name);
    }
    return true;
}

void play_finish(struct play *play)
{
    struct session *session = &play->session;
    struct sb_bug_check bug_check;

    watch_step(0, "the processes' end");
    processes_exit_all(session);
    watch_step(0, "the unload at the end");
    sb_machine_mark_request(session->machine, 0);
    devices_remove_all(session);
    if (!sb_machine_bug_check(session->machine, &bug_check))
        drivers_unload_all(session);
}

void play_run(struct play *play)
{
    if (play_start(play)) {
        if (play->started)
            play->started(play);
        play_script(play);
        if (play->played)
            play->played(play);
    }
    play_finish(play);
}

void play_end(struct play *play)
{
    struct session *session = &play->session;

    together_free(session);
    drivers_free(session);
    while (session->handles)
        handle_forget(session, session->handles);
    result_set(session, NULL, 0, 0);
    if (session->log.output)
        log_close(&session->log);
    script_free(&play->script);
    free(play->folder);
}
