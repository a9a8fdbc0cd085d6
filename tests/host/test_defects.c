/*
 * The corpus of mistakes on the verifier itself: every driver of tests/drivers/defects is loaded,
 * opened, called, closed and unloaded with all rules on. With the mistake the first finding is the
 * rule that its source names, at the line that its source names; the twin has none. A source that
 * needs other calls names them: SEQUENCE: one of sequences[].
 *
 * test-host-defects [--report FILE] [NAME...]: those alone; a line of the file says for each driver
 * "mistake rule variant bad|good outcome", the outcome being found, missed, clean or alarm. The
 * pairs are shared out among as many processes as there are processors.
 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sysbuf/host.h>

enum { SIZE = 64, PAGE = 4096, MOST_DEFECTS = 512, MOST_JOBS = 8 };

struct defect {
    char name[64];
    char rule[64];
    int line;
    char calls[128];
    bool is_for_clang_alone;
    const struct sequence *sequence;
};

/* One driver on one machine. */
struct trial {
    const struct defect *defect;
    struct sb_machine *machine;
    struct sb_driver *driver;
};

/* What an application does, and what is expected of loading. */
struct sequence {
    const char *name;
    void (*call)(const struct trial *trial);
    bool has_underruns; /* sb_machine_options.verify_underruns */
    bool fails_to_load; /* DriverEntry refuses */
    bool is_scheduled;  /* one thread at a time, by the plainest schedule */
    bool is_compared;   /* machines that hold other things in unwritten memory, by turns */
    uint32_t timeout;   /* sb_machine_options.verify_timeout */
    bool is_users;      /* who is no administrator */
};

static struct defect defects[MOST_DEFECTS];
static struct CMUnitTest tests[MOST_DEFECTS];
static size_t defect_count;
static int report = -1; /* a file all processes append to */

static void no_log(void *context, const char *text, size_t length)
{
    (void)context, (void)text, (void)length;
}

struct pointers {
    uint64_t buffer, length, file_handle;
};

struct caller {
    struct sb_process *process;
    sb_handle file;
    uint8_t *buffer; /* SIZE bytes */
    uint8_t *other;  /* a page for pointers to lead to */
};

static void exchange(const struct caller *caller, uint32_t code, size_t input, size_t output)
{
    struct sb_io_status io_status;
    sb_process_ioctl(caller->process, caller->file, 0, &io_status, code, caller->buffer, input,
                     caller->buffer, output);
}

static void control(const struct caller *caller, uint32_t code, size_t input)
{
    exchange(caller, code, input, SIZE);
}

/* Buffered requests with lengths of their own. */
static bool send_lengths(const struct caller *caller, const char *call)
{
    static const struct {
        const char *call;
        size_t input, output;
    } lengths[] = {{"empty", 0, 0}, {"short", 4, 4}, {"small-output", SIZE, 4}};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        if (strcmp(call, lengths[i].call) != 0)
            continue;
        exchange(caller, 0x222000, lengths[i].input, lengths[i].output);
        return true;
    }
    return false;
}

static void send(const struct caller *caller, const char *call)
{
    struct pointers pointers = {(uint64_t)caller->other, SIZE, caller->file};
    struct sb_io_status io_status;
    const uint32_t length = 16;

    memset(caller->buffer, 0x41, SIZE);
    memset(caller->other, 0x41, PAGE);
    memcpy(caller->other, &length, sizeof length);
    if (strcmp(call, "buffered") == 0) {
        control(caller, 0x222000, SIZE);
    } else if (strcmp(call, "in-direct") == 0) {
        control(caller, 0x222001, SIZE);
    } else if (strcmp(call, "out-direct") == 0) {
        control(caller, 0x222002, SIZE);
    } else if (strcmp(call, "neither") == 0) {
        memcpy(caller->buffer, &length, sizeof length);
        control(caller, 0x222003, SIZE);
    } else if (strcmp(call, "pointer") == 0) {
        memcpy(caller->buffer, &pointers, sizeof pointers);
        control(caller, 0x222000, sizeof pointers);
    } else if (strcmp(call, "read") == 0) {
        sb_process_read(caller->process, caller->file, 0, &io_status, caller->buffer, SIZE, 0);
    } else if (strcmp(call, "write") == 0) {
        sb_process_write(caller->process, caller->file, 0, &io_status, caller->buffer, SIZE, 0);
    } else if (!send_lengths(caller, call)) {
        fail_msg("CALLS: %s is unknown", call);
    }
}

