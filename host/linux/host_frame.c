#include "host/linux/host_frame.h"
#include "host/linux/frame_cfi.h"
#include "host/linux/linux.h"
#include "host/linux/peek.h"

#include <dwarf.h>
#include <string.h>

/* DWARF numbers of the x86-64 psABI. */
#define DWARF_RSP      7
#define DWARF_RETURN   16
#define DWARF_XMM0     17
#define DWARF_COUNT    33
#define STACK_CAPACITY 16

struct frame {
    const struct linux_registers *callee;
    uint64_t stack_low, stack_high;
    uint64_t cfa;
};

/* Where an expression says a register of the caller is. */
struct location {
    enum { LOCATION_MEMORY, LOCATION_VALUE, LOCATION_REGISTER } kind;
    uint64_t value;
};

static uint64_t *general_register(struct linux_registers *registers, unsigned number)
{
    static const uint8_t order[16] = {0, 2, 1, 3, 6, 7, 5, 4, 8, 9, 10, 11, 12, 13, 14, 15};

    return number == DWARF_RETURN ? &registers->rip : &registers->rax + order[number];
}

static bool register_value(const struct frame *frame, uint64_t number, uint64_t *value)
{
    if (number > DWARF_RETURN)
        return false;
    *value = *general_register((struct linux_registers *)frame->callee, (unsigned)number);
    return true;
}

static bool read_memory(const struct frame *frame, uint64_t address, void *buffer, size_t length)
{
    if (frame->stack_low <= address && address < frame->stack_high &&
        length <= frame->stack_high - address) {
        memcpy(buffer, (const void *)(uintptr_t)address, length);
        return true;
    }
    return linux_peek(address, buffer, length) == length;
}

struct stack {
    uint64_t values[STACK_CAPACITY];
    unsigned depth;
};

static bool push(struct stack *stack, uint64_t value)
{
    if (stack->depth == STACK_CAPACITY)
        return false;
    stack->values[stack->depth++] = value;
    return true;
}

static bool push_register_plus(const struct frame *frame, struct stack *stack, uint64_t number,
                               uint64_t offset)
{
    uint64_t value;
    return register_value(frame, number, &value) && push(stack, value + offset);
}

/* Operations that replace the two topmost values by one. */
static bool combine(struct stack *stack, unsigned operation)
{
    if (stack->depth < 2)
        return false;
    uint64_t right = stack->values[--stack->depth];
    uint64_t *left = &stack->values[stack->depth - 1];
    switch (operation) {
    case DW_OP_and:
        *left &= right;
        return true;
    case DW_OP_or:
        *left |= right;
        return true;
    case DW_OP_plus:
        *left += right;
        return true;
    case DW_OP_minus:
        *left -= right;
        return true;
    case DW_OP_mul:
        *left *= right;
        return true;
    case DW_OP_shl:
        *left = right < 64 ? *left << right : 0;
        return true;
    case DW_OP_ge:
        *left = (int64_t)*left >= (int64_t)right;
        return true;
    default:
        return false;
    }
}

static bool step_expression(const struct frame *frame, const Dwarf_Op *operation,
                            struct stack *stack)
{
    unsigned atom = operation->atom;

    if (atom >= DW_OP_lit0 && atom <= DW_OP_lit31)
        return push(stack, atom - DW_OP_lit0);
    if (atom >= DW_OP_breg0 && atom <= DW_OP_breg31)
        return push_register_plus(frame, stack, atom - DW_OP_breg0, operation->number);
    switch (atom) {
    case DW_OP_bregx:
        return push_register_plus(frame, stack, operation->number, operation->number2);
    case DW_OP_call_frame_cfa:
        return push(stack, frame->cfa);
    case DW_OP_const1u:
    case DW_OP_const1s:
    case DW_OP_const2u:
    case DW_OP_const2s:
    case DW_OP_const4u:
    case DW_OP_const4s:
    case DW_OP_const8u:
    case DW_OP_const8s:
    case DW_OP_constu:
    case DW_OP_consts:
        return push(stack, operation->number);
    case DW_OP_plus_uconst:
        if (stack->depth == 0)
            return false;
        stack->values[stack->depth - 1] += operation->number;
        return true;
    case DW_OP_deref:
        return stack->depth > 0 && read_memory(frame, stack->values[stack->depth - 1],
                                               &stack->values[stack->depth - 1], 8);
    default:
        return combine(stack, atom);
    }
}

