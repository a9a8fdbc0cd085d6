/* Exceptions raised by software. */
#include "host/seh/dispatch.h"
#include "host/seh/frame_walk.h"

void seh_raise_from(PEXCEPTION_RECORD record, PCONTEXT context)
{
    struct seh_walk walk;

    seh_walk_start(&walk, context, false);
    if (seh_walk_examine(&walk, UNW_FLAG_NHANDLER) == SEH_WALK_CALLER)
        *context = walk.caller;
    record->ExceptionAddress = (PVOID)context->Rip;
    if (!seh_dispatch(record, context, false))
        seh_unhandled(record, context, false);
}

void seh_raise_status(NTSTATUS status, PEXCEPTION_RECORD nested)
{
    CONTEXT context;
    EXCEPTION_RECORD record = {.ExceptionCode = status,
                               .ExceptionFlags = EXCEPTION_NONCONTINUABLE,
                               .ExceptionRecord = nested};

    RtlCaptureContext(&context);
    seh_raise_from(&record, &context);
    seh_unhandled(&record, &context,
                  false); /* not reached: a noncontinuable exception does not return */
}

/* What ExRaiseStatus and its kin have in common; context was captured in the export itself. */
static _Noreturn void raise_status_from(NTSTATUS status, PCONTEXT context)
{
    EXCEPTION_RECORD record = {.ExceptionCode = status, .ExceptionFlags = EXCEPTION_NONCONTINUABLE};

    seh_raise_from(&record, context);
    seh_unhandled(&record, context, false);
}

VOID NTAPI ExRaiseStatus(NTSTATUS status)
{
    CONTEXT context;

    RtlCaptureContext(&context);
    raise_status_from(status, &context);
}
SB_EXPORT(ExRaiseStatus)

VOID NTAPI RtlRaiseStatus(NTSTATUS status)
{
    CONTEXT context;

    RtlCaptureContext(&context);
    raise_status_from(status, &context);
}
SB_EXPORT(RtlRaiseStatus)

VOID NTAPI ExRaiseAccessViolation(VOID)
{
    CONTEXT context;

    RtlCaptureContext(&context);
    raise_status_from(STATUS_ACCESS_VIOLATION, &context);
}
SB_EXPORT(ExRaiseAccessViolation)

VOID NTAPI ExRaiseDatatypeMisalignment(VOID)
{
    CONTEXT context;

    RtlCaptureContext(&context);
    raise_status_from(STATUS_DATATYPE_MISALIGNMENT, &context);
}
SB_EXPORT(ExRaiseDatatypeMisalignment)

VOID NTAPI RtlRaiseException(PEXCEPTION_RECORD record)
{
    CONTEXT context;

    RtlCaptureContext(&context);
    seh_raise_from(record, &context);
    RtlRestoreContext(&context, NULL);
}
SB_EXPORT(RtlRaiseException)
SB_EXPORT_AS("ExRaiseException", RtlRaiseException)
