/* setjmp and longjmp, as ntoskrnl exports them. */
#include "seh.h"

#include <setjmp.h>

static jmp_buf buffer;

static NOINLINE void jump(int value)
{
    longjmp(buffer, value);
}

void check_plain_jump(void)
{
    volatile ULONG count = 0;
    int value = _setjmp(buffer, NULL);

    count++;
    if (value == 0)
        jump(3);
    if (value == 3)
        jump(0);
    CHECK(value == 1 && count == 3);
}

static ULONG left;

static NOINLINE void jump_out(void *target)
{
    __try {
        longjmp(target, 7);
    } __finally {
        left++;
    }
}

struct jump_test {
    int result;
};

static NOINLINE void jump_over_frames(void *argument)
{
    ((struct jump_test *)argument)->result = call_with_jump_buffer(jump_out);
}

/* A jump runs the termination handlers of what it leaves. */
void check_unwinding_jump(void)
{
    struct jump_test test = {0};

    left = 0;
    CHECK(registers_survive(jump_over_frames, &test) == 0);
    CHECK(test.result == 7 && left == 1);
}