static void call_driver(const struct trial *trial)
{
    struct sb_process_options options = {.is_ordinary = trial->defect->sequence->is_users};
    struct caller caller;
    char calls[sizeof trial->defect->calls], *rest = calls;

    memcpy(calls, trial->defect->calls, sizeof calls);
    if (sb_process_create(trial->machine, &options, &caller.process) != 0)
        return;
    if (sb_process_open(caller.process, "\\\\.\\Defect", NULL, &caller.file) == 0) {
        caller.buffer = sb_process_allocate(caller.process, SIZE, true);
        caller.other = sb_process_allocate(caller.process, PAGE, true);
        for (const char *call; (call = strtok_r(rest, " ", &rest)) != NULL;)
            send(&caller, call);
        sb_process_close(caller.process, caller.file);
    }
    sb_process_destroy(caller.process);
}

/* A control request that pends; what then becomes of it is the sequence's. */
static struct sb_process *call_pending(struct sb_machine *machine, sb_handle *file,
                                       struct sb_io_status *io_status)
{
    struct sb_open_options options = {.is_overlapped = true};
    struct sb_process *process;
    if (sb_process_create(machine, NULL, &process) != 0)
        return NULL;
    if (sb_process_open(process, "\\\\.\\Defect", &options, file) == 0) {
        void *buffer = sb_process_allocate(process, 64, true);
        sb_process_ioctl(process, *file, 0, io_status, 0x222000, buffer, 64, buffer, 64);
    }
    return process;
}

static void pend_and_cancel(const struct trial *trial)
{
    struct sb_io_status io_status = {0};
    sb_handle file = 0;
    struct sb_process *process = call_pending(trial->machine, &file, &io_status);
    if (!process)
        return;
    sb_process_cancel(process, file, NULL);
    sb_process_close(process, file);
    sb_process_destroy(process);
}

/* The process ends with its request pending. */
static void pend_and_exit(const struct trial *trial)
{
    struct sb_io_status io_status = {0};
    sb_handle file = 0;
    struct sb_process *process = call_pending(trial->machine, &file, &io_status);
    if (process)
        sb_process_destroy(process);
}

/* The plug and play manager finds a device for the driver; it goes with it. */
static void add_device(const struct trial *trial)
{
    struct sb_device *device;
    sb_device_add(trial->machine, trial->driver, "Defect", &device);
}

static void call_nothing(const struct trial *trial)
{
    (void)trial;
}

static const struct sequence sequences[] = {
    {.name = "calls", .call = call_driver}, /* where a source names none */
    {.name = "cancel", .call = pend_and_cancel},
    {.name = "compared", .call = call_driver, .is_compared = true},
    {.name = "device", .call = add_device},
    {.name = "exit", .call = pend_and_exit},
    {.name = "load", .call = call_nothing},
    {.name = "load-fails", .call = call_nothing, .fails_to_load = true},
    {.name = "scheduled", .call = call_driver, .is_scheduled = true},
    {.name = "stuck", .call = call_driver, .timeout = 400},
    {.name = "user", .call = call_driver, .is_users = true},
    {.name = "underruns", .call = call_driver, .has_underruns = true},
};

static const struct sequence *find_sequence(const char *name)
{
    for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++)
        if (strcmp(sequences[i].name, name) == 0)
            return &sequences[i];
    return NULL;
}

/* One write each: the processes' lines do not mix. */
static void report_outcome(const struct defect *defect, const char *variant, bool bad,
                           const char *outcome)
{
    char line[256];
    int length = snprintf(line, sizeof line, "%s %s %s %s %s\n", defect->name, defect->rule,
                          variant, bad ? "bad" : "good", outcome);
    if (report >= 0 && write(report, line, (size_t)length) != length)
        fail_msg("the report cannot be written");
}

/* What came of a machine's life. */
struct outcome {
    sb_status status; /* of loading */
    uint32_t count;
    struct sb_finding finding; /* the first */
    char stack[2048];
};

