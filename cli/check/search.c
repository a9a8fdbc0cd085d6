#include "cli/check/search.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/files.h"
#include "cli/fuzz/fuzz.h"
#include "cli/memory.h"

/* A machine of its own now and then, as a driver may come to a state that it does not leave. */
enum { RUNS = 120000, MACHINES = 1500, FRUITLESS = 6000, RUNS_OF_MACHINE = 500, TIMEOUT = 2000 };

enum { TOO_SHORT = 3 /* exit code */ };

static const char phase[] = "search for code";

/* The calls that succeeded, a script a device. */
static bool write_seed(const struct device *device, const char *path)
{
    FILE *file = fopen(path, "we");

    if (!file)
        return false;
    fprintf(file, "%s\n", device->open);
    for (size_t i = 0; i < device->entrance_count; i++)
        for (size_t k = 0; k < device->entrances[i].good.count && k < 2; k++)
            fprintf(file, "%s\n", device->entrances[i].good.lines[k]);
    return fclose(file) == 0;
}

/* In a process of its own: a driver may do anything to it. False: the time was too short. */
static bool fuzz(struct workload *workload, const char *folder)
{
    static struct fuzz_progress progress;
    static volatile bool stop;
    static char seeds[MOST_SCRIPTS][2048];
    struct fuzz_options options = {.crashes = folder,
                                   .runs = RUNS,
                                   .machines = MACHINES,
                                   .fruitless = FRUITLESS,
                                   .seconds = budget_left(workload->budget),
                                   .seed = 1,
                                   .jobs = 1,
                                   .is_quiet = true,
                                   .target = {.driver = workload->target->drivers[0],
                                              .verify = SB_VERIFY_ALL,
                                              .timeout = TIMEOUT,
                                              .reset_after = RUNS_OF_MACHINE,
                                              .is_scheduled = true,
                                              .is_hasty = true}};
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
    for (size_t i = 0; i < workload->device_count && options.script_count < MOST_SCRIPTS; i++) {
        char *seed = seeds[options.script_count];
        snprintf(seed, sizeof *seeds, "%s/%zu.seed", folder, i);
        if (write_seed(&workload->devices[i], seed))
            options.scripts[options.script_count++] = seed;
    }
    (void)fuzz_loop(&options, 0, &progress, &stop);
    return !progress.is_late;
}

static bool fuzz_apart(struct workload *workload, const char *folder)
{
    int status = 0;

    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        _exit(fuzz(workload, folder) ? 0 : TOO_SHORT);
    if (child < 0 || waitpid(child, &status, 0) != child)
        return false;
    if (WIFEXITED(status) && WEXITSTATUS(status) == TOO_SHORT)
        budget_leave_out(workload->budget, phase);
    return true;
}

/* ---- what broke ---- */
static int is_script(const struct dirent *entry)
{
    const char *end = strrchr(entry->d_name, '.');

    return end && strcmp(end, ".script") == 0;
}

static void play_file(struct workload *workload, const char *path)
{
    struct file_contents file;
    const char *reason;

    if (!file_read(path, &file, &reason))
        return;
    char *script = memory_allocate(file.length + 1);
    memcpy(script, file.bytes, file.length);
    (void)workload_case(workload, phase, script, NULL, NULL);
    free(script);
    free(file.bytes);
}

static void play_crashes(struct workload *workload, const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_script, alphasort);

    for (int i = 0; i < count; i++) {
        char path[2048];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        play_file(workload, path);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

static void remove_folder(const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, NULL);

    for (int i = 0; i < count; i++) {
        char path[2048];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        unlink(path); /* (not "." and "..") */
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    rmdir(folder);
}

void search_run(struct workload *workload)
{
    const char *temporary = getenv("TMPDIR");
    char folder[1024];

    if (workload->target->driver_count != 1 || !budget_allows(workload->budget, phase))
        return; /* (a driver that others belong to is not fuzzed alone) */
    progress_show(workload->progress, phase, "");
    snprintf(folder, sizeof folder, "%s/sysbuf-check-XXXXXX", temporary ? temporary : "/tmp");
    if (!mkdtemp(folder))
        return;
    if (fuzz_apart(workload, folder))
        play_crashes(workload, folder);
    remove_folder(folder);
}
