/*
 * __C_specific_handler: __try, __except and __finally of C, by the scope table behind the unwind
 * information. MSVC and clang write the same table; clang lists the protected range of each call
 * separately.
 */
#include "host/seh/context.h"
#include "host/seh/image_functions.h"
#include "host/seh/safe_memory.h"

typedef LONG(NTAPI *filter_routine)(PEXCEPTION_POINTERS pointers, PVOID establisher_frame);
typedef VOID(NTAPI *finally_routine)(BOOLEAN abnormal, PVOID establisher_frame);

#define HANDLE_ALL 1 /* in place of a filter: EXCEPTION_EXECUTE_HANDLER */

static ULONG scope_count(const DISPATCHER_CONTEXT *dispatcher)
{
    ULONG count;

    if (seh_read_some((uint64_t)dispatcher->HandlerData, &count, sizeof count) != sizeof count)
        return 0;
    return count;
}

/* False behind the last record, or where the table cannot be read. */
static bool scope_read(const DISPATCHER_CONTEXT *dispatcher, ULONG index,
                       struct scope_record *record)
{
    uint64_t table = (uint64_t)dispatcher->HandlerData + sizeof(ULONG);

    return seh_read_some(table + index * sizeof *record, record, sizeof *record) == sizeof *record;
}

static bool scope_holds(const struct scope_record *scope, uint64_t rva)
{
    return rva >= scope->begin && rva < scope->end;
}

static EXCEPTION_DISPOSITION search(PEXCEPTION_RECORD record, PVOID frame, PCONTEXT context,
                                    PDISPATCHER_CONTEXT dispatcher)
{
    uint64_t base = dispatcher->ImageBase;
    uint64_t pc = dispatcher->ControlPc - base;
    EXCEPTION_POINTERS pointers = {record, context};
    struct scope_record scope;
    ULONG count = scope_count(dispatcher);

    for (ULONG i = dispatcher->ScopeIndex; i < count && scope_read(dispatcher, i, &scope); i++) {
        if (!scope_holds(&scope, pc) || scope.jump_target == 0)
            continue;
        LONG answer = EXCEPTION_EXECUTE_HANDLER;
        if (scope.handler != HANDLE_ALL)
            answer = ((filter_routine)(base + scope.handler))(&pointers, frame);
        if (answer < 0)
            return ExceptionContinueExecution;
        if (answer > 0)
            RtlUnwindEx(frame, (PVOID)(base + scope.jump_target), record,
                        (PVOID)(ULONG_PTR)(ULONG)record->ExceptionCode, dispatcher->ContextRecord,
                        dispatcher->HistoryTable);
    }
    return ExceptionContinueSearch;
}

/* Whether the unwind's target lies inside the __try that the scope is a part of: then neither it
 * nor any scope around it is left. */
static bool target_is_inside(const DISPATCHER_CONTEXT *dispatcher, const struct scope_record *scope,
                             ULONG count, uint64_t target)
{
    struct scope_record other;

    for (ULONG i = 0; i < count && scope_read(dispatcher, i, &other); i++)
        if (scope_holds(&other, target) && other.handler == scope->handler &&
            other.jump_target == scope->jump_target)
            return true;
    return false;
}

static void terminate(PEXCEPTION_RECORD record, PVOID frame, PDISPATCHER_CONTEXT dispatcher)
{
    uint64_t base = dispatcher->ImageBase;
    uint64_t pc = dispatcher->ControlPc - base;
    uint64_t target = dispatcher->TargetIp - base;
    bool to_here = record->ExceptionFlags & EXCEPTION_TARGET_UNWIND;
    struct scope_record scope;
    ULONG count = scope_count(dispatcher);

    for (ULONG i = dispatcher->ScopeIndex; i < count && scope_read(dispatcher, i, &scope); i++) {
        if (!scope_holds(&scope, pc))
            continue;
        if (to_here && target_is_inside(dispatcher, &scope, count, target))
            return;
        if (scope.jump_target == 0) {
            dispatcher->ScopeIndex = i + 1; /* an exception in it goes on behind it */
            ((finally_routine)(base + scope.handler))(TRUE, frame);
        } else if (to_here && scope.jump_target == target) {
            return;
        }
    }
}

EXCEPTION_DISPOSITION __cdecl __C_specific_handler(PEXCEPTION_RECORD record, PVOID frame,
                                                   PCONTEXT context, PDISPATCHER_CONTEXT dispatcher)
{
    if (!(record->ExceptionFlags & EXCEPTION_UNWIND))
        return search(record, frame, context, dispatcher);
    terminate(record, frame, dispatcher);
    return ExceptionContinueSearch;
}
SB_EXPORT(__C_specific_handler)