static void run_machine(const struct defect *defect, const char *path,
                        const struct sb_machine_options *options, struct outcome *outcome)
{
    struct sb_machine *machine;
    struct sb_driver *driver;
    char error[512] = "";

    *outcome = (struct outcome){0};
    assert_int_equal(0, sb_machine_create(options, &machine));
    outcome->status = sb_machine_load_driver_file(machine, path, &driver, error, sizeof error);
    if ((outcome->status != 0) != defect->sequence->fails_to_load)
        print_message("%s: %08x %s\n", path, (unsigned)outcome->status, error);
    if (outcome->status == 0)
        defect->sequence->call(&(struct trial){defect, machine, driver});
    if (outcome->status == 0)
        sb_machine_unload_driver(machine, driver);
    outcome->count = sb_machine_finding_count(machine);
    if (outcome->count)
        sb_machine_finding(machine, 0, &outcome->finding, outcome->stack, sizeof outcome->stack);
    sb_machine_destroy(machine);
}

static void run_machines(const struct defect *defect, const char *path, struct outcome *outcome)
{
    struct sb_machine_options options = {.log = no_log,
                                         .verify = SB_VERIFY_ALL,
                                         .verify_timeout = defect->sequence->timeout,
                                         .verify_underruns = defect->sequence->has_underruns};
    if (defect->sequence->is_scheduled)
        assert_int_equal(0, sb_schedule_create(NULL, &options.schedule));
    if (defect->sequence->is_compared)
        assert_int_equal(0, sb_comparison_create(&options.comparison));
    if (!options.comparison)
        run_machine(defect, path, &options, outcome);
    while (options.comparison && sb_comparison_next(options.comparison))
        run_machine(defect, path, &options, outcome);
    sb_comparison_destroy(options.comparison);
    sb_schedule_destroy(options.schedule);
}

static void run(const struct defect *defect, const char *variant, bool bad)
{
    static struct outcome outcome;
    const struct sb_finding *finding = &outcome.finding;
    char path[512];

    snprintf(path, sizeof path, SYSBUF_DEFECTS "/%s-%s-%s.sys", defect->name, bad ? "bad" : "good",
             variant);
    run_machines(defect, path, &outcome);
    uint32_t count = outcome.count;
    bool found = bad && count && strcmp(finding->rule.identifier, defect->rule) == 0 &&
                 finding->line == defect->line;
    report_outcome(defect, variant, bad,
                   found   ? "found"
                   : bad   ? "missed"
                   : count ? "alarm"
                           : "clean");
    if (bad ? !found : count != 0)
        print_message("%s: %u findings; %s: %s at %s+0x%lx %s:%d\n%s", path, count,
                      count ? finding->rule.identifier : "-", finding->message, finding->module,
                      finding->offset, finding->source_file, finding->line, outcome.stack);
    assert_int_equal(defect->sequence->fails_to_load, outcome.status != 0);
    assert_int_equal(bad, count != 0);
    if (!bad)
        return;
    assert_string_equal(defect->rule, finding->rule.identifier);
    assert_int_equal(defect->line, finding->line);
}

static void test_defect(void **state)
{
    static const char *const variants[] = {"clang-O0", "clang-O2", "gcc-O0", "gcc-O2"};
    const struct defect *defect = *state;
    size_t count = sizeof variants / sizeof *variants;

    sb_host_claim_faults();
    for (size_t i = 0; i < (defect->is_for_clang_alone ? 2 : count); i++) {
        run(defect, variants[i], true);
        run(defect, variants[i], false);
    }
}

/* What a line says behind a mark. */
static void read_marks(struct defect *defect, const char *line, int number)
{
    static const char mistake[] = "MISTAKE: ", calls[] = "CALLS: ";
    char sequence[64];
    const char *at = strstr(line, mistake);

    if (at && sscanf(at + sizeof mistake - 1, "%63[a-z0-9-]", defect->rule) == 1)
        defect->line = number;
    if ((at = strstr(line, calls)) != NULL)
        sscanf(at + sizeof calls - 1, "%127[a-z -]", defect->calls);
    if ((at = strstr(line, "SEQUENCE: ")) != NULL)
        defect->sequence =
            sscanf(at, "SEQUENCE: %63[a-z-]", sequence) == 1 ? find_sequence(sequence) : NULL;
    if (strstr(line, "COMPILER: clang"))
        defect->is_for_clang_alone = true;
}

static bool read_source(const char *path, struct defect *defect)
{
    char line[512];
    FILE *file = fopen(path, "r");

    strcpy(defect->calls, "buffered read write");
    defect->sequence = find_sequence("calls");
    for (int number = 1; file && fgets(line, sizeof line, file); number++)
        read_marks(defect, line, number);
    if (file)
        fclose(file);
    return defect->line != 0 && defect->sequence;
}

