#include "cli/check/case.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sysbuf/code.h>

#include "cli/check/patience.h"
#include "cli/files.h"
#include "cli/run/machine.h"
#include "cli/run/play.h"
#include "cli/run/request.h"

struct case_result *case_result_create(void)
{
    void *result = mmap(NULL, sizeof(struct case_result), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return result == MAP_FAILED ? NULL : result;
}

void case_result_free(struct case_result *result)
{
    if (result)
        munmap(result, sizeof *result);
}

/* ---- in the case's own process ---- */
struct recorder {
    const struct session *session;
    struct sb_machine *machine;
    struct case_result *result;
};

static void keep_line(void *context, unsigned line, const struct session_result *result)
{
    const struct recorder *recorder = context;

    if (line < CASE_LINES)
        recorder->result->lines[line] =
            (struct case_line){true, result->status, result->information};
}

static void keep_number(struct case_result *result, struct case_number number)
{
    for (uint32_t i = 0; i < result->code_count; i++)
        if (number.value - result->codes[i] <= 3)
            return; /* a control code */
    for (uint32_t i = 0; i < result->number_count; i++)
        if (result->numbers[i].value == number.value && result->numbers[i].offset == number.offset)
            return;
    if (result->number_count < CASE_NUMBERS)
        result->numbers[result->number_count++] = number;
}

static void keep_numbers_of(const struct sb_image *image, struct case_result *result)
{
    const struct sb_code_constant *constants;
    struct sb_code *code;

    if (sb_code_read(image, &code) < 0)
        return;
    size_t count = sb_code_constants(code, &constants);
    /* A switch is compared with the first or last of its cases. */
    for (int beside = 0; beside <= 3; beside++)
        for (size_t i = 0; i < count && constants[i].is_compared; i++)
            keep_number(result, (struct case_number){constants[i].value + (uint64_t)beside,
                                                     constants[i].offset, constants[i].size});
    sb_code_free(code);
}

static void keep_numbers(const struct case_target *target, struct case_result *result)
{
    for (int i = 0; i < target->driver_count; i++) {
        struct file_contents file;
        struct sb_image *image;
        const char *reason;
        if (!file_read(target->drivers[i], &file, &reason))
            continue;
        if (sb_image_open(file.bytes, file.length, &image, NULL, 0) >= 0) {
            keep_numbers_of(image, result);
            sb_image_close(image);
        }
        free(file.bytes);
    }
}

/* Findings are kept at once: the process may be killed, or die, in the next statement. */
static void keep_new_findings(struct sb_machine *machine, struct case_result *result)
{
    struct case_finding *next = &result->findings[result->finding_count];

    while (result->finding_count < CASE_FINDINGS &&
           sb_machine_finding(machine, result->finding_count, &next->finding, next->stack,
                              CASE_STACK)) {
        result->finding_count++;
        next++;
    }
}

static bool has_lost_process(const struct session *session)
{
    for (const struct session_process *each = session->processes; each; each = each->next)
        if (sb_process_has_exited(each->process))
            return true;
    return false;
}

static void note_line(void *context, unsigned line)
{
    const struct recorder *recorder = context;

    keep_new_findings(recorder->machine, recorder->result);
    if (has_lost_process(recorder->session)) {
        recorder->result->end = CASE_ABANDONED;
        _exit(0);
    }
    __atomic_store_n(&recorder->result->line, line, __ATOMIC_RELEASE);
    recorder->result->beat++;
}

static void keep_paths(struct session *session, struct case_result *result)
{
    for (struct session_driver *each = session->drivers; each; each = each->next)
        for (uint32_t i = 0; each->driver && result->path_count < CASE_PATHS; i++) {
            char *path = result->paths[result->path_count];
            if (sb_driver_path(session->machine, each->driver, i, path, sizeof *result->paths) != 0)
                break;
            result->path_count++;
        }
}

static void keep_codes(struct session *session, struct case_result *result)
{
    for (struct session_driver *each = session->drivers; each; each = each->next) {
        size_t room = CASE_CODES - result->code_count, count;
        if (!each->driver)
            continue;
        count = sb_driver_control_codes(each->driver, result->codes + result->code_count, room);
        result->code_count += (uint32_t)(count < room ? count : room);
    }
}

static void keep_findings(struct session *session, struct case_result *result)
{
    struct sb_machine *machine = session->machine;

    result->finding_count = 0; /* how often each happened is known only now */
    keep_new_findings(machine, result);
    while (result->site_count < CASE_SITES &&
           sb_machine_site(machine, result->site_count, &result->sites[result->site_count]))
        result->site_count++;
    if (sb_machine_bug_check(machine, &result->bug_check)) {
        sb_machine_describe_stop(machine, result->stop_description, CASE_OUTPUT);
        result->end = CASE_STOPPED;
    }
}

/* From DriverEntry to the unload. */
static void play_machine(const struct case_target *target, struct play *play, const char *script,
                         struct case_result *result)
{
    struct session *session = &play->session;
    enum case_end end = CASE_NOT_STARTED;
    struct sb_bug_check stop;

