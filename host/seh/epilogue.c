/*
 * Version 1 unwind information does not say where epilogues are; the ABI fixes their form instead
 * (Microsoft, "x64 prolog and epilog"): add rsp,n or lea rsp,[frame+n]; pops of 8 byte registers;
 * then a return or a jump out of the function.
 */
#include "host/nt.h"
#include "host/seh/unwind_types.h"
#include "host/seh/unwind_info.h"
#include "host/seh/virtual_unwind.h"

#define LONGEST_EPILOGUE 48u /* 7 bytes of stack release, 15 pops of 2, 7 bytes of jump */

#define REGISTER_RSP 4u

struct code {
    uint8_t bytes[LONGEST_EPILOGUE];
    size_t length;
    size_t position;
    uint64_t address;
};

static uint8_t byte_at(const struct code *code, size_t ahead)
{
    size_t position = code->position + ahead;
    return position < code->length ? code->bytes[position] : 0xCC; /* int3 is part of no epilogue */
}

static int32_t long_at(const struct code *code, size_t ahead)
{
    uint32_t value = 0;

    for (size_t i = 4; i-- > 0;)
        value = value << 8 | byte_at(code, ahead + i);
    return (int32_t)value;
}

/* lea rsp, [frame register + displacement] */
static bool release_by_lea(struct code *code, unsigned frame_register, CONTEXT *context)
{
    uint8_t rex = byte_at(code, 0);
    uint8_t modrm = byte_at(code, 2);
    unsigned base = (modrm & 7u) | (rex & 1u) << 3;
    unsigned sib = (modrm & 7u) == REGISTER_RSP; /* r12 needs a SIB byte */

    if (frame_register == 0 || base != frame_register || (modrm & 0x38) != 0x20)
        return false;
    uint64_t value = context_registers(context)[frame_register];
    if ((modrm & 0xC0) == 0x40) {
        context->Rsp = value + (uint64_t)(int64_t)(int8_t)byte_at(code, 3 + sib);
        code->position += 4 + sib;
    } else if ((modrm & 0xC0) == 0x80) {
        context->Rsp = value + (uint64_t)(int64_t)long_at(code, 3 + sib);
        code->position += 7 + sib;
    } else {
        return false;
    }
    return true;
}

static void release_stack(struct code *code, unsigned frame_register, CONTEXT *context)
{
    uint8_t rex = byte_at(code, 0);
    uint8_t opcode = byte_at(code, 1);

    if (rex == 0x48 && opcode == 0x83 && byte_at(code, 2) == 0xC4) {
        context->Rsp += (uint64_t)(int64_t)(int8_t)byte_at(code, 3);
        code->position += 4;
    } else if (rex == 0x48 && opcode == 0x81 && byte_at(code, 2) == 0xC4) {
        context->Rsp += (uint64_t)(int64_t)long_at(code, 3);
        code->position += 7;
    } else if ((rex == 0x48 || rex == 0x49) && opcode == 0x8D) {
        release_by_lea(code, frame_register, context);
    }
}

static bool pop_registers(struct code *code, const struct seh_memory *memory, CONTEXT *context,
                          KNONVOLATILE_CONTEXT_POINTERS *pointers)
{
    for (;;) {
        unsigned prefix = (byte_at(code, 0) & 0xF0) == 0x40;
        unsigned high = prefix ? (byte_at(code, 0) & 1u) << 3 : 0;
        uint8_t opcode = byte_at(code, prefix);
        unsigned number = (opcode & 7u) | high;

        if ((opcode & 0xF8) != 0x58 || number == REGISTER_RSP)
            return true;
        if (!seh_read(memory, context->Rsp, &context_registers(context)[number], 8))
            return false;
        if (pointers)
            pointers->IntegerContext[number] = (PULONG64)context->Rsp;
        context->Rsp += 8;
        code->position += 1 + prefix;
    }
}

/* A tail call goes to the start of a function, or to where no function is known (a leaf, another
 * image); a jump to anywhere else, a separated part of the same function included, is ordinary. */
static bool is_tail_call(const struct code *code, const struct seh_image *image, size_t length,
                         int64_t displacement)
{
    uint64_t target = code->address + code->position + length + (uint64_t)displacement;
    struct unwind_info info;

    if (target < image->base || target - image->base >= image->size)
        return true;
    const RUNTIME_FUNCTION *function = seh_find_function(image, (uint32_t)(target - image->base));
    if (!function)
        return true;
    return target == image->base + function->BeginAddress &&
           unwind_info_read(image, function->UnwindData, &info) &&
           !(info.flags & UNW_FLAG_CHAININFO);
}

static bool ends_here(const struct code *code, const struct seh_image *image)
{
    uint8_t first = byte_at(code, 0);
    uint8_t second = byte_at(code, 1);

    switch (first) {
    case 0xC2: /* ret n */
    case 0xC3:
        return true;
    case 0xF3: /* rep ret */
        return second == 0xC3;
    case 0xE9:
        return is_tail_call(code, image, 5, long_at(code, 1));
    case 0xEB:
        return is_tail_call(code, image, 2, (int8_t)second);
    case 0xFF: /* jmp [rip + n]: a tail call of an import */
        return second == 0x25;
    default: /* rex.w jmp: the form the ABI asks of a tail call through a register or memory */
        return (first & 0xF8) == 0x48 && second == 0xFF && (byte_at(code, 2) & 0x38) == 0x20;
    }
}

bool seh_unwind_epilogue(const struct seh_image *image, const struct seh_memory *memory,
                         uint64_t end, unsigned frame_register, CONTEXT *context,
                         KNONVOLATILE_CONTEXT_POINTERS *pointers)
{
    CONTEXT caller = *context;
    KNONVOLATILE_CONTEXT_POINTERS popped = {0};
    struct code code = {.address = context->Rip};

    if (context->Rip >= end)
        return false;
    size_t room = end - context->Rip < LONGEST_EPILOGUE ? end - context->Rip : LONGEST_EPILOGUE;
    code.length = seh_read_some(context->Rip, code.bytes, room);
    if (image->restore_code)
        image->restore_code(context->Rip, code.bytes, code.length);

    release_stack(&code, frame_register, &caller);
    if (!pop_registers(&code, memory, &caller, &popped) || !ends_here(&code, image) ||
        !seh_unwind_leaf(memory, &caller))
        return false;

    for (unsigned i = 0; pointers && i < 16; i++)
        if (popped.IntegerContext[i])
            pointers->IntegerContext[i] = popped.IntegerContext[i];
    *context = caller;
    return true;
}
