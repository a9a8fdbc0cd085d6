/* The numbers in instructions: what a fuzzer tries where it knows no better. */
#include <stdlib.h>

#include "host/code/code.h"

/* A number of 64 bits cannot be compared at once: it is loaded first. */
static bool is_compare(unsigned id)
{
    return id == X86_INS_MOVABS || id == X86_INS_CMP || id == X86_INS_SUB || id == X86_INS_TEST ||
           id == X86_INS_XOR;
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
    if (is_small || is_address)
        return;
    const struct code_operand *with = &step->operands[0];
    bool is_offset = with->kind == CODE_MEMORY && with->base < CODE_OTHER &&
                     with->index == CODE_NO_REG && with->value >= 0 && with->value < 0x10000;
    add(code, (struct sb_code_constant){
                  .value = bits,
                  .address = step->address,
                  .offset = is_offset ? (uint32_t)with->value : SB_CODE_NO_OFFSET,
                  .size = size,
                  .is_compared = is_compare(step->id),
              });
}

static int compare(const void *left, const void *right)
{
    const struct sb_code_constant *a = left, *b = right;
    if (a->is_compared != b->is_compared)
        return a->is_compared ? -1 : 1;
    return (a->address > b->address) - (a->address < b->address);
}

void code_collect_constants(struct code_reader *reader, struct sb_code *code)
{
    struct code_step step;
    for (uint32_t at = 0; at < reader->size; at++)
        if ((reader->map[at] & CODE_START) && code_decode(reader, at, &step))
            collect(reader, code, &step);
    if (code->constant_count)
        qsort(code->constants, code->constant_count, sizeof(*code->constants), compare);
}
