/* What drivers do inline that only a kernel may: the IRQL in cr8, the shared data page. */
#include "seh.h"

#define SHARED(type, offset) (*(volatile type *)(0xFFFFF78000000000ull + (offset)))

void check_irql(void)
{
    ULONG64 irql;

    __asm__ volatile("movq %%cr8, %0" : "=r"(irql));
    CHECK(irql == PASSIVE_LEVEL);
    __asm__ volatile("movq %0, %%cr8" : : "r"((ULONG64)DISPATCH_LEVEL) : "memory");
    __asm__ volatile("movq %%cr8, %0" : "=r"(irql));
    __asm__ volatile("movq %0, %%cr8" : : "r"((ULONG64)PASSIVE_LEVEL) : "memory");
    CHECK(irql == DISPATCH_LEVEL);
    __asm__ volatile("movq %%cr8, %%r9\n\tmovq %%r9, %0" : "=r"(irql) : : "r9");
    CHECK(irql == PASSIVE_LEVEL);
}

void check_shared_data(void)
{
    ULONG64 before = SHARED(ULONG64, 0x14);

    CHECK(SHARED(ULONG, 0x26C) == 10 && SHARED(ULONG, 0x270) == 0);
    CHECK(SHARED(USHORT, 0x30) == 'C' && SHARED(USHORT, 0x32) == ':');
    CHECK(before > 0x01DA000000000000 && before < 0x0300000000000000);
    CHECK(SHARED(ULONG64, 0x14) >= before);
}

void check_shared_interrupt_time(void)
{
    CHECK(SHARED(ULONG, 0x0C) == SHARED(ULONG, 0x10));
}

/* Whatever instruction reads it. */
void check_shared_data_instructions(void)
{
    ULONG64 byte, signed_byte;
    UCHAR below, equal;

    __asm__ volatile("movzbl 0x26C(%1), %k0" : "=r"(byte) : "r"(0xFFFFF78000000000ull));
    CHECK(byte == 10);
    __asm__ volatile("movsbq 0x2A(%1), %0" : "=r"(signed_byte) : "r"(0xFFFFF78000000000ull));
    CHECK(signed_byte == 0);
    __asm__ volatile("cmpl $11, 0x26C(%2)\n\tsetb %0\n\tsete %1"
                     : "=&r"(below), "=&r"(equal)
                     : "r"(0xFFFFF78000000000ull)
                     : "cc");
    CHECK(below == 1 && equal == 0);
    __asm__ volatile("movabsl 0xFFFFF7800000026C, %%eax" : "=a"(byte));
    CHECK(byte == 10);
}
