/* include/sysbuf/fuzz.h: a driver's image, its machine, and inputs one after the other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/internal.h"

enum {
    DEFAULT_RESET = 1000,
    MOST_LEFT_BEHIND = 64, /* blocks of pool */
    LOOK_AT_POOL = 16,     /* inputs: counting blocks costs as much as a request */
};

static bool fail(char *error, size_t size, const char *text)
{
    if (size)
        snprintf(error, size, "%s", text);
    return false;
}

static bool read_file(struct sb_fuzz *fuzz, char *error, size_t error_size)
{
    const char *path = fuzz->options.driver;
    const char *slash = strrchr(path, '/');
    FILE *stream = fopen(path, "rbe");
    size_t capacity = 1 << 16;
    fuzz->name = slash ? slash + 1 : path;
    if (!stream)
        return fail(error, error_size, "the file cannot be read");
    do {
        uint8_t *grown = realloc(fuzz->image, capacity *= 2);
        if (!grown)
            break;
        fuzz->image = grown;
        fuzz->image_size += fread(grown + fuzz->image_size, 1, capacity - fuzz->image_size, stream);
    } while (fuzz->image_size == capacity);
    bool is_whole = feof(stream) && !ferror(stream);
    fclose(stream);
    return is_whole || fail(error, error_size, "the file cannot be read");
}

static bool read_image(struct sb_fuzz *fuzz, char *error, size_t error_size)
{
    struct sb_image *image;
    if (sb_image_open(fuzz->image, fuzz->image_size, &image, error, error_size) < 0)
        return false;
    sb_status status = sb_code_read(image, &fuzz->code);
    if (status >= 0)
        tokens_collect(fuzz, image);
    sb_image_close(image);
    if (status < 0)
        return fail(error, error_size, "no memory for the driver's code");
    struct sb_coverage *coverage = &fuzz->coverage;
    coverage->count = (uint32_t)sb_code_blocks(fuzz->code, &coverage->addresses);
    coverage->seen = calloc(coverage->count + 1, 1);
    coverage->order = calloc(coverage->count + 1, sizeof(*coverage->order));
    fuzz->mutation = mutation_create(fuzz);
    fuzz->variation = variation_create(fuzz);
    size_t count = sb_code_control_codes(fuzz->code, &fuzz->codes.codes);
    fuzz->codes.count = count < MOST_CODES ? (uint32_t)count : MOST_CODES;
    return (coverage->seen && coverage->order && fuzz->mutation && fuzz->variation &&
            numbers_collect(fuzz)) ||
           fail(error, error_size, "no memory");
}

static bool find_devices(struct sb_fuzz *fuzz, char *error, size_t error_size)
{
    struct sb_fuzz_options *options = &fuzz->options;
    uint32_t index = 0;
    fuzz->is_plug_and_play = fuzz->rig.device != NULL;
    for (; index < options->device_count && index < SB_FUZZ_MOST_DEVICES; index++)
        snprintf(fuzz->devices[index], sizeof(fuzz->devices[index]), "%s", options->device[index]);
    if (index == 0)
        while (index < SB_FUZZ_MOST_DEVICES &&
               sb_driver_path(fuzz->rig.machine, fuzz->rig.driver, index, fuzz->devices[index],
                              sizeof(fuzz->devices[index])) >= 0)
            index++;
    fuzz->device_count = index;
    return index || fail(error, error_size, "the driver makes no device that could be opened");
}

/* At least one device must open, or there is nothing to do. */
static bool try_devices(struct sb_fuzz *fuzz, char *error, size_t error_size)
{
    const struct sb_open_options options = {.is_overlapped = true};
    sb_status status = 0;
    for (uint32_t i = 0; i < fuzz->device_count; i++) {
        sb_handle handle;
        status = sb_process_open(fuzz->rig.process, fuzz->devices[i], &options, &handle);
        if (status >= 0) {
            sb_process_close(fuzz->rig.process, handle);
            return true;
        }
    }
    if (error_size)
        snprintf(error, error_size, "%s cannot be opened: status 0x%08x", fuzz->devices[0],
                 (unsigned)status);
    return false;
}

