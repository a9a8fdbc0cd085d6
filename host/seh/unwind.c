/* Unwinding to a frame, with each frame's termination handlers called on the way. */
#include "host/seh/unwind.h"
#include "host/seh/dispatch.h"
#include "host/seh/frame_walk.h"
#include "host/linux/shadow.h"

struct unwinding {
    PEXCEPTION_RECORD record;
    uint64_t target_frame; /* 0: exit unwind, all frames */
    uint64_t target_ip;
    uint64_t return_value;
    bool collided;
    struct seh_walk walk;
    UNWIND_HISTORY_TABLE history;
};

static void call_handler(struct unwinding *unwinding)
{
    struct seh_walk *walk = &unwinding->walk;
    bool target = walk->frame.step.establisher == unwinding->target_frame;
    DISPATCHER_CONTEXT dispatcher = {.HistoryTable = &unwinding->history,
                                     .TargetIp = unwinding->target_ip};

    seh_walk_dispatcher(walk, &dispatcher);
    walk->current.Rax = unwinding->return_value;
    unwinding->record->ExceptionFlags =
        (unwinding->record->ExceptionFlags & EXCEPTION_NONCONTINUABLE) | EXCEPTION_UNWINDING |
        (unwinding->target_frame ? 0 : EXCEPTION_EXIT_UNWIND) |
        (target ? EXCEPTION_TARGET_UNWIND : 0) |
        (unwinding->collided ? EXCEPTION_COLLIDED_UNWIND : 0);
    unwinding->collided = false;
    if (context_call_unwind_handler(unwinding->record, (PVOID)walk->frame.step.establisher,
                                    &walk->current, &dispatcher) != ExceptionContinueSearch)
        seh_raise_status(STATUS_INVALID_DISPOSITION, unwinding->record);
}

/* One frame; true when it is the target. */
static bool unwind_frame(struct unwinding *unwinding)
{
    struct seh_walk *walk = &unwinding->walk;

    switch (seh_walk_examine(walk, UNW_FLAG_UHANDLER)) {
    case SEH_WALK_CALLER:
        break;
    case SEH_WALK_CORRUPT:
        seh_raise_status(STATUS_BAD_STACK, unwinding->record);
    default: /* no target, or passed it: nothing can go on from here */
        if (unwinding->target_frame == 0)
            seh_unhandled(unwinding->record, &walk->current, walk->exact);
        seh_raise_status(STATUS_INVALID_UNWIND_TARGET, unwinding->record);
    }
    if (walk->frame.kind == SEH_FRAME_UNWIND_CALL) {
        if (!seh_walk_collide(walk))
            seh_raise_status(STATUS_BAD_STACK, unwinding->record);
        unwinding->collided = true;
    }
    if (walk->frame.kind != SEH_FRAME_IMAGE)
        return false;
    uint64_t establisher = walk->frame.step.establisher;
    if (unwinding->target_frame && establisher > unwinding->target_frame)
        seh_raise_status(STATUS_INVALID_UNWIND_TARGET, unwinding->record);
    if (walk->frame.step.handler)
        call_handler(unwinding);
    return establisher == unwinding->target_frame;
}

VOID NTAPI RtlUnwindEx(PVOID target_frame, PVOID target_ip, PEXCEPTION_RECORD record,
                       PVOID return_value, PCONTEXT context, PUNWIND_HISTORY_TABLE history)
{
    EXCEPTION_RECORD own = {.ExceptionCode = STATUS_UNWIND};
    struct unwinding unwinding = {.record = record ? record : &own,
                                  .target_frame = (uint64_t)target_frame,
                                  .target_ip = (uint64_t)target_ip,
                                  .return_value = (uint64_t)return_value};
    CONTEXT start;

    RtlCaptureContext(&start);
    own.ExceptionAddress = (PVOID)start.Rip;
    seh_walk_start(&unwinding.walk, &start, false);
    while (!unwind_frame(&unwinding))
        seh_walk_advance(&unwinding.walk);

    CONTEXT *target = &unwinding.walk.current;
    target->Rax = unwinding.return_value;
    if (unwinding.record->ExceptionCode != STATUS_UNWIND_CONSOLIDATE)
        target->Rip = unwinding.target_ip;
    RtlRestoreContext(target, unwinding.record);
}
SB_EXPORT(RtlUnwindEx)

VOID NTAPI RtlUnwind(PVOID target_frame, PVOID target_ip, PEXCEPTION_RECORD record,
                     PVOID return_value)
{
    CONTEXT scratch;

    RtlUnwindEx(target_frame, target_ip, record, return_value, &scratch, NULL);
}
SB_EXPORT(RtlUnwind)

/* MSVC emits a call of it for a jump out of a __try that has a __finally. */
VOID NTAPI _local_unwind(PVOID target_frame, PVOID target_ip)
{
    RtlUnwind(target_frame, target_ip, NULL, NULL);
}
SB_EXPORT(_local_unwind)

#if defined(__SANITIZE_ADDRESS__)
void __attribute__((sysv_abi)) __asan_handle_no_return(void);
#else
static void __asan_handle_no_return(void)
{
}
#endif

VOID NTAPI RtlRestoreContext(PCONTEXT context, PEXCEPTION_RECORD record)
{
    if (record && record->ExceptionCode == STATUS_LONGJUMP && record->NumberParameters >= 1)
        jump_buffer_apply((struct jump_buffer *)record->ExceptionInformation[0], context);
    if (record && record->ExceptionCode == STATUS_UNWIND_CONSOLIDATE &&
        record->NumberParameters >= 1) {
        ULONG64(NTAPI * callback)
        (PEXCEPTION_RECORD) = (ULONG64(NTAPI *)(PEXCEPTION_RECORD))record->ExceptionInformation[0];
        context->Rip = callback(record);
    }
    __asan_handle_no_return();
    linux_shadow_forget_frames(context->Rsp);
    context_resume(context);
}
SB_EXPORT(RtlRestoreContext)
