/* __chkstk: MSVC calls it before it moves the stack pointer by a page or more. */
#include "host/nt.h"

/* rax: bytes about to be allocated; every register keeps its value. Touches each page down to
 * there, so that the guard page is met and not jumped over. */
__attribute__((naked)) void NTAPI nt_chkstk(void)
{
    __asm__ volatile("pushq %r10\n\t"
                     ".cfi_adjust_cfa_offset 8\n\t"
                     "pushq %r11\n\t"
                     ".cfi_adjust_cfa_offset 8\n\t"
                     "leaq 24(%rsp), %r10\n\t"
                     "movq %r10, %r11\n\t"
                     "subq %rax, %r11\n"
                     "1:\n\t"
                     "subq $0x1000, %r10\n\t"
                     "cmpq %r11, %r10\n\t"
                     "jb 2f\n\t"
                     "testb $0, (%r10)\n\t"
                     "jmp 1b\n"
                     "2:\n\t"
                     "popq %r11\n\t"
                     ".cfi_adjust_cfa_offset -8\n\t"
                     "popq %r10\n\t"
                     ".cfi_adjust_cfa_offset -8\n\t"
                     "ret");
}
SB_EXPORT_AS("__chkstk", nt_chkstk)