static bool start(struct sb_fuzz *fuzz, char *error, size_t error_size)
{
    if (!read_file(fuzz, error, error_size) || !read_image(fuzz, error, error_size))
        return false;
    fuzz->device_count = 1;
    if (fuzz->options.is_idle)
        return true;
    if (!rig_make(fuzz, &fuzz->rig, &fuzz->coverage, error, error_size))
        return false;
    if (!find_devices(fuzz, error, error_size) || !try_devices(fuzz, error, error_size))
        return false;
    return watchdog_start(fuzz) || fail(error, error_size, "Linux starts no more threads");
}

bool sb_fuzz_open(const struct sb_fuzz_options *options, struct sb_fuzz **fuzz, char *error,
                  size_t error_size)
{
    struct sb_fuzz *made = calloc(1, sizeof(*made));
    if (!made)
        return fail(error, error_size, "no memory");
    made->options = *options;
    if (!made->options.reset_after)
        made->options.reset_after = DEFAULT_RESET;
    pthread_mutex_init(&made->watchdog.mutex, NULL);
    if (!start(made, error, error_size)) {
        sb_fuzz_close(made);
        return false;
    }
    *fuzz = made;
    return true;
}

void sb_fuzz_close(struct sb_fuzz *fuzz)
{
    if (!fuzz)
        return;
    watchdog_end(fuzz);
    if (fuzz->rig.machine)
        rig_destroy(fuzz, &fuzz->rig);
    pthread_mutex_destroy(&fuzz->watchdog.mutex);
    sb_code_free(fuzz->code);
    free(fuzz->coverage.seen);
    free(fuzz->coverage.order);
    free(fuzz->mutation);
    free(fuzz->variation);
    free(fuzz->numbers);
    free(fuzz->tokens);
    free(fuzz->history);
    free(fuzz->identities);
    free(fuzz->hanging);
    free(fuzz->image);
    free(fuzz);
}

/* ---- running ---- */
/* True when it is new; then it is remembered. */
static bool is_new(struct sb_fuzz *fuzz, const char *identity)
{
    for (size_t i = 0; i < fuzz->identity_count; i++)
        if (strcmp(fuzz->identities[i], identity) == 0)
            return false;
    void *grown = realloc(fuzz->identities, (fuzz->identity_count + 1) * IDENTITY_SIZE);
    if (grown) {
        fuzz->identities = grown;
        snprintf(fuzz->identities[fuzz->identity_count++], IDENTITY_SIZE, "%s", identity);
    }
    return true;
}

static void leave_out(struct sb_fuzz *fuzz, uint32_t code)
{
    uint32_t *grown = realloc(fuzz->hanging, (fuzz->hanging_count + 1) * sizeof(code));
    if (!grown)
        return;
    fuzz->hanging = grown;
    fuzz->hanging[fuzz->hanging_count++] = code;
}

static bool note_crash(struct sb_fuzz *fuzz, const uint8_t *input, size_t length,
                       struct sb_fuzz_crash *crash)
{
    *crash = (struct sb_fuzz_crash){.input = NULL};
    if (!rig_broke(&fuzz->rig, crash->identity, crash->title, sizeof(crash->title), &crash->report))
        return false;
    struct operation last = fuzz->rig.last;
    bool hung = rig_hung(&fuzz->rig) && last.kind == OPERATION_IOCTL;
    crash->is_repeated = !is_new(fuzz, crash->identity);
    if (crash->is_repeated)
        rig_destroy(fuzz, &fuzz->rig);
    else
        crash_examine(fuzz, input, length, crash);
    if (hung)
        leave_out(fuzz, last.code);
    history_clear(fuzz);
    return true;
}

