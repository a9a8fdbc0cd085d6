/* One process a job, which share the corpus's folder. A machine does not survive a fork: each job
 * makes its own. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/fuzz/fuzz.h"

struct shared {
    volatile bool stop;
    struct fuzz_progress progress[MOST_JOBS];
};

static struct shared *shared; /* for the signal handler */

static void on_signal(int number)
{
    (void)number;
    shared->stop = true;
}

static void take_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static int worse(int left, int right)
{
    return left == EXIT_UNUSABLE || right == EXIT_UNUSABLE ? EXIT_UNUSABLE
           : left > right                                  ? left
                                                           : right;
}

/* A job that ends by a signal has found what the host could not contain. */
static int code_of(int status)
{
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    fprintf(stderr, "sysbuf: a job ended by signal %d (%s)\n", WTERMSIG(status),
            strsignal(WTERMSIG(status)));
    return EXIT_EXPECTATION;
}

static void report_until_done(const struct fuzz_options *options, unsigned *running, int *code)
{
    struct timespec second = {1, 0};
    uint64_t requests = 0;
    double seconds = 0;
    while (*running) {
        int status;
        while (*running && waitpid(-1, &status, WNOHANG) > 0) {
            *code = worse(*code, code_of(status));
            --*running;
        }
        if (!*running)
            break;
        nanosleep(&second, NULL);
        seconds++;
        if (!options->is_quiet)
            fuzz_report(shared->progress, options->jobs, seconds, requests, seconds - 1);
        for (unsigned i = requests = 0; i < options->jobs; i++)
            requests += shared->progress[i].requests;
    }
}

static int run_jobs(const struct fuzz_options *options)
{
    unsigned running = 0;
    int code = EXIT_FINE;
    fflush(stdout);
    for (unsigned i = 0; i < options->jobs; i++) {
        pid_t child = fork();
        if (child == 0) {
            int result = fuzz_loop(options, i, &shared->progress[i], &shared->stop);
            fflush(stdout);
            _exit(result);
        }
        running += child > 0;
    }
    if (!running)
        return command_fail("Linux starts no more processes");
    report_until_done(options, &running, &code);
    return code;
}

int fuzz_in_jobs(struct fuzz_options *options)
{
    char folder[] = "/tmp/sysbuf-corpus-XXXXXX";
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return command_fail("no memory");
    take_signals();
    if (options->jobs == 1)
        return fuzz_loop(options, 0, &shared->progress[0], &shared->stop);
    if (!options->corpus) {
        options->corpus = mkdtemp(folder);
        if (!options->corpus)
            return command_fail("no folder for the corpus in /tmp");
        printf("corpus: %s\n", options->corpus);
    }
    return run_jobs(options);
}
