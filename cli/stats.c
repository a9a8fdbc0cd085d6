/* sysbuf stats: a run, and what the drivers have counted in it. */
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/command.h"
#include "cli/run/counters.h"
#include "cli/run/run.h"
#include "cli/run/watch.h"

/* An application of its own that asks one driver. */
struct asker {
    struct sb_process *process;
    sb_handle file;
};

/* The thread of --watch. */
static struct {
    pthread_t thread;
    struct asker asker;
    bool is_wanted, runs;
    bool stops; /* atomic */
} watcher;

static sb_status asker_open(struct sb_machine *machine, struct sb_driver *driver,
                            struct asker *asker)
{
    char path[1024];
    sb_status status = sb_driver_path(machine, driver, 0, path, sizeof path);

    if (status >= 0)
        status = sb_process_create(machine, NULL, &asker->process);
    if (status < 0)
        return status;
    status = sb_process_open(asker->process, path, NULL, &asker->file);
    if (status < 0)
        sb_process_destroy(asker->process);
    return status;
}

static void asker_close(struct asker *asker)
{
    sb_process_destroy(asker->process);
}

static sb_status query(struct sb_machine *machine, struct sb_driver *driver,
                       struct counters *counters)
{
    struct asker asker;
    sb_status status = asker_open(machine, driver, &asker);

    if (status < 0)
        return status;
    status = counters_query(asker.process, asker.file, counters);
    asker_close(&asker);
    return status;
}

/* A tenth of a second at a time, so that the end is not waited for. */
static bool watcher_pauses(void)
{
    for (int i = 0; i < 10 && !__atomic_load_n(&watcher.stops, __ATOMIC_ACQUIRE); i++)
        nanosleep(&(struct timespec){.tv_nsec = 100 * 1000 * 1000}, NULL);
    return !__atomic_load_n(&watcher.stops, __ATOMIC_ACQUIRE);
}

static void *watch(void *unused)
{
    struct counters before = {0}, now;

    (void)unused;
    while (watcher_pauses() &&
           counters_query(watcher.asker.process, watcher.asker.file, &now) >= 0) {
        puts("--");
        counters_print(&now, &before);
        before = now;
    }
    return NULL;
}

/* An exclusive device that is watched is one that the script cannot open. */
static bool is_exclusive(struct sb_machine *machine, struct sb_driver *driver)
{
    struct asker second;

    if (asker_open(machine, driver, &second) < 0)
        return true;
    asker_close(&second);
    return false;
}

static void started(struct play *play)
{
    struct session *session = &play->session;
    struct sb_driver *driver = session->drivers->driver;
    char text[96];

    if (!watcher.is_wanted || !driver)
        return;
    sb_status status = asker_open(session->machine, driver, &watcher.asker);
    if (status < 0) {
        command_fail("--watch: %s cannot be opened: %s", session->drivers->name,
                     report_status(status, text));
        return;
    }
    if (is_exclusive(session->machine, driver))
        command_fail("--watch: %s can be open only once", session->drivers->name);
    else
        watcher.runs = pthread_create(&watcher.thread, NULL, watch, NULL) == 0;
    if (!watcher.runs)
        asker_close(&watcher.asker);
}

static void watcher_end(void)
{
    __atomic_store_n(&watcher.stops, true, __ATOMIC_RELEASE);
    if (!watcher.runs)
        return;
    pthread_join(watcher.thread, NULL);
    asker_close(&watcher.asker);
    watcher.runs = false;
}

static void show(struct session *session, const struct session_driver *driver)
{
    struct counters counters;
    char text[96];
    sb_status status = query(session->machine, driver->driver, &counters);

    if (status == SB_STATUS_MACHINE_STOPPED)
        return;
    if (status < 0) {
        (void)report_failure(session, 0, EXIT_UNUSABLE, "%s tells no counters: %s", driver->name,
                             report_status(status, text));
        return;
    }
    log_flush(&session->log);
    if (session->drivers->next)
        printf("%s\n", driver->name);
    counters_print(&counters, NULL);
}

/* The script's processes end first: a device may be exclusive. */
static void played(struct play *play)
{
    struct session *session = &play->session;

    watcher_end();
    watch_step(0, "the processes' end");
    processes_exit_all(session);
    watch_step(0, "the counters");
    for (struct session_driver *each = session->drivers; each; each = each->next)
        if (each->driver)
            show(session, each);
}

enum long_option { OPTION_WATCH = 128, OPTION_TIMEOUT, OPTION_LOG };

static const struct option long_options[] = {
    {"watch", no_argument, NULL, OPTION_WATCH},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"log", required_argument, NULL, OPTION_LOG},
    {"execute", required_argument, NULL, 'e'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static bool take_option(struct run_options *options, int option)
{
    switch (option) {
    case OPTION_WATCH:
        watcher.is_wanted = true;
        return true;
    case OPTION_TIMEOUT:
        return command_count("--timeout", optarg, 0, 1000000, &options->timeout);
    case OPTION_LOG:
        options->log_path = optarg;
        return true;
    default:
        options->statements = optarg;
        return true;
    }
}

int stats_command(int count, char **arguments)
{
    struct run_options options = {
        .log_prefix = "driver: ", .timeout = 60, .session = {.script_name = "", .is_quiet = true}};
    int option;

    while ((option = getopt_long(count, arguments, ":e:h", long_options, NULL)) != -1) {
        if (option == '?' || option == ':')
            return command_bad_option("stats", arguments, option);
        if (option == 'h')
            return help_show("stats");
        if (!take_option(&options, option))
            return EXIT_UNUSABLE;
    }
    options.drivers = arguments + optind;
    int code = options_take_files("stats", options.drivers, count - optind, &options.driver_count,
                                  &options.script);
    if (code == EXIT_FINE && options.script && options.statements)
        return command_fail("stats: a script and --execute exclude each other");
    return code == EXIT_FINE ? run_with(&options, started, played) : code;
}