/* Where signals come late nothing interrupts a loop of the driver. */
static bool can_be_ended(const char *name)
{
#ifdef SYSBUF_SIGNALS_ARE_LATE
    return strcmp(name, "request_stuck_loop") != 0;
#else
    (void)name;
    return true;
#endif
}

static bool is_wanted(const char *name, int count, char **names)
{
    for (int i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return count == 0 && can_be_ended(name);
}

static void add(const char *file_name)
{
    struct defect *defect = &defects[defect_count];
    char path[512];
    size_t length = strlen(file_name);

    snprintf(path, sizeof path, SYSBUF_DEFECT_SOURCES "/%s", file_name);
    snprintf(defect->name, sizeof defect->name, "%.*s", (int)(length - 2), file_name);
    if (!read_source(path, defect)) {
        fprintf(stderr, "%s: no line says MISTAKE: rule, or its SEQUENCE is unknown\n", path);
        exit(2);
    }
    tests[defect_count++] = (struct CMUnitTest){defect->name, test_defect, NULL, NULL, defect};
}

static int is_source(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 2 && strcmp(entry->d_name + length - 2, ".c") == 0;
}

/* Each jobs-th pair from the first-th on, its output kept in a file: processes do not mix theirs.
 */
static int run_share(size_t first, size_t jobs)
{
    size_t count = 0;
    for (size_t i = first; i < defect_count; i += jobs)
        tests[count++] = tests[i];
    return _cmocka_run_group_tests("defects", tests, count, NULL, NULL);
}

static pid_t start_share(size_t first, size_t jobs, FILE *output)
{
    pid_t child = fork();
    if (child != 0)
        return child;
    dup2(fileno(output), STDOUT_FILENO);
    dup2(fileno(output), STDERR_FILENO);
    int failed = run_share(first, jobs);
    fflush(NULL);
    _exit(failed ? 1 : 0);
}

static void print_output(FILE *output)
{
    char text[4096];
    size_t length;
    rewind(output);
    while ((length = fread(text, 1, sizeof text, output)) > 0)
        fwrite(text, 1, length, stdout);
    fclose(output);
}

static int run_shares(size_t jobs)
{
    FILE *outputs[MOST_JOBS];
    pid_t children[MOST_JOBS];
    int failed = 0;
    for (size_t i = 0; i < jobs; i++) {
        outputs[i] = tmpfile();
        children[i] = outputs[i] ? start_share(i, jobs, outputs[i]) : -1;
    }
    for (size_t i = 0; i < jobs; i++) {
        int status = 1;
        if (children[i] < 0 || waitpid(children[i], &status, 0) < 0 || status != 0)
            failed = 1;
        if (outputs[i])
            print_output(outputs[i]);
        if (children[i] > 0 && WIFSIGNALED(status))
            printf("process %zu ended by signal %d\n", i, WTERMSIG(status));
    }
    return failed;
}

static size_t job_count(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t jobs = processors < 1 ? 1 : (size_t)processors;
    if (jobs > MOST_JOBS)
        jobs = MOST_JOBS;
    return jobs < defect_count ? jobs : defect_count;
}

static int open_report(const char *path)
{
    report = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_APPEND | O_CLOEXEC, 0666);
    if (report < 0)
        perror(path);
    return report;
}

int main(int count, char **arguments)
{
    struct dirent **entries;
    bool has_report = count > 2 && strcmp(arguments[1], "--report") == 0;
    int skipped = has_report ? 3 : 1;

    if (has_report && open_report(arguments[2]) < 0)
        return 2;
    int found = scandir(SYSBUF_DEFECT_SOURCES, &entries, is_source, alphasort);

    for (int i = 0; i < found && defect_count < MOST_DEFECTS; i++) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)strlen(entries[i]->d_name) - 2,
                 entries[i]->d_name);
        if (is_wanted(name, count - skipped, arguments + skipped))
            add(entries[i]->d_name);
        free(entries[i]);
    }
    if (found >= 0)
        free(entries);
    if (defect_count == 0) {
        fprintf(stderr, "no such mistake in " SYSBUF_DEFECT_SOURCES "\n");
        return 2;
    }
    return job_count() > 1 ? run_shares(job_count()) : run_share(0, 1);
}
