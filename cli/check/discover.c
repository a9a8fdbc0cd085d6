/* Which devices a driver has and what they answer to: by trying. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/check/workload.h"
#include "cli/memory.h"

/* How a device may want to be opened; the first that succeeds is taken. */
static const char *const opens[] = {
    "open '%s' as d overlapped",
    "open '%s' as d share all overlapped",
    "open '%s' as d access read share all overlapped",
    "open '%s' as d access write share all overlapped",
    "open '%s' as d access maximum share all overlapped",
    "open '%s' as d access attributes share all overlapped",
};

struct opening {
    char *statement; /* the first that succeeded */
};

static void take_opening(void *context, const char *statement, const struct case_line *line)
{
    struct opening *opening = context;

    if (!opening->statement && line->status == 0 && strncmp(statement, "open", 4) == 0)
        opening->statement = memory_copy_text(statement);
}

static char *find_opening(struct workload *workload, const char *path)
{
    struct lines nothing = {0}, body = {0};
    struct opening opening = {0};

    for (size_t i = 0; i < sizeof opens / sizeof *opens; i++) {
        char statement[512];
        snprintf(statement, sizeof statement, opens[i], path);
        lines_add(&body, "%s", statement);
        lines_add(&body, "close d");
    }
    workload_play(workload, "opening", &nothing, &body, take_opening, &opening);
    lines_free(&body);
    return opening.statement;
}

/* ---- control codes ---- */
struct candidate {
    uint32_t code;
    unsigned differs; /* from what nonsense gets */
};

/* Constants of the image that may be control codes; the likeliest candidates. */
struct image_codes {
    uint32_t codes[CASE_CODES];
    uint32_t count;
};

struct probing {
    sb_status nonsense[4][2]; /* by method and round; what a code that nobody knows gets */
    bool has_nonsense[4][2];
    struct candidate *candidates;
    size_t count;
    size_t next;
};

enum { NONSENSE_TYPE = 0x7BAD };

static uint32_t control_code(uint32_t type, uint32_t function, uint32_t method)
{
    return type << 16 | function << 2 | method;
}

static void add_candidate(struct probing *probing, uint32_t code)
{
    for (size_t i = 0; i < probing->count; i++)
        if (probing->candidates[i].code == code)
            return;
    probing->candidates =
        memory_grow(probing->candidates, probing->count, sizeof *probing->candidates);
    probing->candidates[probing->count++] = (struct candidate){.code = code};
}

/* Types and functions that drivers without other habits use. */
static void add_usual_codes(struct probing *probing)
{
    static const uint32_t types[] = {0x22, 0x8000, 0x8001, 0x9C40};

    for (size_t t = 0; t < sizeof types / sizeof *types; t++)
        for (uint32_t method = 0; method < 4; method++) {
            for (uint32_t function = 0x800; function < (t == 0 ? 0x8C0 : 0x820); function++)
                add_candidate(probing, control_code(types[t], function, method));
            for (uint32_t function = 0x900; function < 0x910; function++)
                add_candidate(probing, control_code(types[t], function, method));
            for (uint32_t function = 0; function < 0x10; function++)
                add_candidate(probing, control_code(types[t], function, method));
        }
}

static void take_nonsense(void *context, const char *statement, const struct case_line *line)
{
    struct probing *probing = context;
    uint32_t code;
    unsigned input;

    if (sscanf(statement, "ioctl d 0x%x in zeros %u", &code, &input) != 2)
        return;
    probing->nonsense[code & 3][input != 0] = line->status;
    probing->has_nonsense[code & 3][input != 0] = true;
}

static struct candidate *find_candidate(struct probing *probing, uint32_t code)
{
    for (size_t i = 0; i < probing->count; i++) {
        size_t at = (probing->next + i) % probing->count;
        if (probing->candidates[at].code == code) {
            probing->next = at;
            return &probing->candidates[at];
        }
    }
    return NULL;
}

static void take_answer(void *context, const char *statement, const struct case_line *line)
{
    struct probing *probing = context;
    uint32_t code;
    unsigned input;

    if (sscanf(statement, "ioctl d 0x%x in zeros %u", &code, &input) != 2)
        return;
    struct candidate *candidate = find_candidate(probing, code);
    if (candidate && (!probing->has_nonsense[code & 3][input != 0] ||
                      line->status != probing->nonsense[code & 3][input != 0]))
        candidate->differs++;
}

