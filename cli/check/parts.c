#include "cli/check/parts.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/memory.h"

/* Around the sizes of structures, of stack buffers, of pool blocks and of pages. */
static const unsigned lengths[] = {
    0,    1,    2,    3,    4,    7,     8,     9,     11,   12,   13,   15,   16,   17,
    20,   24,   28,   31,   32,   33,    36,    40,    48,   56,   63,   64,   65,   72,
    80,   96,   100,  104,  112,  127,   128,   129,   136,  144,  160,  192,  200,  208,
    255,  256,  257,  260,  264,  272,   300,   384,   400,  500,  511,  512,  513,  520,
    528,  600,  768,  1000, 1023, 1024,  1025,  1032,  1040, 1056, 1500, 2000, 2047, 2048,
    2049, 2056, 2064, 2080, 2112, 2560,  3000,  3072,  4000, 4088, 4095, 4096, 4097, 4104,
    4112, 4160, 5000, 8192, 8193, 16384, 65535, 65536, 65552};

enum { LENGTH_COUNT = sizeof lengths / sizeof *lengths };

/* Inputs of `length` bytes by what fills them. */
static void write_content(char *text, size_t size, unsigned kind, unsigned length)
{
    static const char *const numbers[] = {"u32 1",
                                          "u32 2",
                                          "u32 0x7fffffff",
                                          "u32 0x80000000",
                                          "u32 0xfffffff0",
                                          "u64 0x100000001",
                                          "u64 0xffff800000000000",
                                          "u64 0xfffff80000000000",
                                          "u64 0x20000",
                                          "u64 0xfffffffffffff000",
                                          "pointer 64",
                                          "pointer 4096"};
    enum { NUMBER_COUNT = sizeof numbers / sizeof *numbers };
    size_t used = 0;

    if (kind == 0 || length < 4) {
        snprintf(text, size, "zeros %u", length);
    } else if (kind == 1) {
        snprintf(text, size, "fill %u 0x41", length);
    } else if (kind == 2) {
        snprintf(text, size, "fill %u 0xff", length);
    } else if (kind == 3) { /* its own length in front */
        snprintf(text, size, "u32 %u fill %u 0x42", length, length - 4);
    } else if (kind == 4) { /* what is left in front */
        snprintf(text, size, "u32 %u fill %u 0x43", length - 4, length - 4);
    } else {
        const char *number = numbers[(kind - 5) % NUMBER_COUNT];
        unsigned width = strncmp(number, "u32", 3) == 0 ? 4 : 8;
        for (unsigned at = 0; at + width <= length && used + 40 < size && at < 64; at += width)
            used += (size_t)snprintf(text + used, size - used, "%s ", number);
        unsigned given = length / width * width < 64 ? length / width * width : 64;
        if (given < length)
            snprintf(text + used, size - used, "zeros %u", length - given);
    }
}

enum { CONTENT_KINDS = 17, TEXT_SIZE = 2048 };

void part_begin(struct lines *prologue, const struct device *device)
{
    lines_add(prologue, "guard on");
    lines_add(prologue, "%s", device->open);
}

/* ---- starting and unloading ---- */
void part_start_and_stop(struct workload *workload)
{
    struct lines nothing = {0}, body = {0};

    progress_show(workload->progress, "starting and unloading", "");
    for (int i = 0; i < 3; i++) {
        lines_add(&body, "unload");
        lines_add(&body, "start");
    }
    lines_add(&body, "shutdown");
    workload_play(workload, "starting and unloading", &nothing, &body, NULL, NULL);
    lines_free(&body);
}

/* ---- opens and closes ---- */
static void play_alone(struct workload *workload, const char *phase, struct lines *body)
{
    struct lines nothing = {0};

    workload_play(workload, phase, &nothing, body, NULL, NULL);
    lines_free(body);
}

/* ---- plug and play ---- */
static void add_actions(struct lines *body)
{
    static const char *const actions[] = {
        "query-stop", "cancel-stop", "query-stop",   "stop",          "start",
        "sleep",      "wake",        "query-remove", "cancel-remove", "sleep"};

    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        lines_add(body, "device %s", actions[i]);
}

void part_plug_and_play(struct workload *workload)
{
    static const char *const ends[] = {"remove", "surprise-remove"};
    static const char phase[] = "plug and play";
    struct lines body = {0};

    progress_show(workload->progress, phase, "");
    add_actions(&body);
    lines_add(&body, "device remove");
    play_alone(workload, phase, &body);
    for (size_t i = 0; i < workload->device_count; i++)
        for (size_t k = 0; k < sizeof ends / sizeof *ends; k++) {
            lines_add(&body, "%s", workload->devices[i].open);
            add_actions(&body);
            lines_add(&body, "device %s", ends[k]);
            lines_add(&body, "close d");
            play_alone(workload, phase, &body);
        }
}

