/*
 * MmProbeAndLockPages raises an exception where it fails, and not every compiler for drivers has
 * __try. For those the guarded call is written out: a scope with __C_specific_handler, whose filter
 * is EXCEPTION_EXECUTE_HANDLER ("x64 exception handling": C_SCOPE_TABLE), and which goes on behind
 * the call with the exception's code in EAX.
 */
#include "ring.h"

#ifdef _MSC_VER

NTSTATUS NTAPI sb_ring_lock_pages(sb_ring_probe *probe, PMDL pages)
{
    __try {
        probe(pages, KernelMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

#else

SB_STATIC_ASSERT(KernelMode == 0 && IoWriteAccess == 1, "the numbers below");

__asm__(".text\n"
        ".globl sb_ring_lock_pages\n"
        ".def sb_ring_lock_pages; .scl 2; .type 32; .endef\n"
        ".seh_proc sb_ring_lock_pages\n"
        "sb_ring_lock_pages:\n"
        "    subq $40, %rsp\n"
        "    .seh_stackalloc 40\n"
        "    .seh_endprologue\n"
        "    movq %rcx, %rax\n" /* probe */
        "    movq %rdx, %rcx\n" /* pages */
        "    xorl %edx, %edx\n" /* KernelMode */
        "    movl $1, %r8d\n"   /* IoWriteAccess */
        ".Lsb_ring_lock_begin:\n"
        "    callq *%rax\n"
        "    nop\n" /* the return address lies within the scope */
        ".Lsb_ring_lock_end:\n"
        "    xorl %eax, %eax\n" /* STATUS_SUCCESS */
        ".Lsb_ring_lock_raised:\n"
        "    addq $40, %rsp\n"
        "    retq\n"
        "    .seh_handler __C_specific_handler, @except\n"
        "    .seh_handlerdata\n"
        "    .long 1\n" /* one scope */
        "    .rva .Lsb_ring_lock_begin\n"
        "    .rva .Lsb_ring_lock_end\n"
        "    .long 1\n" /* EXCEPTION_EXECUTE_HANDLER */
        "    .rva .Lsb_ring_lock_raised\n"
        "    .text\n"
        "    .seh_endproc\n");

#endif
