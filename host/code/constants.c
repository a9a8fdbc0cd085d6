/* The numbers in instructions: what a fuzzer tries where it knows no better. */
#include <stdlib.h>

#include "host/code/code.h"

static bool is_compare(unsigned id)
{
    return id == X86_INS_CMP || id == X86_INS_SUB || id == X86_INS_TEST || id == X86_INS_XOR;
}

static bool is_arithmetic(unsigned id)
{
    return is_compare(id) || id == X86_INS_MOV || id == X86_INS_MOVABS || id == X86_INS_ADD ||
           id == X86_INS_AND || id == X86_INS_OR || id == X86_INS_IMUL;
}

static void add(struct sb_code *code, struct sb_code_constant constant)
{
    if (code->constant_count == code->constant_capacity) {
        size_t capacity = code->constant_capacity ? code->constant_capacity * 2 : 64;
        void *grown = realloc(code->constants, capacity * sizeof(constant));
        if (!grown) {
            code->is_exhausted = true;
            return;
        }
        code->constants = grown;
        code->constant_capacity = capacity;
    }
    code->constants[code->constant_count++] = constant;
}

static void collect(const struct code_reader *reader, struct sb_code *code,
                    const struct code_step *step)
{
    const struct code_operand *value = &step->operands[1];
    uint8_t size = step->operands[0].size;
    if (value->kind != CODE_IMMEDIATE || !is_arithmetic(step->id) ||
        (size != 1 && size != 2 && size != 4 && size != 8) || step->operands[0].reg == CODE_RSP)
        return;
    uint64_t mask = size == 8 ? UINT64_MAX : (1ull << size * 8) - 1;
    uint64_t bits = (uint64_t)value->value & mask;
    bool is_small = bits < 8 || bits > mask - 8;
    bool is_address = bits - reader->base < reader->size;
    if (!is_small && !is_address)
        add(code, (struct sb_code_constant){bits, size, is_compare(step->id)});
}

static int compare(const void *left, const void *right)
{
    const struct sb_code_constant *a = left, *b = right;
    if (a->is_compared != b->is_compared)
        return a->is_compared ? -1 : 1;
    if (a->size != b->size)
        return a->size - b->size;
    return (a->value > b->value) - (a->value < b->value);
}

void code_collect_constants(struct code_reader *reader, struct sb_code *code)
{
    struct code_step step;
    size_t kept = 0;
    for (uint32_t at = 0; at < reader->size; at++)
        if ((reader->map[at] & CODE_START) && code_decode(reader, at, &step))
            collect(reader, code, &step);
    if (code->constant_count)
        qsort(code->constants, code->constant_count, sizeof(*code->constants), compare);
    for (size_t i = 0; i < code->constant_count; i++)
        if (kept == 0 || compare(&code->constants[kept - 1], &code->constants[i]) != 0)
            code->constants[kept++] = code->constants[i];
    code->constant_count = kept;
}
