/*
 * Following code. The map says where instructions begin; what is certain is followed first, so that
 * a guess which would cut a known instruction in two is seen to be wrong.
 */
#include "host/code/code.h"

enum { GUESS_LENGTH = 64 }; /* instructions that a guess is tried with */

void code_add_target(struct code_reader *reader, uint64_t address)
{
    if (!code_is_executable(reader, address))
        return;
    reader->map[address] |= CODE_BLOCK;
    if (!(reader->map[address] & (CODE_START | CODE_BODY)) &&
        !code_list_add(&reader->work, (uint32_t)address))
        reader->is_exhausted = true;
}

/* True when the instruction may lie there: nothing else does. */
static bool is_free(const struct code_reader *reader, const struct code_step *step)
{
    for (uint32_t i = 0; i < step->length; i++) {
        uint64_t at = (uint64_t)step->address + i;
        if (!code_is_executable(reader, at) || (reader->map[at] & (CODE_START | CODE_BODY)))
            return false;
    }
    return true;
}

static void mark(struct code_reader *reader, const struct code_step *step)
{
    reader->map[step->address] |= CODE_START;
    for (uint32_t i = 1; i < step->length; i++)
        reader->map[step->address + i] |= CODE_BODY;
}

/* What the step does to the addresses that registers hold, and a note of a routine's address. */
static void trace_add(struct code_reader *reader, struct code_trace *trace,
                      const struct code_step *step)
{
    const struct code_operand *to = &step->operands[0];
    uint32_t address;
    trace->steps[trace->count++ % CODE_TRACE] = *step;
    if (step->id == X86_INS_LEA && code_rip_address(step, &step->operands[1], &address)) {
        trace->has_address[to->reg] = true;
        trace->address_of[to->reg] = address;
        if (code_is_executable(reader, address) && !code_list_add(&reader->guesses, address))
            reader->is_exhausted = true;
        return;
    }
    switch (step->id) {
    case X86_INS_MOV:
    case X86_INS_MOVZX:
    case X86_INS_MOVSX:
    case X86_INS_MOVSXD:
    case X86_INS_LEA:
    case X86_INS_XOR:
    case X86_INS_POP:
        if (to->kind == CODE_REGISTER && to->reg <= CODE_OTHER)
            trace->has_address[to->reg] = false;
        break;
    default:
        break;
    }
}

/* False where the way ends. */
static bool follow_step(struct code_reader *reader, const struct code_trace *trace,
                        const struct code_step *step)
{
    bool is_direct = step->operands[0].kind == CODE_IMMEDIATE;
    uint64_t target = (uint64_t)step->operands[0].value;
    switch (step->flow) {
    case CODE_GOES_ON:
        return true;
    case CODE_CALLS:
        if (is_direct)
            code_add_target(reader, target);
        return true;
    case CODE_BRANCHES:
        code_add_target(reader, target);
        code_add_target(reader, (uint64_t)step->address + step->length);
        return true;
    case CODE_JUMPS:
        if (is_direct)
            code_add_target(reader, target);
        else
            code_resolve_switch(reader, trace);
        return false;
    default:
        return false;
    }
}

static void follow(struct code_reader *reader, uint32_t address)
{
    struct code_trace trace = {.count = 0};
    struct code_step step;
    while (code_decode(reader, address, &step) && is_free(reader, &step)) {
        mark(reader, &step);
        trace_add(reader, &trace, &step);
        if (!follow_step(reader, &trace, &step))
            return;
        address += step.length;
    }
}

static void follow_all(struct code_reader *reader)
{
    while (reader->work.count && !reader->is_exhausted)
        follow(reader, reader->work.items[--reader->work.count]);
}

/* A function that has no entry in .pdata begins as compilers begin one, and reads as code up to an
 * end of it. */
static bool is_likely(const struct code_reader *reader, uint32_t address)
{
    uint8_t first[2], before = 0;
    struct code_step step;
    if ((reader->map[address] & (CODE_START | CODE_BODY)) || code_function(reader, address) ||
        !code_read_bytes(reader, address, first, sizeof(first)) || (first[0] == 0 && first[1] == 0))
        return false;
    if (address > 0)
        before = reader->bytes[address - 1];
    if (address % 16 != 0 && before != 0xCC && before != 0x90 && before != 0xC3)
        return false;
    for (int i = 0; i < GUESS_LENGTH; i++, address += step.length) {
        if (!code_decode(reader, address, &step))
            return false;
        if (reader->map[address] & CODE_START)
            return true;
        if (!is_free(reader, &step))
            return false;
        if (step.flow == CODE_ENDS || step.flow == CODE_JUMPS)
            return true;
    }
    return true;
}

void code_walk(struct code_reader *reader)
{
    code_find_roots(reader);
    follow_all(reader);
    while (reader->guesses.count && !reader->is_exhausted) {
        uint32_t address = reader->guesses.items[--reader->guesses.count];
        if (!is_likely(reader, address))
            continue;
        code_add_target(reader, address);
        follow_all(reader);
    }
}