/* The device's path as it stands in its open statement. */
static int path_of(const struct device *device, const char **path)
{
    *path = strchr(device->open, '\'') + 1;
    return (int)(strchr(*path, '\'') - *path);
}

void part_open_and_close(struct workload *workload, struct device *device)
{
    static const char phase[] = "opens and closes";
    struct lines body = {0};
    const char *path;
    int length = path_of(device, &path);

    progress_show(workload->progress, phase, device->open);
    lines_add(&body, "%s", device->open);
    lines_add(&body, "open '%.*s' as e share all", length, path);
    lines_add(&body, "open '%.*s\\x\\y' as f share all", length, path);
    lines_add(&body, "open '%.*s\\' as g share all", length, path);
    lines_add(&body, "as user");
    lines_add(&body, "open '%.*s' as h share all", length, path);
    lines_add(&body, "bits 32");
    lines_add(&body, "open '%.*s' as i share all", length, path);
    lines_add(&body, "as admin");
    lines_add(&body, "open '%.*s' as j share all", length, path);
    play_alone(workload, phase, &body);

    lines_add(&body, "%s", device->open);
    lines_add(&body, "duplicate d as e");
    lines_add(&body, "flush d");
    lines_add(&body, "close d");
    lines_add(&body, "unload");
    lines_add(&body, "close e");
    lines_add(&body, "unload");
    lines_add(&body, "start");
    for (int i = 0; i < 3; i++) {
        lines_add(&body, "%s", device->open);
        lines_add(&body, "close d");
    }
    play_alone(workload, phase, &body);
}

/* ---- buffers ---- */
static void keep_answered(struct entrance *entrance, const char *statement)
{
    char **place = &entrance->answered[entrance->answers++ % ANSWERED];

    free(*place);
    *place = memory_copy_text(statement);
}

/* Success is better than failure, a long reply better than none. */
void part_take_call(void *context, const char *statement, const struct case_line *line)
{
    enum { MOST_GOOD = 8 };
    struct entrance *entrance = context;
    struct lines *good = &entrance->good;

    if (line->status == SB_STATUS_PENDING)
        entrance->pends = true;
    if (line->status >= 0 && line->information > 0)
        keep_answered(entrance, statement);
    if (line->status < 0 || good->count >= MOST_GOOD)
        return;
    if (good->count > 0 && line->information <= entrance->most_reply)
        return;
    entrance->most_reply = line->information;
    lines_add(good, "%s", statement);
}

static void add_ioctls(struct lines *body, const struct entrance *entrance)
{
    static const unsigned outputs[] = {0, 8, 256, 4096};
    char content[TEXT_SIZE];

    for (size_t i = 0; i < LENGTH_COUNT; i++) {
        lines_add(body, "%s in fill %u 0x41 out %u", entrance->call, lengths[i], lengths[i]);
        lines_add(body, "%s in fill %u 0x41 out 0", entrance->call, lengths[i]);
        lines_add(body, "%s in zeros %u out 64", entrance->call, lengths[i]);
        lines_add(body, "%s out %u", entrance->call, lengths[i]);
        lines_add(body, "%s in zeros 64 out %u", entrance->call, lengths[i]);
        lines_add(body, "%s in zeros %u out same %u", entrance->call, lengths[i], lengths[i]);
    }
    for (unsigned kind = 0; kind < CONTENT_KINDS; kind++)
        for (unsigned length = 4; length <= 4096; length = length < 64 ? length + 4 : length * 2)
            for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i += length < 64 ? 2 : 1) {
                write_content(content, sizeof content, kind, length);
                lines_add(body, "%s in %s out %u", entrance->call, content, outputs[i]);
            }
}

static void add_pointers(struct lines *body, const struct entrance *entrance)
{
    static const char *const kinds[] = {"null", "bad", "kernel"};
    static const unsigned sizes[] = {1, 8, 64, 4096};

    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            lines_add(body, "%s in %s %u out %u", entrance->call, kinds[k], sizes[i], sizes[i]);
            lines_add(body, "%s in zeros %u out %s %u", entrance->call, sizes[i], kinds[k],
                      sizes[i]);
            lines_add(body, "%s in %s %u out %s %u", entrance->call, kinds[k], sizes[i], kinds[k],
                      sizes[i]);
        }
}

