/*
 * Changes that are tried one by one where chance would need long: a request behind those that the
 * input has, another length, and each number that the driver compares with in each field. An input
 * that passes the first of several comparisons reaches new code, is kept, and is varied in its
 * turn.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/internal.h"

enum {
    MOST_NUMBERS = 64, /* of the driver's, of each size */
    FIELDS_END = 64,   /* bytes of the input in which there are fields */
    LONGEST_DATA = 1024,
    LONGEST_PROGRAM = 12, /* requests, for another one behind them */
    LENGTH = 64,          /* of a new request's buffers */
};

static const uint64_t common[] = {1, 2,  3,  4,          5,          6,          7,         8,
                                  9, 10, 16, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF};
static const uint32_t lengths[] = {4, 8, 12, 16, 20, 24, 32, 40, 48, 64, 96, 128, 256, 600, 1024};
static const uint8_t sizes[] = {4, 8, 2};

enum {
    COMMON = sizeof(common) / sizeof(*common),
    LENGTHS = sizeof(lengths) / sizeof(*lengths),
    SIZES = sizeof(sizes),
    LESSER = 4, /* numbers that the length gives */
};

struct numbers {
    uint64_t values[3 * MOST_NUMBERS + COMMON];
    uint32_t count;
};

struct variation {
    struct program program;
    struct numbers numbers[SIZES]; /* that are tried in fields of each size, behind some of the
                                    * input's own length */
    uint8_t data[LONGEST_DATA];
};

/* ---- the numbers, once ---- */
static void add_number(struct numbers *numbers, uint64_t value, uint8_t size)
{
    if (size < 8 && value >> 8 * size)
        return;
    for (uint32_t i = 0; i < numbers->count; i++)
        if (numbers->values[i] == value)
            return;
    if (numbers->count < sizeof(numbers->values) / sizeof(*numbers->values))
        numbers->values[numbers->count++] = value;
}

/* A switch is compared with the first or last of its cases; an end is compared with what is behind
 * it. A field may be narrower than the register that it is compared in. */
static void add_constants(const struct sb_fuzz *fuzz, struct numbers *numbers, uint8_t size)
{
    const struct sb_code_constant *constants;
    size_t count = sb_code_constants(fuzz->code, &constants);
    uint32_t taken = 0;

    for (size_t i = 0; i < count && constants[i].is_compared && taken < MOST_NUMBERS; i++) {
        uint32_t before = numbers->count;
        if (constants[i].size < size)
            continue;
        add_number(numbers, constants[i].value, size);
        add_number(numbers, constants[i].value - 1, size);
        add_number(numbers, constants[i].value + 1, size);
        taken += numbers->count != before;
    }
}

struct variation *variation_create(const struct sb_fuzz *fuzz)
{
    struct variation *variation = calloc(1, sizeof(*variation));

    for (unsigned i = 0; variation && i < SIZES; i++) {
        add_constants(fuzz, &variation->numbers[i], sizes[i]);
        for (unsigned k = 0; k < COMMON; k++)
            add_number(&variation->numbers[i], common[k], sizes[i]);
    }
    return variation;
}

/* ---- one change ---- */
static struct operation *last_with_input(struct program *program)
{
    for (size_t i = program->count; i-- > 0;) {
        struct operation *operation = &program->operations[i];
        if (operation->kind == OPERATION_IOCTL || operation->kind == OPERATION_WRITE)
            return operation;
    }
    return NULL;
}

/* Each takes an index off what it has changes for; true: the change is made. */
static bool add_request(const struct sb_fuzz *fuzz, struct program *program, uint32_t *index)
{
    struct operation operation = {
        .kind = OPERATION_IOCTL, .input_length = LENGTH, .output_length = LENGTH};
    const struct operation *last = last_with_input(program);

    if (!last || program->count > LONGEST_PROGRAM)
        return false;
    if (*index >= fuzz->codes.count) {
        *index -= fuzz->codes.count;
        return false;
    }
    operation.code = fuzz->codes.codes[*index];
    operation.slot = last->slot;
    return program_insert(program, program->count, &operation);
}

static bool change_length(struct operation *operation, uint32_t *index)
{
    if (*index >= LENGTHS) {
        *index -= LENGTHS;
        return false;
    }
    operation->input_length = lengths[*index];
    if (operation->data_length > operation->input_length)
        operation->data_length = operation->input_length;
    return true;
}

static void set_field(struct variation *variation, struct operation *operation, uint32_t at,
                      uint64_t value, uint8_t size)
{
    uint32_t length = operation->input_length;

    memset(variation->data, 0, length);
    if (operation->data_length)
        memcpy(variation->data, operation->data, operation->data_length);
    memcpy(variation->data + at, &value, size);
    operation->data = variation->data;
    operation->data_length = length;
}

/* What a length in the input is compared with. */
static uint64_t number_of(const struct numbers *numbers, uint32_t index, uint32_t length)
{
    static const uint8_t less[LESSER] = {0, 1, 8, 16};

    return index < LESSER ? (uint32_t)(length - less[index]) : numbers->values[index - LESSER];
}

static bool change_field(struct variation *variation, struct operation *operation, uint32_t *index)
{
    uint32_t length = operation->input_length;

    if (operation->input_pointer != POINTER_VALID || length > LONGEST_DATA)
        return false;
    for (unsigned i = 0; i < SIZES; i++) {
        const struct numbers *numbers = &variation->numbers[i];
        uint32_t fields = (length < FIELDS_END ? length : FIELDS_END) / sizes[i];
        uint32_t count = numbers->count + LESSER;
        if (*index < fields * count) {
            set_field(variation, operation, *index / count * sizes[i],
                      number_of(numbers, *index % count, length), sizes[i]);
            return true;
        }
        *index -= fields * count;
    }
    return false;
}

size_t sb_fuzz_vary(struct sb_fuzz *fuzz, const uint8_t *base, size_t length, uint32_t index,
                    uint8_t *input, size_t capacity)
{
    struct variation *variation = fuzz->variation;
    struct program *program = &variation->program;

    program_read(program, base, length, &fuzz->codes);
    struct operation *last = last_with_input(program);
    if (!last)
        return 0;
    if (!add_request(fuzz, program, &index) && !change_length(last, &index) &&
        !change_field(variation, last, &index))
        return 0;
    return program_write(program, input, capacity, &fuzz->codes);
}
