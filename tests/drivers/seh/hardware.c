/* Each fault of the processor, as a filter sees it. */
#include "seh.h"

/* Runs routine in a __try and catches what it raises. */
static NOINLINE ULONG catch (void (*routine)(void), struct seen *seen)
{
    __try {
        routine();
    } __except (note(seen, GetExceptionInformation())) {
        return 1;
    }
    return 0;
}

void check_access(void)
{
    struct seen seen = {.answer = EXCEPTION_EXECUTE_HANDLER};
    ULONG handled = 0;

    __try {
        read_from((ULONG *)0x10);
    } __except (note(&seen, GetExceptionInformation())) {
        handled++;
    }
    CHECK(handled == 1 && seen.calls == 1);
    CHECK(seen.code == STATUS_ACCESS_VIOLATION && seen.parameters == 2);
    CHECK(seen.information[0] == 0 && seen.information[1] == 0x10);
    CHECK(seen.flags == 0 && (ULONG64)seen.address == seen.rip);
    CHECK(seen.rip >= (ULONG64)read_from && seen.rip < (ULONG64)read_from + 64);

    __try {
        write_to((ULONG *)0x12344);
    } __except (note(&seen, GetExceptionInformation())) {
        handled++;
    }
    CHECK(handled == 2 && seen.information[0] == 1 && seen.information[1] == 0x12344);
}

void check_execute(void)
{
    struct seen seen = {.answer = EXCEPTION_EXECUTE_HANDLER};

    CHECK(catch ((void (*)(void))0x40, &seen) == 1);
    CHECK(seen.code == STATUS_ACCESS_VIOLATION && seen.rip == 0x40);
    CHECK(seen.information[0] == 8 && seen.information[1] == 0x40);
}

void check_division(void)
{
    struct seen seen = {.answer = EXCEPTION_EXECUTE_HANDLER};

    CHECK(catch (divide_by_zero, &seen) == 1);
    CHECK(seen.code == STATUS_INTEGER_DIVIDE_BY_ZERO && seen.address == fault_at_divide);
    CHECK(catch (divide_overflow, &seen) == 1);
    CHECK(seen.code == STATUS_INTEGER_OVERFLOW && seen.address == fault_at_overflow);
}

void check_instructions(void)
{
    struct seen seen = {.answer = EXCEPTION_EXECUTE_HANDLER};

    CHECK(catch (breakpoint_instruction, &seen) == 1);
    CHECK(seen.code == STATUS_BREAKPOINT && seen.address == fault_at_breakpoint);
    CHECK(seen.rip == (ULONG64)fault_at_breakpoint);
    CHECK(catch (illegal_instruction, &seen) == 1);
    CHECK(seen.code == STATUS_ILLEGAL_INSTRUCTION && seen.address == fault_at_illegal);
    CHECK(catch (halt_instruction, &seen) == 1);
    CHECK(seen.code == STATUS_PRIVILEGED_INSTRUCTION && seen.address == fault_at_halt);
    CHECK(catch (noncanonical_read, &seen) == 1);
    CHECK(seen.code == STATUS_ACCESS_VIOLATION && seen.address == fault_at_noncanonical);
    CHECK(seen.information[0] == 0 && seen.information[1] == (ULONG_PTR)-1);
}

static ULONG good = 77;

static LONG repair(PEXCEPTION_POINTERS pointers)
{
    if (pointers->ContextRecord->Rbx != 0x18)
        return EXCEPTION_EXECUTE_HANDLER;
    pointers->ContextRecord->Rbx = (ULONG64)&good;
    return EXCEPTION_CONTINUE_EXECUTION;
}

void check_repair(void)
{
    ULONG value = 0;

    __try {
        value = read_through_rbx((ULONG *)0x18);
    } __except (repair(GetExceptionInformation())) {
        value = 1;
    }
    CHECK(value == 77);
}
