/* Shared by the parts of the exception test driver. */
#ifndef TESTS_DRIVERS_SEH_H
#define TESTS_DRIVERS_SEH_H

#include <ntifs.h>

#include "../check.h"

#define NOINLINE __attribute__((noinline))

/* What a filter saw, and what it answers. */
struct seen {
    LONG calls;
    NTSTATUS code;
    ULONG flags;
    ULONG parameters;
    ULONG_PTR information[2];
    PVOID address;
    ULONG64 rip;
    ULONG64 rbx;
    LONG answer;
};
LONG note(struct seen *seen, PEXCEPTION_POINTERS pointers);

/* clang keeps the faulting access apart from the __try only in a function of its own. */
ULONG read_from(volatile ULONG *address);
void write_to(volatile ULONG *address);

/* frames.S: functions with the frames MSVC makes. Each saves and destroys nonvolatile
 * registers, then calls routine(argument). */
void frame_with_pushes(void (*routine)(void *), void *argument);
void frame_with_register(void (*routine)(void *), void *argument);
void frame_chained(void (*routine)(void *), void *argument);
void frame_large(void (*routine)(void *), void *argument);
/* Fills all nonvolatile registers with known values, runs routine(argument) and answers 0 when all
 * of them are as before afterwards, else a bit for each that is not. */
ULONG registers_survive(void (*routine)(void *), void *argument);
int call_with_jump_buffer(void (*routine)(void *));
/* Instructions that fault, with the address of the instruction. */
extern const char fault_at_divide[], fault_at_overflow[], fault_at_breakpoint[];
extern const char fault_at_illegal[], fault_at_halt[], fault_at_noncanonical[];
void divide_by_zero(void);
void divide_overflow(void);
void breakpoint_instruction(void);
void illegal_instruction(void);
void halt_instruction(void);
void noncanonical_read(void);
/* Faults in the prologue and in the epilogue of a function whose caller catches it. */
void fault_in_prologue(void *unused);
void fault_in_epilogue(void *unused);
/* Reads through rbx, which a filter may repair: returns what it read. */
ULONG read_through_rbx(ULONG *address);

/* The groups, in their order; what they need is in this driver alone. */
#define SEH_GROUPS(X)          \
    X(access)                  \
    X(execute)                 \
    X(division)                \
    X(instructions)            \
    X(repair)                  \
    X(order)                   \
    X(normal_exit)             \
    X(exception_in_filter)     \
    X(exception_leaves_filter) \
    X(collided_unwind)         \
    X(collision_ends_early)    \
    X(depth)                   \
    X(raise_status)            \
    X(probe)                   \
    X(continue_behind_raise)   \
    X(noncontinuable)          \
    X(through_kernel)          \
    X(copy)                    \
    X(frames)                  \
    X(plain_jump)              \
    X(unwinding_jump)          \
    X(lookup)                  \
    X(irql)                    \
    X(shared_data)             \
    X(shared_interrupt_time)   \
    X(shared_data_instructions)
SEH_GROUPS(CHECK_GROUP_DECLARATION)

#endif
