#include "host/seh/frame_walk.h"
#include "host/ke/thread.h"
#include "host/linux/host_frame.h"

/* What lies above the outermost call into the machine is the application's. */
static struct seh_memory current_stack(void)
{
    struct seh_memory stack;
    PETHREAD thread = current_thread();

    linux_stack_bounds(&stack.low, &stack.high);
    uint64_t entry = thread ? (uint64_t)thread->call_frame : 0;
    if (stack.low < entry && entry < stack.high)
        stack.high = entry;
    return stack;
}

void seh_walk_start(struct seh_walk *walk, const CONTEXT *context, bool exact)
{
    walk->stack = current_stack();
    walk->current = *context;
    walk->exact = exact;
    walk->caller_exact = false;
    walk->saved = NULL;
}

void seh_walk_advance(struct seh_walk *walk)
{
    walk->current = walk->caller;
    walk->exact = walk->caller_exact;
}

static enum seh_walk_result unwind_image(struct seh_walk *walk, ULONG handler_type)
{
    struct seh_frame *frame = &walk->frame;

    if (!frame->function) {
        frame->kind = SEH_FRAME_LEAF;
        return seh_unwind_leaf(&walk->stack, &walk->caller) ? SEH_WALK_CALLER : SEH_WALK_CORRUPT;
    }
    frame->kind = SEH_FRAME_IMAGE;
    if (walk->saved)
        *walk->saved = (KNONVOLATILE_CONTEXT_POINTERS){0};
    if (!seh_unwind_function(&frame->image, &walk->stack, frame->function, frame->control_pc,
                             handler_type, &walk->caller, walk->saved, &frame->step))
        return SEH_WALK_CORRUPT;
    uint64_t establisher = frame->step.establisher;
    bool inside = establisher >= walk->stack.low && establisher < walk->stack.high;
    return inside && establisher % 8 == 0 ? SEH_WALK_CALLER : SEH_WALK_CORRUPT;
}

static enum seh_walk_result unwind_host(struct seh_walk *walk)
{
    struct linux_registers registers;

    walk->frame.kind = SEH_FRAME_HOST;
    context_to_registers(&walk->current, &registers);
    switch (linux_frame_unwind(&registers, walk->exact, walk->stack.low, walk->stack.high)) {
    case LINUX_FRAME_CALLER:
        break;
    case LINUX_FRAME_OUTERMOST:
        return SEH_WALK_END;
    case LINUX_FRAME_NO_CFI:
        return SEH_WALK_NO_CFI;
    case LINUX_FRAME_NO_OBJECT: /* a wild call, or code a driver made: a leaf to NT */
        walk->frame.kind = SEH_FRAME_LEAF;
        return seh_unwind_leaf(&walk->stack, &walk->caller) ? SEH_WALK_CALLER : SEH_WALK_CORRUPT;
    default:
        return SEH_WALK_CORRUPT;
    }
    __builtin_memcpy(&walk->caller.Rax, &registers.rax, 16 * sizeof(uint64_t));
    walk->caller.Rip = registers.rip;
    __builtin_memcpy(walk->caller.FltSave.XmmRegisters, registers.xmm, sizeof registers.xmm);
    return walk->caller.Rsp > walk->current.Rsp ? SEH_WALK_CALLER : SEH_WALK_CORRUPT;
}

static bool unwind_fault(struct seh_walk *walk, uint64_t saved)
{
    struct linux_fault fault;

    if (!seh_read(&walk->stack, saved, &fault, sizeof fault))
        return false;
    walk->frame.kind = SEH_FRAME_FAULT;
    __builtin_memcpy(&walk->caller.Rax, &fault.registers.rax, 16 * sizeof(uint64_t));
    walk->caller.Rip = fault.registers.rip;
    walk->caller.EFlags = (ULONG)fault.registers.eflags;
    __builtin_memcpy(walk->caller.FltSave.XmmRegisters, fault.registers.xmm,
                     sizeof fault.registers.xmm);
    walk->caller_exact = true;
    return true;
}

