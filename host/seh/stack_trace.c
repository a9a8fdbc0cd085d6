/* Return addresses of the current thread's callers. */
#include "host/seh/frame_walk.h"

/* Stores up to count return addresses, the first `skip` left out, starting with the one in the
 * function whose context is given. */
static ULONG collect(const CONTEXT *context, ULONG skip, ULONG count, PVOID *addresses)
{
    struct seh_walk walk;
    ULONG stored = 0;

    seh_walk_start(&walk, context, false);
    while (stored < count && seh_walk_examine(&walk, UNW_FLAG_NHANDLER) == SEH_WALK_CALLER) {
        if (skip > 0)
            skip--;
        else
            addresses[stored++] = (PVOID)walk.caller.Rip;
        seh_walk_advance(&walk);
    }
    return stored;
}

/* Frame 0 is the caller of this routine. */
USHORT NTAPI RtlCaptureStackBackTrace(ULONG skip, ULONG count, PVOID *addresses, PULONG hash)
{
    CONTEXT context;

    RtlCaptureContext(&context);
    ULONG stored = collect(&context, skip, count > MAXUSHORT ? MAXUSHORT : count, addresses);
    if (hash) {
        *hash = 0;
        for (ULONG i = 0; i < stored; i++)
            *hash += (ULONG)(ULONG_PTR)addresses[i];
    }
    return (USHORT)stored;
}
SB_EXPORT(RtlCaptureStackBackTrace)

ULONG NTAPI RtlWalkFrameChain(PVOID *callers, ULONG count, ULONG flags)
{
    CONTEXT context;

    if (flags & 1) /* the user mode part of the stack: none is visible from here */
        return 0;
    RtlCaptureContext(&context);
    return collect(&context, flags >> 8, count, callers);
}
SB_EXPORT(RtlWalkFrameChain)
