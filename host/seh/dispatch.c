/* The search for a handler: Microsoft, "x64 exception handling", "Structured exception handling".
 */
#include "host/seh/dispatch.h"
#include "host/seh/exception.h"
#include "host/seh/frame_walk.h"

struct search {
    PEXCEPTION_RECORD record;
    PCONTEXT context;
    ULONG flags;
    uint64_t nested_frame; /* up to this frame the exception is nested in another's search */
    struct seh_walk walk;
    UNWIND_HISTORY_TABLE history;
};

static EXCEPTION_DISPOSITION call_handler(struct search *search)
{
    uint64_t establisher = search->walk.frame.step.establisher;
    DISPATCHER_CONTEXT dispatcher = {.HistoryTable = &search->history};

    seh_walk_dispatcher(&search->walk, &dispatcher);
    search->record->ExceptionFlags = search->flags;
    EXCEPTION_DISPOSITION disposition = context_call_exception_handler(
        search->record, (PVOID)establisher, search->context, &dispatcher);

    search->flags |= search->record->ExceptionFlags & EXCEPTION_NONCONTINUABLE;
    if (search->nested_frame == establisher) {
        search->flags &= ~(ULONG)EXCEPTION_NESTED_CALL;
        search->nested_frame = 0;
    }
    return disposition;
}

/* True when execution is to continue at the context. */
static bool offer(struct search *search)
{
    switch (call_handler(search)) {
    case ExceptionContinueExecution:
        if (search->flags & EXCEPTION_NONCONTINUABLE)
            seh_raise_status(STATUS_NONCONTINUABLE_EXCEPTION, search->record);
        return true;
    case ExceptionContinueSearch:
    case ExceptionNestedException:
        return false;
    default:
        seh_raise_status(STATUS_INVALID_DISPOSITION, search->record);
    }
}

/* The walk met the search for an earlier exception's handler: until the frame whose handler was
 * running then, this exception is a nested one. */
static bool note_nesting(struct search *search)
{
    DISPATCHER_CONTEXT saved;

    if (!seh_read(&search->walk.stack, (uint64_t)search->walk.frame.saved, &saved, sizeof saved))
        return false;
    search->flags |= EXCEPTION_NESTED_CALL;
    if (saved.EstablisherFrame > search->nested_frame)
        search->nested_frame = saved.EstablisherFrame;
    return true;
}

static bool search_frames(struct search *search)
{
    struct seh_walk *walk = &search->walk;

    for (;; seh_walk_advance(walk)) {
        enum seh_walk_result result = seh_walk_examine(walk, UNW_FLAG_EHANDLER);
        if (result == SEH_WALK_CORRUPT)
            search->flags |= EXCEPTION_STACK_INVALID;
        if (result != SEH_WALK_CALLER)
            return false;
        if (walk->frame.kind == SEH_FRAME_EXCEPTION_CALL && !note_nesting(search))
            return false;
        if (walk->frame.kind == SEH_FRAME_UNWIND_CALL && !seh_walk_collide(walk))
            return false;
        if (walk->frame.step.handler && offer(search))
            return true;
    }
}

bool seh_dispatch(PEXCEPTION_RECORD record, PCONTEXT context, bool exact)
{
    struct search search = {.record = record, .context = context};

    search.flags = record->ExceptionFlags & EXCEPTION_NONCONTINUABLE;
    seh_walk_start(&search.walk, context, exact);
    bool handled = search_frames(&search);
    record->ExceptionFlags = search.flags;
    return handled;
}

void seh_dispatch_or_stop(PEXCEPTION_RECORD record, PCONTEXT context, bool exact)
{
    if (seh_dispatch(record, context, exact))
        RtlRestoreContext(context, NULL);
    seh_unhandled(record, context, exact);
}
