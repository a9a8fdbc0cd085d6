/* Changing inputs as programs: requests, lengths, codes, and the bytes of data. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/internal.h"

enum { ARENA = 32768, MOST_CHANGES = 6, LONGEST_DATA = 1024 };

struct mutation {
    struct sb_fuzz *fuzz;
    struct program program, other;
    uint8_t source[SB_FUZZ_LONGEST]; /* of the program */
    uint64_t random;
    uint8_t arena[ARENA]; /* data that was changed */
    size_t used;
};

/* splitmix64 (Steele, Lea, Flood) */
static uint64_t next(struct mutation *mutation)
{
    uint64_t value = mutation->random += 0x9E3779B97F4A7C15;
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9;
    value = (value ^ value >> 27) * 0x94D049BB133111EB;
    return value ^ value >> 31;
}

static uint32_t below(struct mutation *mutation, size_t limit)
{
    return limit ? (uint32_t)(next(mutation) % limit) : 0;
}

static bool one_in(struct mutation *mutation, unsigned n)
{
    return below(mutation, n) == 0;
}

/* A copy of the operation's data that may be written, with room for length bytes, zeros at its end.
 * NULL: no more room. */
static uint8_t *own_data(struct mutation *mutation, struct operation *operation, uint32_t length)
{
    uint32_t kept = operation->data_length < length ? operation->data_length : length;
    if (length > ARENA - mutation->used)
        return NULL;
    uint8_t *data = mutation->arena + mutation->used;
    mutation->used += length;
    if (kept)
        memcpy(data, operation->data, kept);
    memset(data + kept, 0, length - kept);
    operation->data = data;
    operation->data_length = length;
    return data;
}

/* ---- numbers ---- */
static const uint32_t odd_lengths[] = {
    0,  1,  2,  3,  4,  5,   7,   8,   12,  15,  16,  17,  20,   24,   28,   31,   32,   40,  48,
    56, 63, 64, 65, 96, 127, 128, 255, 256, 257, 511, 512, 1000, 1024, 2048, 4095, 4096, 4097};
static const uint64_t odd_numbers[] = {
    0,          1,          2,           0x7F,       0x80,       0xFF,
    0x100,      0x7FFF,     0x8000,      0xFFFF,     0x10000,    0x7FFFFFFF,
    0x80000000, 0xFFFFFFFF, 0x100000000, 1ull << 63, UINT64_MAX, UINT64_MAX >> 1};

static uint32_t odd_length(struct mutation *mutation)
{
    const struct sb_code_constant *constants;
    size_t count = sb_code_constants(mutation->fuzz->code, &constants);
    if (count && one_in(mutation, 4)) {
        uint64_t value = constants[below(mutation, count)].value;
        if (value <= 4096)
            return (uint32_t)value + below(mutation, 3);
    }
    if (one_in(mutation, 4))
        return below(mutation, 300);
    return odd_lengths[below(mutation, sizeof(odd_lengths) / sizeof(*odd_lengths))];
}

/* What may be written, and where; offset SB_CODE_NO_OFFSET: anywhere. */
struct number {
    uint64_t value;
    uint32_t offset;
    unsigned size;
};

static const struct sb_code_constant *known_constant(struct mutation *mutation)
{
    const struct sb_code_constant *constants, *newest;
    size_t count = sb_code_constants(mutation->fuzz->code, &constants), compared = 0;
    if (one_in(mutation, 2) && (newest = numbers_of_newest(mutation->fuzz, next(mutation))))
        return newest;
    while (compared < count && constants[compared].is_compared)
        compared++;
    if (compared && !one_in(mutation, 4))
        count = compared;
    return count ? &constants[below(mutation, count)] : NULL;
}