static void add_transfers(struct lines *body, const struct entrance *entrance)
{
    static const char *const offsets[] = {"", " at 1", " at 0x7fffffffffffffff", " at 4096"};

    for (size_t i = 0; i < LENGTH_COUNT; i++)
        for (size_t k = 0; k < sizeof offsets / sizeof *offsets; k++)
            lines_add(body, entrance->is_read ? "%s %u%s" : "%s fill %u 0x41%s", entrance->call,
                      lengths[i], offsets[k]);
    lines_add(body, "%s null 64", entrance->call);
    lines_add(body, "%s bad 64", entrance->call);
    lines_add(body, "%s kernel 64", entrance->call);
}

void part_buffers(struct workload *workload, struct device *device, struct entrance *entrance)
{
    struct lines prologue = {0}, body = {0};

    progress_show(workload->progress, "lengths and contents", entrance->call);
    part_begin(&prologue, device);
    if (entrance->is_read || entrance->is_write) {
        add_transfers(&body, entrance);
    } else {
        add_ioctls(&body, entrance);
        add_pointers(&body, entrance);
    }
    workload_sample(workload, "lengths and contents", &prologue, &body, part_take_call, entrance);
    lines_free(&prologue);
    lines_free(&body);
}

/* ---- pending ---- */
void part_pending(struct workload *workload, struct device *device)
{
    static const char *const ends[] = {"cancel r", "cancel d", "close d", "exit", "unload"};
    static const char phase[] = "pending requests";

    progress_show(workload->progress, phase, device->open);
    for (size_t k = 0; k < device->entrance_count; k++) {
        const struct entrance *entrance = &device->entrances[k];
        for (size_t i = 0; entrance->pends && i < sizeof ends / sizeof *ends; i++) {
            struct lines body = {0};
            lines_add(&body, "%s", device->open);
            lines_add(&body, "%s as r", entrance->good.lines[0]);
            lines_add(&body, "%s as s", entrance->good.lines[0]);
            lines_add(&body, "%s", ends[i]);
            lines_add(&body, "sleep 1");
            play_alone(workload, phase, &body);
        }
    }
}

/* ---- sequences ---- */
enum { MOST_PAIRS = 1600, WALKS = 40, WALK_LENGTH = 60 };

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* A call that succeeded if there is one, else any. */
static void add_call(struct lines *lines, const struct entrance *entrance, uint32_t *random)
{
    char content[TEXT_SIZE];
    unsigned length = lengths[next_random(random) % LENGTH_COUNT];

    if (entrance->good.count && next_random(random) % 4) {
        lines_add(lines, "%s", entrance->good.lines[next_random(random) % entrance->good.count]);
    } else if (entrance->is_read) {
        lines_add(lines, "%s %u", entrance->call, length);
    } else {
        write_content(content, sizeof content, next_random(random) % CONTENT_KINDS, length);
        if (entrance->is_write)
            lines_add(lines, "%s %s", entrance->call, content);
        else
            lines_add(lines, "%s in %s out %u", entrance->call, content,
                      lengths[next_random(random) % LENGTH_COUNT]);
    }
}

static void walk(struct workload *workload, const struct device *device, uint32_t *random)
{
    struct lines prologue = {0}, body = {0};

    part_begin(&prologue, device);
    for (int i = 0; i < WALK_LENGTH; i++) {
        if (next_random(random) % 16 == 0) {
            lines_add(&body, "close d");
            lines_add(&body, "%s", device->open);
        }
        add_call(&body, &device->entrances[next_random(random) % device->entrance_count], random);
    }
    workload_sample(workload, "sequences", &prologue, &body, NULL, NULL);
    lines_free(&prologue);
    lines_free(&body);
}

/* Each call after each other one, on a fresh handle. */
static void pairs(struct workload *workload, const struct device *device, uint32_t *random)
{
    struct lines nothing = {0}, body = {0};
    size_t count = device->entrance_count;

    for (size_t i = 0; i < count * count && i < MOST_PAIRS; i++) {
        lines_add(&body, "%s", device->open);
        add_call(&body, &device->entrances[i / count], random);
        add_call(&body, &device->entrances[i % count], random);
        add_call(&body, &device->entrances[i / count], random);
        lines_add(&body, "close d");
    }
    workload_sample(workload, "sequences", &nothing, &body, NULL, NULL);
    lines_free(&body);
}

void part_sequences(struct workload *workload, struct device *device)
{
    uint32_t random = 0x9E3779B9;

    progress_show(workload->progress, "sequences of calls", device->open);
    pairs(workload, device, &random);
    for (int i = 0; i < WALKS; i++)
        walk(workload, device, &random);
}