bool sb_fuzz_finish(struct sb_fuzz *fuzz, struct sb_fuzz_crash *crash)
{
    if (!fuzz->rig.machine)
        return true;
    rig_unload(&fuzz->rig);
    if (note_crash(fuzz, NULL, 0, crash))
        return false;
    rig_destroy(fuzz, &fuzz->rig);
    history_clear(fuzz);
    return true;
}

static bool must_reset(const struct sb_fuzz *fuzz)
{
    uint64_t blocks, bytes;
    if (fuzz->history_count >= fuzz->options.reset_after)
        return true;
    if (fuzz->history_count % LOOK_AT_POOL != 0)
        return false;
    sb_machine_pool_usage(fuzz->rig.machine, &blocks, &bytes);
    return blocks > fuzz->rig.blocks_at_start + MOST_LEFT_BEHIND;
}

/* A driver that does not start again after inputs that broke nothing: the machine's memory is
 * short, or the driver keeps something outside of it. */
static void be_unable(struct sb_fuzz_crash *crash, const char *error)
{
    *crash = (struct sb_fuzz_crash){.report = strdup(error)};
    snprintf(crash->identity, sizeof(crash->identity), "restart");
    snprintf(crash->title, sizeof(crash->title), "the driver does not start again: %s", error);
}

/* An input that breaks something is not kept: what it reached is still to be found by one that is.
 * There is no machine now; the next one gets breakpoints there again. */
static void forget_blocks(struct sb_fuzz *fuzz, uint32_t kept)
{
    struct sb_coverage *coverage = &fuzz->coverage;
    while (coverage->order_count > kept)
        coverage->seen[coverage->order[--coverage->order_count]] = 0;
}

bool sb_fuzz_run(struct sb_fuzz *fuzz, const uint8_t *input, size_t length,
                 struct sb_fuzz_crash *crash)
{
    char error[500];
    if (length > SB_FUZZ_LONGEST)
        length = SB_FUZZ_LONGEST;
    if (fuzz->rig.machine && must_reset(fuzz) && !sb_fuzz_finish(fuzz, crash))
        return false;
    if (!fuzz->rig.machine && !rig_make(fuzz, &fuzz->rig, &fuzz->coverage, error, sizeof(error))) {
        be_unable(crash, error);
        return false;
    }
    if (fuzz->options.is_traced)
        sb_driver_coverage_again(fuzz->rig.driver);
    uint32_t blocks = fuzz->coverage.order_count;
    program_read(&fuzz->program, input, length, &fuzz->codes);
    history_add(fuzz, input, length);
    execute_program(fuzz, &fuzz->rig, &fuzz->program);
    if (!note_crash(fuzz, input, length, crash))
        return true;
    if (!fuzz->options.is_traced)
        forget_blocks(fuzz, blocks);
    return false;
}

void sb_fuzz_crash_free(struct sb_fuzz_crash *crash)
{
    free(crash->report);
    free(crash->input);
    free(crash->script);
    crash->report = crash->script = NULL;
    crash->input = NULL;
}

const struct sb_coverage *sb_fuzz_coverage(const struct sb_fuzz *fuzz)
{
    return &fuzz->coverage;
}

uint64_t sb_fuzz_requests(const struct sb_fuzz *fuzz)
{
    return fuzz->request_count;
}

uint64_t sb_fuzz_machines(const struct sb_fuzz *fuzz)
{
    return fuzz->machine_count;
}

uint32_t sb_fuzz_code_count(const struct sb_fuzz *fuzz)
{
    return fuzz->codes.count;
}

uint32_t sb_fuzz_code(const struct sb_fuzz *fuzz, uint32_t index)
{
    return fuzz->codes.codes[index];
}

uint32_t sb_fuzz_device_count(const struct sb_fuzz *fuzz)
{
    return fuzz->device_count;
}

const char *sb_fuzz_device(const struct sb_fuzz *fuzz, uint32_t index)
{
    return fuzz->devices[index];
}
