/* Order: filters innermost first, then termination handlers innermost first, then the handler. */
#include "seh.h"

static char order[32];
static ULONG length;

static LONG mark(char what, LONG answer)
{
    if (length < sizeof order - 1)
        order[length++] = what;
    order[length] = 0;
    return answer;
}

static BOOLEAN order_is(const char *expected)
{
    ULONG i = 0;

    while (order[i] && order[i] == expected[i])
        i++;
    BOOLEAN same = order[i] == expected[i];
    length = 0;
    order[0] = 0;
    return same;
}

static NOINLINE void inner(ULONG_PTR address)
{
    __try {
        __try {
            read_from((ULONG *)address);
            mark('!', 0);
        } __finally {
            mark(AbnormalTermination() ? 'f' : 'n', 0);
        }
    } __except (mark('a', EXCEPTION_CONTINUE_SEARCH)) {
        mark('!', 0);
    }
}

void check_order(void)
{
    __try {
        __try {
            inner(0x20);
        } __finally {
            mark('g', 0);
        }
    } __except (mark('b', EXCEPTION_EXECUTE_HANDLER)) {
        mark('h', 0);
    }
    CHECK(order_is("abfgh"));
}

static NOINLINE ULONG leave_by_return(void)
{
    __try {
        if (length == 0)
            return 5;
        mark('!', 0);
    } __finally {
        mark('r', 0);
    }
    return 6;
}

void check_normal_exit(void)
{
    ULONG value = 9;

    CHECK(leave_by_return() == 5);
    CHECK(order_is("r"));
    inner((ULONG_PTR)&value);
    CHECK(order_is("!n"));
}

/* A filter that raises: what it raises is looked for from the filter outwards. */
static NOINLINE LONG raising_filter(void)
{
    mark('x', 0);
    __try {
        read_from((ULONG *)0x30);
    } __except (mark('y', EXCEPTION_EXECUTE_HANDLER)) {
        mark('z', 0);
    }
    return EXCEPTION_EXECUTE_HANDLER;
}

void check_exception_in_filter(void)
{
    __try {
        read_from((ULONG *)0x20);
    } __except (raising_filter()) {
        mark('h', 0);
    }
    CHECK(order_is("xyzh"));
}

#define EXCEPTION_NESTED_CALL 0x10

static struct seen nested, again;

/* Its __try still protects where the first exception was: it is asked about its own exception too.
 */
static NOINLINE LONG escaping_filter(PEXCEPTION_POINTERS pointers)
{
    mark('x', 0);
    if (pointers->ExceptionRecord->ExceptionCode == STATUS_DEVICE_BUSY)
        return note(&again, pointers);
    ExRaiseStatus(STATUS_DEVICE_BUSY);
    return EXCEPTION_EXECUTE_HANDLER;
}

static NOINLINE void raise_out_of_filter(void)
{
    __try {
        read_from((ULONG *)0x20);
    } __except (escaping_filter(GetExceptionInformation())) {
        mark('!', 0);
    }
}

void check_exception_leaves_filter(void)
{
    nested = (struct seen){.answer = EXCEPTION_EXECUTE_HANDLER};
    again = (struct seen){.answer = EXCEPTION_CONTINUE_SEARCH};
    __try {
        raise_out_of_filter();
    } __except (note(&nested, GetExceptionInformation())) {
        mark('h', 0);
    }
    CHECK(order_is("xxh"));
    CHECK(again.code == STATUS_DEVICE_BUSY && (again.flags & EXCEPTION_NESTED_CALL));
    CHECK(nested.code == STATUS_DEVICE_BUSY && !(nested.flags & EXCEPTION_NESTED_CALL));
    CHECK(nested.calls == 1 && again.calls == 1);
}

/* A termination handler that raises: the second unwind takes over where the first was. (clang's
 * scope table needs an instruction between the call and the end of the __try: a return address that
 * starts the next range counts as inside both.) */
static NOINLINE void collide(void)
{
    __try {
        __try {
            read_from((ULONG *)0x20);
            mark('!', 0);
        } __finally {
            mark('1', 0);
            ExRaiseStatus(STATUS_DEVICE_NOT_READY);
        }
    } __finally {
        mark('2', 0);
    }
}

void check_collided_unwind(void)
{
    struct seen first = {.answer = EXCEPTION_EXECUTE_HANDLER};
    struct seen second = {.answer = EXCEPTION_EXECUTE_HANDLER};

    __try {
        __try {
            collide();
        } __except (note(&second, GetExceptionInformation())) {
            mark('i', 0);
        }
    } __except (note(&first, GetExceptionInformation())) {
        mark('o', 0);
    }
    CHECK(order_is("12i"));
    CHECK(second.calls == 2 && second.code == STATUS_DEVICE_NOT_READY);
    CHECK(first.calls == 0);
}

static NOINLINE LONG code_is(NTSTATUS code, NTSTATUS wanted)
{
    return code == wanted ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH;
}

/* The first exception is for the outer handler; the one raised on the way there for the inner. */
void check_collision_ends_early(void)
{
    ULONG inner_handled = 0, outer_handled = 0;

    __try {
        __try {
            collide();
        } __except (code_is(GetExceptionCode(), STATUS_DEVICE_NOT_READY)) {
            inner_handled++;
        }
    } __except (code_is(GetExceptionCode(), STATUS_ACCESS_VIOLATION)) {
        outer_handled++;
    }
    CHECK(order_is("12"));
    CHECK(inner_handled == 1 && outer_handled == 0);
}

static ULONG unwound;

static NOINLINE void descend(ULONG depth)
{
    __try {
        if (depth == 0)
            write_to(NULL);
        else
            descend(depth - 1);
    } __finally {
        unwound++;
    }
}

void check_depth(void)
{
    for (ULONG round = 0; round < 3; round++) {
        unwound = 0;
        __try {
            descend(40);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            CHECK(GetExceptionCode() == STATUS_ACCESS_VIOLATION);
        }
        CHECK(unwound == 41);
    }
}