/* A number that the driver's code holds, or an odd one. */
static struct number some_number(struct mutation *mutation)
{
    const struct sb_code_constant *constant = one_in(mutation, 6) ? NULL : known_constant(mutation);
    struct number number = {.offset = SB_CODE_NO_OFFSET, .size = 1u << below(mutation, 4)};
    if (!constant) {
        number.value = odd_numbers[below(mutation, sizeof(odd_numbers) / sizeof(*odd_numbers))];
        return number;
    }
    number.value = constant->value + (one_in(mutation, 8) ? below(mutation, 3) - 1ull : 0);
    if (!one_in(mutation, 4)) /* it may be compared after being widened */
        number.size = constant->size;
    if (one_in(mutation, 2))
        number.offset = constant->offset;
    return number;
}

static void set_number(uint8_t *at, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

/* ---- data ---- */
static uint32_t place(struct mutation *mutation, uint32_t length, uint32_t size)
{
    uint32_t room = length - size + 1;
    uint32_t at = below(mutation, room);
    if (one_in(mutation, 2)) /* what is checked first is in front */
        at = below(mutation, at + 1);
    uint32_t alignment = 1u << below(mutation, 4); /* structures may be packed */
    return alignment > size ? at / size * size : at / alignment * alignment;
}

static void change_number(struct mutation *mutation, uint8_t *data, uint32_t length)
{
    struct number number = some_number(mutation);
    if (number.size > length)
        return;
    if (number.offset > length - number.size)
        number.offset = place(mutation, length, number.size);
    set_number(data + number.offset, number.value, number.size);
}

static void change_text(struct mutation *mutation, uint8_t *data, uint32_t length)
{
    const struct sb_fuzz *fuzz = mutation->fuzz;
    if (!fuzz->token_count)
        return;
    const struct token *token = &fuzz->tokens[below(mutation, fuzz->token_count)];
    if (token->length <= length)
        memcpy(data + below(mutation, length - token->length + 1u), token->bytes, token->length);
}

static void add_to_number(struct mutation *mutation, uint8_t *data, uint32_t length)
{
    unsigned size = 1u << below(mutation, 4);
    uint64_t value = 0;
    if (size > length)
        size = 1;
    uint8_t *at = data + place(mutation, length, size);
    memcpy(&value, at, size);
    set_number(at, value + below(mutation, 71) - 35, size);
}

static void copy_part(struct mutation *mutation, uint8_t *data, uint32_t length)
{
    uint32_t size = 1 + below(mutation, length);
    memmove(data + below(mutation, length - size + 1), data + below(mutation, length - size + 1),
            size);
}

static void change_data(struct mutation *mutation, struct operation *operation)
{
    uint32_t length = operation->input_length;
    if (length > LONGEST_DATA)
        length = LONGEST_DATA;
    uint8_t *data = length ? own_data(mutation, operation, length) : NULL;
    if (!data)
        return;
    switch (below(mutation, 10)) {
    case 0:
        data[below(mutation, length)] ^= (uint8_t)(1u << below(mutation, 8));
        break;
    case 1:
        data[below(mutation, length)] = (uint8_t)next(mutation);
        break;
    case 2:
        add_to_number(mutation, data, length);
        break;
    case 3:
        copy_part(mutation, data, length);
        break;
    case 4:
    case 5:
        change_text(mutation, data, length);
        break;
    default:
        change_number(mutation, data, length);
        break;
    }
}

static void change_length(struct mutation *mutation, struct operation *operation)
{
    uint32_t length = odd_length(mutation);
    if (operation->kind != OPERATION_WRITE && one_in(mutation, 2)) {
        operation->output_length = length;
        return;
    }
    if (one_in(mutation, 3))
        length = operation->input_length + below(mutation, 17) - 8;
    if (length > PROGRAM_LARGEST_BUFFER)
        length = 0;
    operation->input_length = length;
    if (operation->data_length > length)
        operation->data_length = length;
}

/* ---- requests ---- */
static uint32_t some_code(struct mutation *mutation, uint32_t now)
{
    const struct program_codes *codes = &mutation->fuzz->codes;
    uint32_t code = codes->count ? codes->codes[below(mutation, codes->count)] : 0x220000;
    switch (below(mutation, codes->count ? 16 : 3)) {
    case 0: /* a neighbour's function */
        return code + ((below(mutation, 33) - 16) << 2);
    case 1: /* any of the device's functions */
        return (code & 0xFFFF0003) | (0x800 + below(mutation, 0x40)) << 2;
    case 2: /* another method or access */
        return (now ? now : code) ^
               (one_in(mutation, 2) ? 1 + below(mutation, 3) : (1 + below(mutation, 3)) << 14);
    default:
        return code;
    }
}

static struct operation some_operation(struct mutation *mutation)
{
    static const enum operation_kind kinds[] = {
        OPERATION_IOCTL, OPERATION_IOCTL, OPERATION_IOCTL,  OPERATION_IOCTL,
        OPERATION_IOCTL, OPERATION_IOCTL, OPERATION_IOCTL,  OPERATION_READ,
        OPERATION_WRITE, OPERATION_OPEN,  OPERATION_CANCEL, OPERATION_CLOSE,
        OPERATION_FLUSH, OPERATION_READ,  OPERATION_WRITE,  OPERATION_CLOSE};
    struct operation operation = {.kind = kinds[below(mutation, 16)]};
    if (one_in(mutation, 500))
        operation.kind = OPERATION_WAIT;
    if (one_in(mutation, 4))
        operation.slot = (uint8_t)below(mutation, PROGRAM_SLOTS);
    if (operation.kind <= OPERATION_WRITE) {
        operation.input_length = operation.kind == OPERATION_READ ? 0 : odd_length(mutation);
        operation.output_length = operation.kind == OPERATION_WRITE ? 0 : odd_length(mutation);
    }
    if (operation.kind == OPERATION_IOCTL)
        operation.code = some_code(mutation, 0);
    if (operation.kind == OPERATION_OPEN)
        operation.device = (uint8_t)below(mutation, mutation->fuzz->device_count);
    return operation;
}

static void change_pointers(struct mutation *mutation, struct operation *operation)
{
    operation->is_same_buffer = false;
    switch (below(mutation, 4)) {
    case 0:
        operation->input_pointer = below(mutation, 4);
        break;
    case 1:
        operation->output_pointer = below(mutation, 4);
        break;
    case 2:
        operation->is_same_buffer = operation->kind == OPERATION_IOCTL;
        /* fall through */
    default:
        operation->input_pointer = operation->output_pointer = POINTER_VALID;
    }
    if (operation->input_pointer == POINTER_VALID &&
        operation->input_length > PROGRAM_LARGEST_BUFFER)
        operation->input_length = PROGRAM_LARGEST_BUFFER;
}

static void change_name(struct mutation *mutation, struct operation *operation)
{
    uint32_t length = below(mutation, PROGRAM_LONGEST_NAME + 1);
    uint8_t *name = one_in(mutation, 3) ? NULL : own_data(mutation, operation, length);
    if (!name) {
        operation->data_length = 0;
        return;
    }
    for (uint32_t i = 0; i < length; i++)
        name[i] = (uint8_t)next(mutation);
}

static void change_operation(struct mutation *mutation, struct operation *operation)
{
    if (operation->kind == OPERATION_OPEN) {
        change_name(mutation, operation);
        return;
    }
    if (operation->kind > OPERATION_WRITE) {
        operation->slot = (uint8_t)below(mutation, PROGRAM_SLOTS);
        return;
    }
    switch (below(mutation, 16)) {
    case 0:
        if (operation->kind == OPERATION_IOCTL)
            operation->code = some_code(mutation, operation->code);
        break;
    case 1:
        change_pointers(mutation, operation);
        break;
    case 2:
        operation->slot = (uint8_t)below(mutation, PROGRAM_SLOTS);
        break;
    case 3:
        if (operation->kind != OPERATION_IOCTL)
            operation->offset = odd_numbers[below(mutation, 10)];
        break;
    case 4:
    case 5:
    case 6:
        change_length(mutation, operation);
        break;
    default:
        change_data(mutation, operation);
        break;
    }
}

/* ---- programs ---- */
static void take_from_other(struct mutation *mutation)
{
    struct program *program = &mutation->program, *other = &mutation->other;
    if (!other->count)
        return;
    uint32_t first = below(mutation, other->count);
    uint32_t count = 1 + below(mutation, other->count - first);
    uint32_t at = below(mutation, program->count + 1);
    for (uint32_t i = 0; i < count && i < 16; i++)
        program_insert(program, at + i, &other->operations[first + i]);
}

static void change_program(struct mutation *mutation)
{
    struct program *program = &mutation->program;
    uint32_t at = below(mutation, program->count + 1), from = below(mutation, program->count);
    struct operation operation;
    switch (below(mutation, 16)) {
    case 0:
    case 1:
        operation = some_operation(mutation);
        program_insert(program, at, &operation);
        break;
    case 2:
        if (program->count > 1)
            program_remove(program, from, 1 + below(mutation, 2));
        break;
    case 3:
        if (program->count) {
            operation = program->operations[from];
            program_insert(program, at, &operation);
        }
        break;
    case 4:
        take_from_other(mutation);
        break;
    default:
        if (program->count && program->operations[from].kind > OPERATION_WRITE)
            from = below(mutation, program->count); /* rather a request with data */
        if (program->count)
            change_operation(mutation, &program->operations[from]);
        break;
    }
}

size_t sb_fuzz_mutate(struct sb_fuzz *fuzz, uint8_t *input, size_t length, size_t capacity,
                      const uint8_t *other, size_t other_length, uint64_t seed)
{
    struct mutation *mutation = fuzz->mutation;
    if (length > sizeof(mutation->source))
        length = sizeof(mutation->source);
    memcpy(mutation->source, input, length);
    mutation->random = seed;
    mutation->used = 0;
    program_read(&mutation->program, mutation->source, length, &fuzz->codes);
    program_read(&mutation->other, other, other ? other_length : 0, &fuzz->codes);
    if (!mutation->program.count) {
        struct operation first = some_operation(mutation);
        program_insert(&mutation->program, 0, &first);
    }
    for (uint32_t changes = 1 + below(mutation, MOST_CHANGES); changes; changes--)
        change_program(mutation);
    return program_write(&mutation->program, input, capacity, &fuzz->codes);
}

struct mutation *mutation_create(struct sb_fuzz *fuzz)
{
    struct mutation *mutation = calloc(1, sizeof(*mutation));
    if (mutation)
        mutation->fuzz = fuzz;
    return mutation;
}

/* ---- where to begin ---- */
size_t sb_fuzz_seed(const struct sb_fuzz *fuzz, uint32_t index, uint8_t *input, size_t capacity)
{
    static const struct operation others[] = {
        {.kind = OPERATION_READ, .output_length = 64},
        {.kind = OPERATION_WRITE, .input_length = 64},
        {.kind = OPERATION_FLUSH},
        {.kind = OPERATION_CLOSE},
    };
    static const uint32_t lengths[] = {64, 0};
    const uint32_t other_count = sizeof(others) / sizeof(*others);
    struct program *program = malloc(sizeof(*program));
    uint32_t device = index / (other_count + fuzz->codes.count * 2);
    uint32_t which = index % (other_count + fuzz->codes.count * 2);
    size_t length = 0;
    if (!program)
        return 0;
    program->operations[0] = (struct operation){.kind = OPERATION_OPEN, .device = (uint8_t)device};
    program->operations[1] =
        which < other_count
            ? others[which]
            : (struct operation){.kind = OPERATION_IOCTL,
                                 .code = fuzz->codes.codes[(which - other_count) / 2],
                                 .input_length = lengths[(which - other_count) % 2],
                                 .output_length = lengths[(which - other_count) % 2]};
    program->count = 2;
    if (device < fuzz->device_count)
        length = program_write(program, input, capacity, &fuzz->codes);
    free(program);
    return length;
}
