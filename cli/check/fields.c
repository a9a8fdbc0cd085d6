/* Inputs as structures: each field with values at the ends of what numbers can be, and with what
 * the driver's code compares numbers with. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/check/parts.h"

enum { OUTPUT = 256, FIELDS_END = 32, LONG_STRUCTURE = 600 };

/* `length` bytes of zeros but for the value at `at`. */
static void add_field(struct lines *body, const struct entrance *entrance, unsigned length,
                      unsigned at, unsigned size, uint64_t value)
{
    char front[32] = "", back[32] = "";

    if (at)
        snprintf(front, sizeof front, "zeros %u ", at);
    if (at + size < length)
        snprintf(back, sizeof back, " zeros %u", length - at - size);
    lines_add(body, "%s in %su%u 0x%" PRIx64 "%s out %u", entrance->call, front, size * 8, value,
              back, OUTPUT);
}

static void add_boundaries(struct lines *body, const struct entrance *entrance, unsigned length)
{
    const uint32_t values[] = {1,          2,    3,          8,          length - 1, length,
                               length + 1, 4096, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff};

    for (unsigned at = 0; at + 4 <= length && at < FIELDS_END; at += 4)
        for (size_t i = 0; i < sizeof values / sizeof *values; i++)
            add_field(body, entrance, length, at, 4, values[i]);
}

/* Where a number is compared with its offset is often known; elsewhere it is tried in front. */
static void add_number(struct lines *body, const struct entrance *entrance,
                       const struct case_number *number, unsigned length)
{
    unsigned at = number->offset < length ? number->offset : 0;

    if (at + number->size > length)
        return;
    add_field(body, entrance, length, at, number->size, number->value);
    if (at != 0)
        add_field(body, entrance, length, 0, number->size, number->value);
}

/* A signature, and a small number beside it: a version or a command. */
static void add_signature(struct lines *body, const struct entrance *entrance,
                          const struct case_number *number)
{
    enum { LEAST = 0x10000, VERSIONS = 8 };
    unsigned at = number->offset <= FIELDS_END ? number->offset : 0;

    for (unsigned i = 1; number->value >= LEAST && i <= VERSIONS; i++)
        lines_add(body, "%s in zeros %u u%u 0x%" PRIx64 " u%u %u zeros %u out %u", entrance->call,
                  at, number->size * 8, number->value, number->size * 8, i,
                  LONG_STRUCTURE - at - 2 * number->size, OUTPUT);
}

static void add_numbers(const struct workload *workload, struct lines *body,
                        const struct entrance *entrance)
{
    static const unsigned structures[] = {8, 16, 64, LONG_STRUCTURE};

    for (uint32_t i = 0; i < workload->number_count; i++) {
        for (size_t k = 0; k < sizeof structures / sizeof *structures; k++)
            add_number(body, entrance, &workload->numbers[i], structures[k]);
        add_signature(body, entrance, &workload->numbers[i]);
    }
}

void part_add_boundaries(struct lines *body, const struct entrance *entrance)
{
    static const unsigned structures[] = {4, 8, 16, 24, 40, 64};

    if (entrance->is_read || entrance->is_write)
        return;
    for (size_t i = 0; i < sizeof structures / sizeof *structures; i++)
        add_boundaries(body, entrance, structures[i]);
}

void part_fields(struct workload *workload, struct device *device, struct entrance *entrance)
{
    struct lines prologue = {0}, body = {0};

    if (entrance->is_read || entrance->is_write)
        return;
    progress_show(workload->progress, "fields", entrance->call);
    part_begin(&prologue, device);
    part_add_boundaries(&body, entrance);
    add_numbers(workload, &body, entrance);
    workload_sample(workload, "fields", &prologue, &body, part_take_call, entrance);
    lines_free(&prologue);
    lines_free(&body);
}