static bool evaluate(const struct frame *frame, const Dwarf_Op *operations, size_t count,
                     struct location *location)
{
    struct stack stack = {.depth = 0};

    location->kind = LOCATION_MEMORY;
    for (size_t i = 0; i < count; i++) {
        unsigned atom = operations[i].atom;
        bool numbered = atom >= DW_OP_reg0 && atom <= DW_OP_reg31;

        if (numbered || atom == DW_OP_regx) {
            location->kind = LOCATION_REGISTER;
            location->value = numbered ? atom - DW_OP_reg0 : operations[i].number;
            return true;
        }
        if (atom == DW_OP_stack_value)
            location->kind = LOCATION_VALUE;
        else if (!step_expression(frame, &operations[i], &stack))
            return false;
    }
    if (stack.depth == 0)
        return false;
    location->value = stack.values[stack.depth - 1];
    return true;
}

static bool fetch(const struct frame *frame, unsigned number, const struct location *location,
                  struct linux_registers *caller)
{
    bool xmm = number >= DWARF_XMM0;
    void *target =
        xmm ? (void *)caller->xmm[number - DWARF_XMM0] : (void *)general_register(caller, number);

    switch (location->kind) {
    case LOCATION_MEMORY:
        return read_memory(frame, location->value, target, xmm ? 16 : 8);
    case LOCATION_VALUE:
        if (!xmm)
            memcpy(target, &location->value, 8);
        return !xmm;
    default:
        return !xmm && register_value(frame, location->value, target);
    }
}

/* A register the information does not mention keeps its value: those that a function may destroy
 * were saved by the ms_abi function further out, whose information says where. */
static enum linux_frame_result restore_register(const struct frame *frame, Dwarf_Frame *rules,
                                                unsigned number, struct linux_registers *caller)
{
    Dwarf_Op buffer[3];
    Dwarf_Op *operations;
    size_t count;
    struct location location;

    if (dwarf_frame_register(rules, (int)number, buffer, &operations, &count) != 0)
        return LINUX_FRAME_NO_CFI;
    if (count == 0)
        return number == DWARF_RETURN ? LINUX_FRAME_OUTERMOST : LINUX_FRAME_CALLER;
    if (!evaluate(frame, operations, count, &location) || !fetch(frame, number, &location, caller))
        return LINUX_FRAME_UNREADABLE;
    return LINUX_FRAME_CALLER;
}

static enum linux_frame_result restore_all(struct frame *frame, Dwarf_Frame *rules,
                                           struct linux_registers *caller)
{
    Dwarf_Op *operations;
    size_t count;
    struct location cfa;

    if (dwarf_frame_cfa(rules, &operations, &count) != 0 || count == 0)
        return LINUX_FRAME_NO_CFI;
    if (!evaluate(frame, operations, count, &cfa))
        return LINUX_FRAME_UNREADABLE;
    frame->cfa = cfa.value;
    for (unsigned number = 0; number < DWARF_COUNT; number++) {
        if (number == DWARF_RSP)
            continue;
        enum linux_frame_result result = restore_register(frame, rules, number, caller);
        if (result != LINUX_FRAME_CALLER)
            return result;
    }
    caller->rsp = frame->cfa;
    return LINUX_FRAME_CALLER;
}

enum linux_frame_result linux_frame_unwind(struct linux_registers *registers, bool exact_rip,
                                           uint64_t stack_low, uint64_t stack_high)
{
    struct linux_registers caller = *registers;
    struct frame frame = {registers, stack_low, stack_high, 0};
    enum linux_frame_result result = LINUX_FRAME_NO_CFI;

    frame_cfi_lock();
    Dwarf_Frame *rules = frame_cfi_find(registers->rip - (exact_rip ? 0 : 1));
    if (rules)
        result = restore_all(&frame, rules, &caller);
    else if (!frame_cfi_has_object(registers->rip))
        result = LINUX_FRAME_NO_OBJECT;
    frame_cfi_unlock();
    if (result == LINUX_FRAME_CALLER)
        *registers = caller;
    return result;
}
