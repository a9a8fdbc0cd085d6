/* A machine with the driver on it: making, looking at, taking apart. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/internal.h"

enum { REPORT_SIZE = 16384 };

static void hide_log(void *context, const char *text, size_t length)
{
    (void)context, (void)text, (void)length;
}

static bool fail(char *error, size_t size, const char *what, sb_status status, const char *more)
{
    if (size)
        snprintf(error, size, "%s: status 0x%08x%s%s", what, (unsigned)status, *more ? ": " : "",
                 more);
    return false;
}

static void allocate_pair(struct rig *rig, struct buffer_pair *pair)
{
    *pair = (struct buffer_pair){
        .input = sb_process_allocate(rig->process, PROGRAM_LARGEST_BUFFER, true),
        .output = sb_process_allocate(rig->process, PROGRAM_LARGEST_BUFFER, true),
    };
}

bool rig_renew_process(struct rig *rig)
{
    sb_process_destroy(rig->process);
    rig->process = NULL;
    memset(rig->slots, 0, sizeof(rig->slots));
    if (sb_process_create(rig->machine, NULL, &rig->process) < 0)
        return false;
    for (unsigned i = 0; i < BUFFER_PAIRS; i++) {
        allocate_pair(rig, &rig->pairs[i]);
        if (!rig->pairs[i].input || !rig->pairs[i].output)
            return false;
    }
    return true;
}

/* A driver with an AddDevice routine makes its devices there. */
static void add_device(struct rig *rig)
{
    char id[80];
    snprintf(id, sizeof(id), "ROOT\\%.*s", (int)strcspn(rig->module, "."), rig->module);
    if (sb_device_add(rig->machine, rig->driver, id, &rig->device) < 0)
        rig->device = NULL;
}

static bool start(struct sb_fuzz *fuzz, struct rig *rig, struct sb_coverage *coverage, char *error,
                  size_t error_size)
{
    struct sb_machine_options options = {
        .log = hide_log, .debug_print_mask = 1, .verify = fuzz->options.verify};
    char reason[400] = "";
    uint64_t bytes;
    if (fuzz->options.is_scheduled && sb_schedule_create("0", &rig->schedule) >= 0)
        options.schedule = rig->schedule;
    sb_status status = sb_machine_create(&options, &rig->machine);
    if (status < 0)
        return fail(error, error_size, "no machine", status, "");
    status = sb_machine_load_driver(rig->machine, fuzz->image, fuzz->image_size, fuzz->name,
                                    &rig->driver, reason, sizeof(reason));
    if (status < 0) {
        rig->driver = NULL;
        return fail(error, error_size, "the driver does not start", status, reason);
    }
    add_device(rig);
    status = coverage ? sb_driver_coverage_start(rig->driver, coverage) : 0;
    if (status < 0)
        return fail(error, error_size, "no coverage of the driver", status, "");
    if (!rig_renew_process(rig))
        return fail(error, error_size, "no process", status, "");
    rig->findings = sb_machine_finding_count(rig->machine);
    sb_machine_pool_usage(rig->machine, &rig->blocks_at_start, &bytes);
    return true;
}

bool rig_make(struct sb_fuzz *fuzz, struct rig *rig, struct sb_coverage *coverage, char *error,
              size_t error_size)
{
    *rig = (struct rig){.module = fuzz->name};
    fuzz->machine_count++;
    if (start(fuzz, rig, coverage, error, error_size))
        return true;
    rig_destroy(fuzz, rig);
    return false;
}

void rig_unload(struct rig *rig)
{
    struct sb_bug_check stop;
    sb_process_destroy(rig->process);
    rig->process = NULL;
    if (rig->device && !sb_machine_bug_check(rig->machine, &stop))
        sb_device_act(rig->machine, rig->device, SB_DEVICE_REMOVE);
    rig->device = NULL;
    if (rig->driver && !sb_machine_bug_check(rig->machine, &stop))
        sb_machine_unload_driver(rig->machine, rig->driver);
    rig->driver = NULL;
}

void rig_destroy(struct sb_fuzz *fuzz, struct rig *rig)
{
    struct sb_machine *machine = rig->machine;
    sb_process_destroy(rig->process);
    rig->process = NULL;
    pthread_mutex_lock(&fuzz->watchdog.mutex);
    rig->machine = NULL;
    pthread_mutex_unlock(&fuzz->watchdog.mutex);
    sb_machine_destroy(machine);
    sb_schedule_destroy(rig->schedule);
    rig->schedule = NULL;
}

