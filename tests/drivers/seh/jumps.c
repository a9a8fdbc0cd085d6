/* setjmp and longjmp, as ntoskrnl exports them. */
#include "seh.h"

#include <setjmp.h>

static jmp_buf buffer;

static NOINLINE void jump(int value)
{
    longjmp(buffer, value);
}

ULONG test_jumps(void)
{
    volatile ULONG count = 0;
    int value = _setjmp(buffer, NULL);

    count++;
    if (value == 0)
        jump(3);
    if (value == 3)
        jump(0);
    CHECK(value == 1 && count == 3);
    return 0;
}
