/* The unwinder as drivers may call it. */
#include "seh.h"

typedef struct {
    ULONG begin, end, unwind;
} function_entry;

function_entry *NTAPI RtlLookupFunctionEntry(ULONG64 pc, PULONG64 base, PVOID history);
PVOID NTAPI RtlVirtualUnwind(ULONG type, ULONG64 base, ULONG64 pc, function_entry *function,
                             PCONTEXT context, PVOID *data, PULONG64 frame, PVOID pointers);
PVOID NTAPI RtlPcToFileHeader(PVOID pc, PVOID *base);

/* Where its caller goes on, or 0. */
static NOINLINE ULONG64 unwound(void)
{
    CONTEXT context;
    ULONG64 base, frame;
    PVOID data;

    RtlCaptureContext(&context);
    function_entry *function = RtlLookupFunctionEntry(context.Rip, &base, NULL);
    CHECK(function != NULL);
    if (!function)
        return 0;
    CHECK(base + function->begin == (ULONG64)unwound);
    RtlVirtualUnwind(0, base, context.Rip, function, &context, &data, &frame, NULL);
    return context.Rip;
}

static NOINLINE ULONG trace(PVOID *addresses)
{
    return RtlCaptureStackBackTrace(0, 4, addresses, NULL);
}

void check_lookup(void)
{
    ULONG64 caller = unwound();
    PVOID base = NULL, addresses[4] = {0};

    CHECK(caller > (ULONG64)check_lookup && caller < (ULONG64)check_lookup + 0x400);
    CHECK(RtlPcToFileHeader((PVOID)(ULONG_PTR)check_lookup, &base) == base && base != NULL);
    CHECK(*(USHORT *)base == 0x5A4D);
    CHECK(trace(addresses) == 4);
    CHECK((ULONG64)addresses[0] > (ULONG64)trace && (ULONG64)addresses[0] < (ULONG64)trace + 0x80);
    CHECK((ULONG64)addresses[1] > (ULONG64)check_lookup);
}
