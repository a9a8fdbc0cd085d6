/*
 * Jump tables, as compilers write them:
 *     cmp index, N; ja outside; [movzx index, byte [bytes + index]]
 *     mov|movsxd offset, [table + index*4]; add offset, anchor; jmp offset
 * where table and anchor are given by lea, or are offsets from the image's own base; or
 *     jmp [table + index*8]
 */
#include <stdlib.h>

#include "host/code/code.h"

enum { MOST_TARGETS = 1024, LOOK_BACK = CODE_TRACE - 4 };

struct table {
    struct code_operand entry; /* the memory that is read */
    unsigned load;             /* which step reads it, counted back */
    uint64_t address, anchor;  /* of the first entry; what entries are relative to */
    uint64_t bytes;            /* a table that the index goes through first; 0: none */
    bool is_absolute;
    uint32_t count; /* 0: not known */
    uint32_t outside;
};

/* The step so many before the last one, or NULL. */
static const struct code_step *back(const struct code_trace *trace, unsigned distance)
{
    if (distance >= trace->count || distance >= CODE_TRACE)
        return NULL;
    return &trace->steps[(trace->count - 1 - distance) % CODE_TRACE];
}

static uint64_t address_in(const struct code_trace *trace, uint8_t reg)
{
    return reg < CODE_OTHER && trace->has_address[reg] ? trace->address_of[reg] : 0;
}

static bool is_register(const struct code_operand *operand, uint8_t reg)
{
    return operand->kind == CODE_REGISTER && operand->reg == reg && reg < CODE_OTHER;
}

/* The addition and the load before the jump. */
static bool find_load(const struct code_trace *trace, uint8_t target, struct table *table)
{
    uint8_t other = CODE_NO_REG;
    for (unsigned i = 1; i < LOOK_BACK; i++) {
        const struct code_step *step = back(trace, i);
        if (!step)
            return false;
        const struct code_operand *to = &step->operands[0], *from = &step->operands[1];
        if (step->id == X86_INS_ADD && is_register(to, target) && from->kind == CODE_REGISTER &&
            other == CODE_NO_REG) {
            other = from->reg;
            continue;
        }
        bool loads = (step->id == X86_INS_MOVSXD || step->id == X86_INS_MOV) &&
                     from->kind == CODE_MEMORY && from->scale == 4 && from->size == 4;
        if (other == CODE_NO_REG || !loads || (!is_register(to, target) && !is_register(to, other)))
            continue;
        table->entry = *from;
        table->load = i;
        table->address = address_in(trace, from->base) + (uint64_t)from->value;
        table->anchor = address_in(trace, to->reg == target ? other : target);
        return true;
    }
    return false;
}

/* The comparison that keeps the index inside, and a table of bytes on the way. */
static void find_bound(const struct code_trace *trace, struct table *table)
{
    const struct code_step *branch = NULL;
    for (unsigned i = table->load; i < LOOK_BACK; i++) {
        const struct code_step *step = back(trace, i);
        if (!step)
            return;
        const struct code_operand *to = &step->operands[0], *from = &step->operands[1];
        if (step->id == X86_INS_MOVZX && from->kind == CODE_MEMORY && from->size == 1 &&
            is_register(to, table->entry.index))
            table->bytes = address_in(trace, from->base) + (uint64_t)from->value;
        if (step->id == X86_INS_JA || step->id == X86_INS_JAE)
            branch = step;
        if (step->id != X86_INS_CMP || from->kind != CODE_IMMEDIATE || !branch)
            continue;
        if (from->value < 0 || from->value >= MOST_TARGETS)
            return;
        table->count = (uint32_t)from->value + (branch->id == X86_INS_JA);
        table->outside = (uint32_t)branch->operands[0].value;
        return;
    }
}

static bool entry_at(const struct code_reader *reader, const struct table *table, uint32_t index,
                     uint64_t *target)
{
    uint8_t byte;
    if (table->bytes) {
        if (!code_read_bytes(reader, table->bytes + index, &byte, 1))
            return false;
        index = byte;
    }
    if (table->is_absolute) {
        if (!code_read_bytes(reader, table->address + index * 8ull, target, sizeof(*target)))
            return false;
        *target -= reader->base;
        return true;
    }
    int32_t offset;
    if (!code_read_bytes(reader, table->address + index * 4ull, &offset, sizeof(offset)))
        return false;
    *target = table->anchor + (uint64_t)(int64_t)offset;
    return true;
}

/* A target is in the function that jumps: that is what makes a table believable. */
static bool is_believable(const struct code_reader *reader, const struct code_range *function,
                          uint64_t target)
{
    return code_is_executable(reader, target) && !(reader->map[target] & CODE_BODY) &&
           (!function || (target >= function->begin && target < function->end));
}

static void add_targets(struct code_reader *reader, const struct table *table, uint32_t jump)
{
    const struct code_range *function = code_function(reader, jump);
    struct code_switch found = {.jump = jump, .outside = table->outside};
    uint32_t count = table->count ? table->count : MOST_TARGETS;
    uint64_t target;
    if (!table->count && (!function || table->bytes))
        return;
    for (uint32_t i = 0; i < count && entry_at(reader, table, i, &target); i++) {
        bool believed = is_believable(reader, function, target);
        if (!believed && !table->count)
            break;
        if (believed)
            code_add_target(reader, target);
        reader->is_exhausted |=
            !code_list_add(&found.targets, believed ? (uint32_t)target : table->outside);
    }
    struct code_switch *all =
        realloc(reader->switches, (reader->switch_count + 1) * sizeof(*reader->switches));
    if (!all) {
        code_list_free(&found.targets);
        reader->is_exhausted = true;
        return;
    }
    reader->switches = all;
    reader->switches[reader->switch_count++] = found;
}

void code_resolve_switch(struct code_reader *reader, const struct code_trace *trace)
{
    const struct code_step *jump = back(trace, 0);
    const struct code_operand *target = &jump->operands[0];
    struct table table = {.count = 0};
    if (target->kind == CODE_MEMORY && target->scale == 8 && target->index < CODE_OTHER) {
        uint64_t address = (uint64_t)target->value;
        table.entry = *target;
        table.address = target->base == CODE_NO_REG ? address - reader->base
                                                    : address_in(trace, target->base) + address;
        table.is_absolute = true;
    } else if (target->kind != CODE_REGISTER || !find_load(trace, target->reg, &table)) {
        return;
    }
    find_bound(trace, &table);
    add_targets(reader, &table, jump->address);
}