/* ---- what broke ---- */
/* The stop is in a routine of the host: the driver's frame nearest to it says more. */
static bool find_driver_frame(const struct rig *rig, const char *report, const char **module,
                              uint64_t *offset)
{
    char pattern[80];
    snprintf(pattern, sizeof(pattern), "%s+0x", rig->module);
    const char *found = report ? strstr(report, pattern) : NULL;
    if (!found)
        return false;
    *module = rig->module;
    *offset = strtoull(found + strlen(pattern), NULL, 16);
    return true;
}

enum { MANUALLY_INITIATED_CRASH = 0xE2 };

bool rig_hung(const struct rig *rig)
{
    struct sb_bug_check stop;
    return sb_machine_bug_check(rig->machine, &stop) && stop.code == MANUALLY_INITIATED_CRASH;
}

/* Where in its loop the driver was stopped is chance: the request tells hangs apart. */
static void describe_hang(const struct rig *rig, char identity[IDENTITY_SIZE], char *title,
                          size_t title_size)
{
    static const char *const requests[] = {"ioctl", "read",   "write", "open",
                                           "close", "cancel", "flush", "wait"};
    const struct operation *last = &rig->last;
    snprintf(identity, IDENTITY_SIZE, "%s-%s-%s-%x", rig->is_ending ? "kept" : "hang", rig->module,
             requests[last->kind], last->code);
    snprintf(title, title_size,
             rig->is_ending
                 ? "%s does not let go of %s 0x%x, which was cancelled as its process ended"
                 : "%s does not return from %s 0x%x",
             rig->module, requests[last->kind], last->code);
}

static void describe_stop(const struct rig *rig, const struct sb_bug_check *stop,
                          char identity[IDENTITY_SIZE], char *title, size_t title_size,
                          char **report)
{
    const char *module = stop->module[0] ? stop->module : "host";
    uint64_t offset = stop->module[0] ? stop->offset : 0;
    /* Of an exception's bug check, the exception counts too. */
    uint64_t detail = stop->code == 0x3B || stop->code == 0x7E || stop->code == 0x1E
                          ? (uint32_t)stop->parameters[0]
                          : 0;
    char *text = malloc(REPORT_SIZE);
    if (text)
        sb_machine_describe_stop(rig->machine, text, REPORT_SIZE);
    if (!stop->module[0])
        find_driver_frame(rig, text, &module, &offset);
    snprintf(identity, IDENTITY_SIZE, "stop-%02x-%" PRIx64 "-%s-%" PRIx64, stop->code, detail,
             module, offset);
    snprintf(title, title_size,
             "bug check 0x%08x (0x%" PRIx64 ", 0x%" PRIx64 ", 0x%" PRIx64 ", 0x%" PRIx64
             ") at %s+0x%" PRIx64,
             stop->code, stop->parameters[0], stop->parameters[1], stop->parameters[2],
             stop->parameters[3], module, offset);
    if (stop->code == MANUALLY_INITIATED_CRASH)
        describe_hang(rig, identity, title, title_size);
    if (report)
        *report = text;
    else
        free(text);
}

static void describe_finding(const struct rig *rig, char identity[IDENTITY_SIZE], char *title,
                             size_t title_size, char **report)
{
    struct sb_finding finding;
    char *stack = malloc(REPORT_SIZE);
    sb_machine_finding(rig->machine, rig->findings, &finding, stack, stack ? REPORT_SIZE : 0);
    const char *module = finding.module;
    if (!finding.module[0] && !find_driver_frame(rig, stack, &module, &finding.offset))
        module = "host";
    if (module != finding.module && strcmp(module, "host") == 0)
        finding.offset = 0;
    snprintf(identity, IDENTITY_SIZE, "%s-%s-%" PRIx64, finding.rule.identifier, module,
             finding.offset);
    snprintf(title, title_size, "%s: %s at %s+0x%" PRIx64, finding.rule.identifier, finding.message,
             module, finding.offset);
    if (report && (*report = malloc(REPORT_SIZE)))
        snprintf(*report, REPORT_SIZE, "%s: %s\n%s\nOn Windows: %s\n%s\n%s",
                 finding.rule.identifier, finding.rule.title, finding.message, finding.rule.windows,
                 finding.rule.document, stack ? stack : "");
    free(stack);
}

/* A finding comes before the stop that it may have led to. */
bool rig_broke(const struct rig *rig, char identity[IDENTITY_SIZE], char *title, size_t title_size,
               char **report)
{
    struct sb_bug_check stop;
    if (!rig->machine)
        return false;
    if (sb_machine_finding_count(rig->machine) > rig->findings) {
        describe_finding(rig, identity, title, title_size, report);
        return true;
    }
    if (!sb_machine_bug_check(rig->machine, &stop))
        return false;
    describe_stop(rig, &stop, identity, title, title_size, report);
    return true;
}