static void add_probe(struct lines *lines, uint32_t code)
{
    lines_add(lines, "ioctl d 0x%x in zeros 0 out 0", code);
    lines_add(lines, "ioctl d 0x%x in zeros 64 out 64", code);
}

static void probe(struct workload *workload, const struct device *device, struct probing *probing)
{
    struct lines prologue = {0}, nonsense = {0}, body = {0};

    lines_add(&prologue, "%s", device->open);
    for (uint32_t method = 0; method < 4; method++)
        add_probe(&nonsense, control_code(NONSENSE_TYPE, 0xBAD, method));
    workload_play(workload, "control codes", &prologue, &nonsense, take_nonsense, probing);
    for (size_t i = 0; i < probing->count; i++)
        add_probe(&body, probing->candidates[i].code);
    workload_play(workload, "control codes", &prologue, &body, take_answer, probing);
    lines_free(&prologue);
    lines_free(&nonsense);
    lines_free(&body);
}

/* ---- entrances ---- */
static struct entrance *add_entrance(struct device *device, const char *verb, uint32_t code)
{
    struct entrance *entrance;
    char call[64];

    if (code)
        snprintf(call, sizeof call, "%s d 0x%x", verb, code);
    else
        snprintf(call, sizeof call, "%s d", verb);
    device->entrances =
        memory_grow(device->entrances, device->entrance_count, sizeof *device->entrances);
    entrance = &device->entrances[device->entrance_count++];
    *entrance = (struct entrance){.call = memory_copy_text(call), .code = code};
    return entrance;
}

enum { MOST_CODES = 256 };

static void add_codes(struct device *device, const struct probing *probing)
{
    for (size_t i = 0; i < probing->count && device->entrance_count < MOST_CODES; i++)
        if (probing->candidates[i].differs)
            (void)add_entrance(device, "ioctl", probing->candidates[i].code);
    /* Who tells no codes apart takes any. */
    for (uint32_t method = 0; method < 4 && device->entrance_count == method; method++)
        (void)add_entrance(device, "ioctl", control_code(0x22, 0x800, method));
}

static void find_entrances(struct workload *workload, struct device *device,
                           const struct image_codes *codes)
{
    struct probing probing = {0};

    for (uint32_t i = 0; i < codes->count; i++)
        add_candidate(&probing, codes->codes[i]);
    add_usual_codes(&probing);
    probe(workload, device, &probing);
    add_codes(device, &probing);
    add_entrance(device, "read", 0)->is_read = true;
    add_entrance(device, "write", 0)->is_write = true;
    free(probing.candidates);
}

static void add_device(struct workload *workload, const char *path, const struct image_codes *codes)
{
    char *open = find_opening(workload, path);

    if (!open)
        return;
    workload->devices =
        memory_grow(workload->devices, workload->device_count, sizeof *workload->devices);
    struct device *device = &workload->devices[workload->device_count++];
    *device = (struct device){.open = open};
    progress_show(workload->progress, "looking for control codes", path);
    find_entrances(workload, device, codes);
}

bool workload_discover(struct workload *workload)
{
    char paths[CASE_PATHS][256];
    struct image_codes codes;
    uint32_t count;

    struct case_target target = *workload->target;

    target.wants_codes = true;
    if (!case_run(&target, "", NULL, workload->result))
        return false;
    workload->cases++;
    findings_take(workload->findings, workload->result, "", NULL, "start");
    count = workload->result->path_count;
    workload->has_plug_and_play = workload->result->device_count > 0;
    memcpy(paths, workload->result->paths, sizeof paths);
    memcpy(codes.codes, workload->result->codes, sizeof codes.codes);
    codes.count = workload->result->code_count;
    memcpy(workload->numbers, workload->result->numbers, sizeof workload->numbers);
    workload->number_count = workload->result->number_count;
    if (workload->result->end == CASE_NOT_STARTED || workload->result->end == CASE_UNUSABLE)
        return false;
    for (uint32_t i = 0; i < count; i++)
        add_device(workload, paths[i], &codes);
    return true;
}
