/* One step of unwinding through a driver function. Include after unwind_types.h. */
#ifndef SYSBUF_HOST_SEH_VIRTUAL_UNWIND_H
#define SYSBUF_HOST_SEH_VIRTUAL_UNWIND_H

#include "host/seh/image_functions.h"
#include "host/seh/safe_memory.h"

struct unwind_step {
    uint64_t establisher; /* the frame address that language handlers and funclets get */
    uint64_t handler;     /* address of the language handler, 0 when none applies here */
    uint64_t handler_data;
};

/* Brings context from control_pc inside function to its caller.
 * handler_type: UNW_FLAG_ bits of the handler wanted. pointers: may be NULL.
 * False when the tables are corrupt or a saved register cannot be read; context is then partly
 * changed and of no use. */
bool seh_unwind_function(const struct seh_image *image, const struct seh_memory *memory,
                         const RUNTIME_FUNCTION *function, uint64_t control_pc, ULONG handler_type,
                         CONTEXT *context, KNONVOLATILE_CONTEXT_POINTERS *pointers,
                         struct unwind_step *step);

/* Pops the return address: the step through a function without unwind information. */
bool seh_unwind_leaf(const struct seh_memory *memory, CONTEXT *context);

/* Emulates an epilogue when context.Rip stands in one: returns true and context is the caller's.
 * end: address behind the function; frame_register: 0 when it has none. */
bool seh_unwind_epilogue(const struct seh_image *image, const struct seh_memory *memory,
                         uint64_t end, unsigned frame_register, CONTEXT *context,
                         KNONVOLATILE_CONTEXT_POINTERS *pointers);

/* The general registers of a context in unwind code order: rax rcx rdx rbx rsp rbp rsi rdi r8... */
static inline uint64_t *context_registers(CONTEXT *context)
{
    return (uint64_t *)&context->Rax;
}

#endif