    result->end = CASE_CRASHED; /* until all of it has come through */
    if (play_start(play)) {
        if (!strstr(script, "device add"))
            result->device_count = devices_add_all(session);
        keep_paths(session, result);
        if (target->wants_codes) {
            keep_codes(session, result);
            keep_numbers(target, result);
        }
        play_script(play);
        end = session->code == EXIT_UNUSABLE ? CASE_UNUSABLE : CASE_FINISHED;
        if (end == CASE_FINISHED && !sb_machine_bug_check(session->machine, &stop))
            result->line = 0; /* a stop keeps its line: what follows is still to be played */
    }
    result->beat++;
    play_finish(play);
    (void)sb_machine_settle(session->machine); /* what is left running shows itself now */
    result->exit_code = session->code;
    result->end = end;
    keep_findings(session, result);
}

/* Everything is given back: a search does this many times in one process. */
static void end_play(struct play *play)
{
    struct session *session = &play->session;

    if (!requests_all_done(session))
        _exit(0); /* a thread is inside a driver for good; the result says what there is */
    requests_free(session);
    sb_machine_destroy(session->machine);
    play_end(play);
}

static void play_once(const struct case_target *target, const char *script,
                      struct sb_machine_options options, struct case_result *result)
{
    struct recorder recorder = {.result = result};
    struct play play = {
        .drivers = target->drivers,
        .driver_count = target->driver_count,
        .options = {.observe = keep_line, .begin = note_line, .observe_context = &recorder},
    };
    sb_status status;

    result->end = CASE_UNUSABLE;
    result->beat++;
    play_begin(&play, target->script_name, target->script_path);
    log_open(&play.session.log, fopen("/dev/null", "we"), NULL);
    options.log = log_write;
    options.log_context = &play.session.log;
    if (play_read_script(&play, script, strlen(script)) != EXIT_FINE)
        return;
    status = sb_machine_create(&options, &play.session.machine);
    if (status < 0) {
        fprintf(stderr, "no machine: status 0x%08x\n", (unsigned)status);
        return;
    }
    recorder.session = &play.session;
    recorder.machine = play.session.machine;
    play_machine(target, &play, script, result);
    end_play(&play);
}

struct search {
    const struct case_target *target;
    const char *script;
    struct case_result *result;
};

static bool play_schedule(void *context, struct sb_schedule *schedule)
{
    struct search *search = context;
    struct case_result *result = search->result;
    struct sb_machine_options options = search->target->machine;

    options.schedule = schedule;
    result->path_count = 0;
    play_once(search->target, search->script, options, result);
    return result->finding_count || result->end == CASE_STOPPED || result->end == CASE_UNUSABLE;
}

static void play_schedules(const struct case_target *target, const char *script,
                           const struct case_variant *variant, struct case_result *result)
{
    struct search search = {target, script, result};
    struct sb_explore_options options = {.preemptions = variant->preemptions,
                                         .limit = variant->schedules};
    static struct sb_explore_result explored;

    if (sb_explore(&options, play_schedule, &search, &explored) < 0)
        return;
    result->schedules = explored.schedules;
    result->is_complete = explored.complete;
    if (explored.found)
        memcpy(result->seed, explored.seed, sizeof result->seed);
}

/* One machine. */
static void play_variant(const struct case_target *target, const char *script,
                         const struct case_variant *variant, struct sb_comparison *comparison,
                         struct case_result *result)
{
    struct sb_machine_options options = target->machine;

    /* With a schedule, were it the plainest, nothing is left to chance and no wait takes time. Only
     * threads that the script starts by itself cannot be part of it. */
    const char *seed = variant->seed ? variant->seed : strstr(script, "async") ? NULL : "0";
    if (seed && sb_schedule_create(seed, &options.schedule) < 0) {
        fprintf(stderr, "sysbuf: --replay: that is no seed of a schedule\n");
        result->end = CASE_UNUSABLE;
        return;
    }
    options.fail_site = variant->fail_site;
    options.verify_underruns = variant->has_underruns;
    options.comparison = comparison;
    result->path_count = 0;
    play_once(target, script, options, result);
    sb_schedule_destroy(options.schedule);
}

/* What the last machine found counts: the others are what it is compared with. */
static void play_compared(const struct case_target *target, const char *script,
                          const struct case_variant *variant, struct case_result *result)
{
    struct sb_comparison *comparison;

    result->end = CASE_UNUSABLE;
    if (sb_comparison_create(&comparison) < 0)
        return;
    while (sb_comparison_next(comparison))
        play_variant(target, script, variant, comparison, result);
    sb_comparison_destroy(comparison);
}

static void run_child(const struct case_target *target, const char *script,
                      const struct case_variant *variant, struct case_result *result)
{
    if (variant->schedules)
        play_schedules(target, script, variant, result);
    else if (variant->is_compared)
        play_compared(target, script, variant, result);
    else
        play_variant(target, script, variant, NULL, result);
}

/* ---- in the command ---- */
static void read_output(int file, struct case_result *result)
{
    ssize_t length = pread(file, result->output, sizeof result->output - 1, 0);

    result->output[length > 0 ? length : 0] = 0;
}

bool case_run(const struct case_target *target, const char *script,
              const struct case_variant *variant, struct case_result *result)
{
    static const struct case_variant plain;
    int output = memfd_create("sysbuf-case", MFD_CLOEXEC);

    madvise(result, sizeof *result, MADV_REMOVE); /* all zeros again */
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        dup2(output, STDOUT_FILENO);
        dup2(output, STDERR_FILENO);
        run_child(target, script, variant ? variant : &plain, result);
        fflush(NULL);
        _exit(0);
    }
    if (child > 0 && !patience_wait(child, target->time_limit, &result->beat))
        result->end = CASE_STUCK;
    if (output >= 0) {
        read_output(output, result);
        close(output);
    }
    return child > 0;
}
