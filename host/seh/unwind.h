/* The jump buffer of the x64 C runtime. */
#ifndef SYSBUF_HOST_SEH_UNWIND_H
#define SYSBUF_HOST_SEH_UNWIND_H

#include "host/seh/context.h"

struct jump_buffer {
    ULONG64 frame; /* 0: longjmp unwinds nothing */
    ULONG64 rbx, rsp, rbp, rsi, rdi, r12, r13, r14, r15, rip;
    ULONG mxcsr;
    USHORT x87_control, spare;
    M128A xmm[10]; /* xmm6 to xmm15 */
};

_Static_assert(sizeof(struct jump_buffer) == 0x100, "_JUMP_BUFFER");

/* Makes context the one that setjmp saved. */
void jump_buffer_apply(const struct jump_buffer *buffer, PCONTEXT context);

#endif
