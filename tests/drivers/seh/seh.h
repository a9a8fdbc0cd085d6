/* Shared by the parts of the exception test driver. */
#ifndef TESTS_DRIVERS_SEH_H
#define TESTS_DRIVERS_SEH_H

#include <ntifs.h>

/* A test answers 0, or the number of the line whose claim was wrong. */
typedef ULONG test_routine(void);

#define CHECK(condition) \
    if (!(condition))    \
    return __LINE__

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

test_routine test_hardware, test_nesting, test_software, test_frames, test_jumps, test_lookup,
    test_emulated;

#endif
