/* Inputs as structures: each field with values at the ends of what numbers can be, and with what
 * the driver's code compares numbers with. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/check/parts.h"

enum { OUTPUT = 256, FIELDS_END = 32, LONG_STRUCTURE = 600, LEAST_SIGNATURE = 0x10000 };

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
    enum { VERSIONS = 8 };
    unsigned at = number->offset <= FIELDS_END ? number->offset : 0;

    for (unsigned i = 1; number->value >= LEAST_SIGNATURE && i <= VERSIONS; i++)
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

/* A structure that leads to other memory: an address and a length beside it, in either order, with
 * counts or a signature in front. */
static void add_shapes(const struct workload *workload, struct lines *body,
                       const struct entrance *entrance)
{
    static const char *const shapes[] = {
        "pointer 64 u64 16",
        "pointer 64 u32 64 u32 1",
        "pointer 64 pointer 64 u64 8",
        "u64 16 pointer 64",
        "u32 1 u32 16 pointer 64 pointer 64 u64 16",
        "u32 16 u32 1 pointer 64 u64 64",
        "u64 1 u64 16 pointer 64 u64 16",
    };
    static const char tail[] = "zeros 64";

    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        lines_add(body, "%s in %s out %u", entrance->call, shapes[i], OUTPUT);
        lines_add(body, "%s in %s %s out %u", entrance->call, shapes[i], tail, OUTPUT);
    }
    for (uint32_t i = 0; i < workload->number_count; i++) {
        const struct case_number *number = &workload->numbers[i];
        if (number->value < LEAST_SIGNATURE || number->size < 4)
            continue;
        lines_add(body, "%s in u%u 0x%" PRIx64 " u%u 1 pointer 64 pointer 64 %s out %u",
                  entrance->call, number->size * 8, number->value, number->size * 8, tail, OUTPUT);
        lines_add(body, "%s in u64 0x%" PRIx64 " pointer 64 u64 16 %s out %u", entrance->call,
                  number->value, tail, OUTPUT);
    }
}

/* Numbers that count up: from 0, an index that they overwrite goes on as before; from a large one
 * it is far away, and a pointer is none. */
static void write_counting(char *text, size_t size, unsigned first, unsigned numbers)
{
    size_t used = (size_t)snprintf(text, size, "u32");

    for (unsigned i = 0; i < numbers && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, " %u", first + i);
}

/* Lengths that no memory has come to a driver by METHOD_NEITHER alone. What is added to them, or
 * multiplied, overflows. */
static void add_claims(struct lines *body, const struct entrance *entrance)
{
    static const uint32_t claims[] = {0xffffffff, 0xfffffffc, 0xfffffff8, 0xfffffff0,
                                      0xffffff00, 0x80000000, 0x7fffffff, 0x40000001};
    enum { METHOD_MASK = 3, ROOM = 8192, NUMBERS = 700, FAR = 0x20000000, TEXT_SIZE = 8192 };
    char near[TEXT_SIZE], far[TEXT_SIZE];

    if ((entrance->code & METHOD_MASK) != METHOD_MASK)
        return;
    write_counting(near, sizeof near, 0, NUMBERS);
    write_counting(far, sizeof far, FAR, NUMBERS);
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        lines_add(body, "%s in %s claim 0x%x out %u", entrance->call, near, claims[i], OUTPUT);
        lines_add(body, "%s in %s claim 0x%x out %u", entrance->call, far, claims[i], OUTPUT);
        lines_add(body, "%s in fill %u 0x41 out %u claim 0x%x", entrance->call, ROOM, ROOM,
                  claims[i]);
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
    add_shapes(workload, &body, entrance);
    add_claims(&body, entrance);
    workload_sample(workload, "fields", &prologue, &body, part_take_call, entrance);
    lines_free(&prologue);
    lines_free(&body);
}
