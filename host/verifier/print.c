/*
 * DbgPrint uses much stack, which then holds values of the host's. Drivers print first and use
 * variables that they forgot to set afterwards: the stack below the caller is filled again, so that
 * such a variable holds what no variable should.
 */
#include <sysbuf/host.h>

#include "host/ke/text.h"
#include "host/rtl/debug_print.h"
#include "host/verifier/fill.h"
#include "host/verifier/interpose.h"
#include "host/verifier/watch.h"

ULONG __attribute__((ms_abi))
nt_vDbgPrintEx(ULONG component, ULONG level, PCSTR format, nt_va_list arguments);

/* What the stubs below call. */
ULONG NTAPI verifier_print(PCSTR format, nt_va_list arguments) __attribute__((used));
ULONG NTAPI verifier_print(PCSTR format, nt_va_list arguments)
{
    return nt_vDbgPrintEx(DPFLTR_DEFAULT_ID, DPFLTR_INFO_LEVEL, format, arguments);
}

ULONG NTAPI verifier_print_ex(ULONG component, ULONG level, PCSTR format, nt_va_list arguments)
    __attribute__((used));
ULONG NTAPI verifier_print_ex(ULONG component, ULONG level, PCSTR format, nt_va_list arguments)
{
    return nt_vDbgPrintEx(component, level, format, arguments);
}

/* Eight bytes of the pattern, as they stand at a multiple of eight; 0: nothing is filled. */
uint64_t NTAPI verifier_stack_word(void) __attribute__((used));
uint64_t NTAPI verifier_stack_word(void)
{
    uint64_t word __attribute__((aligned(8))) = 0;
    if (verifier_checks(SB_VERIFY_REPLY))
        verifier_fill(&word, sizeof(word), VERIFIER_FILL_STACK);
    return word;
}

ULONG __attribute__((ms_abi)) watch_DbgPrint(PCSTR format, ...);
ULONG __attribute__((ms_abi)) watch_DbgPrintEx(ULONG component, ULONG level, PCSTR format, ...);
SB_WATCH("DbgPrint", watch_DbgPrint)
SB_WATCH("DbgPrintEx", watch_DbgPrintEx)

/* The status waits where the caller left room for the first argument; everything below the stubs'
 * own return address is filled, as the next routine that the caller calls has its variables there.
 */
__asm__(".text\n"
        ".hidden watch_DbgPrint, watch_DbgPrintEx\n.globl watch_DbgPrint, watch_DbgPrintEx\n"
        ".p2align 4\n"
        "watch_DbgPrint:\n"
        ".cfi_startproc\n\t"
        "movq %rdx, 16(%rsp)\n\t"
        "movq %r8, 24(%rsp)\n\t"
        "movq %r9, 32(%rsp)\n\t"
        "leaq 16(%rsp), %rdx\n\t"
        "subq $0x28, %rsp\n\t"
        ".cfi_adjust_cfa_offset 0x28\n\t"
        "call verifier_print\n\t"
        "jmp 1f\n"
        ".cfi_endproc\n"
        ".p2align 4\n"
        "watch_DbgPrintEx:\n"
        ".cfi_startproc\n\t"
        "movq %r9, 32(%rsp)\n\t"
        "leaq 32(%rsp), %r9\n\t"
        "subq $0x28, %rsp\n\t"
        ".cfi_adjust_cfa_offset 0x28\n\t"
        "call verifier_print_ex\n"
        "1:\n\t"
        "movl %eax, 0x30(%rsp)\n\t"
        "call verifier_stack_word\n\t"
        "addq $0x28, %rsp\n\t"
        ".cfi_adjust_cfa_offset -0x28\n\t"
        "testq %rax, %rax\n\t"
        "jz 3f\n\t"
        "movq %rsp, %rcx\n\t"
        "leaq -0x1000(%rsp), %rdx\n"
        "2:\n\t"
        "subq $8, %rcx\n\t"
        "movq %rax, (%rcx)\n\t"
        "cmpq %rdx, %rcx\n\t"
        "ja 2b\n"
        "3:\n\t"
        "movl 8(%rsp), %eax\n\t"
        "ret\n"
        ".cfi_endproc\n");
