/* The unwind codes of x64: Microsoft, "x64 exception handling". */
#include "host/nt.h"
#include "host/seh/unwind_types.h"
#include "host/seh/unwind_info.h"
#include "host/seh/virtual_unwind.h"

#define LONGEST_CHAIN 32

struct unwinding {
    const struct seh_memory *memory;
    CONTEXT *context;
    KNONVOLATILE_CONTEXT_POINTERS *pointers;
    uint64_t frame; /* base of SAVE_ codes */
    bool machine_frame;
};

static bool load_register(struct unwinding *unwinding, unsigned number, uint64_t address)
{
    if (!seh_read(unwinding->memory, address, &context_registers(unwinding->context)[number], 8))
        return false;
    if (unwinding->pointers)
        unwinding->pointers->IntegerContext[number] = (PULONG64)address;
    return true;
}

static bool load_xmm(struct unwinding *unwinding, unsigned number, uint64_t address)
{
    M128A *xmm = &unwinding->context->FltSave.XmmRegisters[number];

    if (!seh_read(unwinding->memory, address, xmm, sizeof *xmm))
        return false;
    if (unwinding->pointers)
        unwinding->pointers->FloatingContext[number] = (PM128A)address;
    return true;
}

static bool pop_machine_frame(struct unwinding *unwinding, bool error_code)
{
    CONTEXT *context = unwinding->context;
    uint64_t frame = context->Rsp + (error_code ? 8 : 0);

    unwinding->machine_frame = true;
    return seh_read(unwinding->memory, frame, &context->Rip, 8) &&
           seh_read(unwinding->memory, frame + 24, &context->Rsp, 8);
}

static uint32_t far_operand(const uint16_t *slot)
{
    return slot[1] | (uint32_t)slot[2] << 16;
}

/* Undoes one prologue instruction. slot points at its code; the operands follow. */
static bool undo(struct unwinding *unwinding, const struct unwind_info *info, const uint16_t *slot,
                 struct unwind_code code)
{
    CONTEXT *context = unwinding->context;

    switch (code.operation) {
    case UNWIND_PUSH_NONVOLATILE: {
        uint64_t address = context->Rsp;
        context->Rsp += 8;
        return load_register(unwinding, code.info, address);
    }
    case UNWIND_ALLOCATE_LARGE:
        context->Rsp += code.info ? far_operand(slot) : slot[1] * 8u;
        return true;
    case UNWIND_ALLOCATE_SMALL:
        context->Rsp += code.info * 8u + 8u;
        return true;
    case UNWIND_SET_FRAME:
        context->Rsp =
            context_registers(context)[info->frame_register] - info->frame_offset * 16ull;
        return true;
    case UNWIND_SAVE_NONVOLATILE:
        return load_register(unwinding, code.info, unwinding->frame + slot[1] * 8u);
    case UNWIND_SAVE_NONVOLATILE_FAR:
        return load_register(unwinding, code.info, unwinding->frame + far_operand(slot));
    case UNWIND_SAVE_XMM128:
        return load_xmm(unwinding, code.info, unwinding->frame + slot[1] * 16u);
    case UNWIND_SAVE_XMM128_FAR:
        return load_xmm(unwinding, code.info, unwinding->frame + far_operand(slot));
    case UNWIND_PUSH_MACHINE_FRAME:
        return pop_machine_frame(unwinding, code.info != 0);
    default: /* epilogue descriptions and spare codes undo nothing */
        return true;
    }
}

static bool undo_prologue(struct unwinding *unwinding, const struct unwind_info *info,
                          uint64_t executed)
{
    for (unsigned i = 0; i < info->count;) {
        struct unwind_code code = info->codes[i];
        unsigned slots = unwind_code_slots(info, code);

        if (slots == 0 || slots > info->count - i)
            return false;
        if (code.offset <= executed && !undo(unwinding, info, &info->slots[i], code))
            return false;
        i += slots;
    }
    return true;
}

/* Whether the frame register was set already when `executed` bytes of the prologue had run. */
static bool frame_is_set(const struct unwind_info *info, uint64_t executed)
{
    if (info->frame_register == 0)
        return false;
    if (executed >= info->prologue_size || (info->flags & UNW_FLAG_CHAININFO))
        return true;
    for (unsigned i = 0; i < info->count;) {
        struct unwind_code code = info->codes[i];
        unsigned slots = unwind_code_slots(info, code);

        if (slots == 0)
            return false;
        if (code.operation == UNWIND_SET_FRAME)
            return code.offset <= executed;
        i += slots;
    }
    return false;
}

/* The value rsp had when the fixed part of the frame was complete. */
static uint64_t frame_base(const struct unwind_info *info, uint64_t executed, CONTEXT *context)
{
    if (frame_is_set(info, executed))
        return context_registers(context)[info->frame_register] - info->frame_offset * 16ull;
    return context->Rsp;
}

/* Undoes the prologues of info and of all it is chained to; info ends as that of the primary
 * function, whose handler counts. */
static bool undo_chain(struct unwinding *unwinding, const struct seh_image *image,
                       struct unwind_info *info, uint64_t executed)
{
    for (unsigned length = 0; length < LONGEST_CHAIN; length++) {
        if (!undo_prologue(unwinding, info, executed))
            return false;
        if (!(info->flags & UNW_FLAG_CHAININFO))
            return true;
        if (!unwind_info_read(image, info->chained.UnwindData & ~1u, info))
            return false;
        executed = UINT64_MAX; /* a chained part starts where all of its parent's prologue ran */
    }
    return false;
}

bool seh_unwind_leaf(const struct seh_memory *memory, CONTEXT *context)
{
    if (!seh_read(memory, context->Rsp, &context->Rip, 8))
        return false;
    context->Rsp += 8;
    return true;
}

static void find_handler(const struct seh_image *image, const struct unwind_info *info,
                         ULONG handler_type, struct unwind_step *step)
{
    if (!(info->flags & handler_type) || info->handler >= image->size)
        return;
    step->handler = image->base + info->handler;
    step->handler_data = image->base + info->handler_data;
}

bool seh_unwind_function(const struct seh_image *image, const struct seh_memory *memory,
                         const RUNTIME_FUNCTION *function, uint64_t control_pc, ULONG handler_type,
                         CONTEXT *context, KNONVOLATILE_CONTEXT_POINTERS *pointers,
                         struct unwind_step *step)
{
    RUNTIME_FUNCTION entry = *function;
    uint64_t begin = image->base + entry.BeginAddress;
    uint64_t executed = control_pc - begin;
    struct unwind_info info;

    if (!unwind_info_read(image, entry.UnwindData, &info))
        return false;
    *step = (struct unwind_step){.establisher = frame_base(&info, executed, context)};

    bool in_prologue = executed < info.prologue_size && !(info.flags & UNW_FLAG_CHAININFO);
    context->Rip = control_pc;
    if (!in_prologue &&
        unwind_info_may_be_epilogue(&info, (uint32_t)executed,
                                    entry.EndAddress - entry.BeginAddress) &&
        seh_unwind_epilogue(image, memory, image->base + entry.EndAddress, info.frame_register,
                            context, pointers))
        return true;

    struct unwinding unwinding = {memory, context, pointers, step->establisher, false};
    if (!undo_chain(&unwinding, image, &info, executed))
        return false;
    if (!in_prologue)
        find_handler(image, &info, handler_type, step);
    return unwinding.machine_frame || seh_unwind_leaf(memory, context);
}