/* The calls that assembly makes so that a walk can tell them: 0 = not one, -1 = corrupt. */
static int recognise_call(struct seh_walk *walk)
{
    uint64_t pc = walk->current.Rip;
    bool fault = pc == (uint64_t)context_fault_call;
    bool unwind = pc == (uint64_t)context_unwind_call;
    uint64_t saved;

    if (!fault && !unwind && pc != (uint64_t)context_exception_call)
        return 0;
    if (!seh_read(&walk->stack, context_saved_argument_address(&walk->current), &saved, 8))
        return -1;
    if (fault)
        return unwind_fault(walk, saved) ? 1 : -1;
    if (unwind_host(walk) != SEH_WALK_CALLER)
        return -1;
    walk->frame.kind = unwind ? SEH_FRAME_UNWIND_CALL : SEH_FRAME_EXCEPTION_CALL;
    walk->frame.saved = (DISPATCHER_CONTEXT *)saved;
    return 1;
}

enum seh_walk_result seh_walk_examine(struct seh_walk *walk, ULONG handler_type)
{
    struct seh_frame *frame = &walk->frame;

    *frame = (struct seh_frame){.control_pc = walk->current.Rip};
    walk->caller = walk->current;
    walk->caller_exact = false;
    /* What called a null pointer has called a leaf function. */
    if ((walk->current.Rip == 0 && !walk->exact) || walk->current.Rsp >= walk->stack.high)
        return SEH_WALK_END;

    int recognised = recognise_call(walk);
    if (recognised != 0)
        return recognised > 0 ? SEH_WALK_CALLER : SEH_WALK_CORRUPT;
    if (!seh_find_image(frame->control_pc, &frame->image))
        return unwind_host(walk);
    frame->function =
        seh_find_function(&frame->image, (uint32_t)(frame->control_pc - frame->image.base));
    enum seh_walk_result result = unwind_image(walk, handler_type);
    if (result == SEH_WALK_CALLER && walk->caller.Rsp <= walk->current.Rsp)
        return SEH_WALK_CORRUPT;
    return result;
}

bool seh_walk_collide(struct seh_walk *walk)
{
    DISPATCHER_CONTEXT saved;
    struct seh_frame *frame = &walk->frame;

    if (!seh_read(&walk->stack, (uint64_t)frame->saved, &saved, sizeof saved) ||
        !seh_read(&walk->stack, (uint64_t)saved.ContextRecord, &walk->current,
                  sizeof walk->current))
        return false;
    *frame = (struct seh_frame){.control_pc = saved.ControlPc, .function = saved.FunctionEntry};
    walk->caller = walk->current;
    walk->caller_exact = false;
    if (!seh_find_image(saved.ControlPc, &frame->image) ||
        unwind_image(walk, UNW_FLAG_NHANDLER) != SEH_WALK_CALLER)
        return false;
    frame->step.handler = (uint64_t)saved.LanguageHandler;
    frame->step.handler_data = (uint64_t)saved.HandlerData;
    frame->scope_index = saved.ScopeIndex;
    return true;
}

void seh_walk_dispatcher(struct seh_walk *walk, DISPATCHER_CONTEXT *dispatcher)
{
    struct seh_frame *frame = &walk->frame;

    dispatcher->ControlPc = frame->control_pc;
    dispatcher->ImageBase = frame->image.base;
    dispatcher->FunctionEntry = frame->function;
    dispatcher->EstablisherFrame = frame->step.establisher;
    dispatcher->ContextRecord = &walk->current;
    dispatcher->LanguageHandler = (PEXCEPTION_ROUTINE)frame->step.handler;
    dispatcher->HandlerData = (PVOID)frame->step.handler_data;
    dispatcher->ScopeIndex = frame->scope_index;
}
