/* The unwinder as drivers may call it. */
#include "seh.h"

typedef struct {
    ULONG begin, end, unwind;
} function_entry;

function_entry *NTAPI RtlLookupFunctionEntry(ULONG64 pc, PULONG64 base, PVOID history);
PVOID NTAPI RtlVirtualUnwind(ULONG type, ULONG64 base, ULONG64 pc, function_entry *function,
                             PCONTEXT context, PVOID *data, PULONG64 frame, PVOID pointers);
PVOID NTAPI RtlPcToFileHeader(PVOID pc, PVOID *base);

static NOINLINE ULONG unwind_to(ULONG64 *caller)
{
    CONTEXT context;
    ULONG64 base, frame;
    PVOID data;

    RtlCaptureContext(&context);
    function_entry *function = RtlLookupFunctionEntry(context.Rip, &base, NULL);
    CHECK(function != NULL);
    CHECK(base + function->begin == (ULONG64)unwind_to);
    RtlVirtualUnwind(0, base, context.Rip, function, &context, &data, &frame, NULL);
    *caller = context.Rip;
    return 0;
}

static NOINLINE ULONG trace(PVOID *addresses)
{
    return RtlCaptureStackBackTrace(0, 4, addresses, NULL);
}

ULONG test_lookup(void)
{
    ULONG64 caller = 0;
    PVOID base = NULL, addresses[4] = {0};

    ULONG line = unwind_to(&caller);
    if (line)
        return line;
    CHECK(caller == (ULONG64)__builtin_return_address(0) || caller > (ULONG64)test_lookup);
    CHECK(caller < (ULONG64)test_lookup + 0x400);
    CHECK(RtlPcToFileHeader((PVOID)(ULONG_PTR)test_lookup, &base) == base && base != NULL);
    CHECK(*(USHORT *)base == 0x5A4D);
    CHECK(trace(addresses) == 4);
    CHECK((ULONG64)addresses[0] > (ULONG64)trace && (ULONG64)addresses[0] < (ULONG64)trace + 0x80);
    CHECK((ULONG64)addresses[1] > (ULONG64)test_lookup);
    return 0;
}
