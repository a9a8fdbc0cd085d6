#include "host/seh/context.h"
#include "host/seh/exception.h"

/* Field offsets used by the assembly below. */
_Static_assert(FIELD_OFFSET(CONTEXT, ContextFlags) == 0x30, "ContextFlags");
_Static_assert(FIELD_OFFSET(CONTEXT, MxCsr) == 0x34, "MxCsr");
_Static_assert(FIELD_OFFSET(CONTEXT, SegCs) == 0x38, "SegCs");
_Static_assert(FIELD_OFFSET(CONTEXT, SegSs) == 0x42, "SegSs");
_Static_assert(FIELD_OFFSET(CONTEXT, EFlags) == 0x44, "EFlags");
_Static_assert(FIELD_OFFSET(CONTEXT, Rax) == 0x78, "Rax");
_Static_assert(FIELD_OFFSET(CONTEXT, R15) == 0xF0, "R15");
_Static_assert(FIELD_OFFSET(CONTEXT, Rip) == 0xF8, "Rip");
_Static_assert(FIELD_OFFSET(CONTEXT, FltSave) == 0x100, "FltSave");
_Static_assert(FIELD_OFFSET(DISPATCHER_CONTEXT, LanguageHandler) == 0x30, "LanguageHandler");
_Static_assert((CONTEXT_FULL | CONTEXT_SEGMENTS) == 0x10000F, "ContextFlags");

__attribute__((naked)) VOID NTAPI RtlCaptureContext(PCONTEXT context)
{
    __asm__ volatile("pushfq\n\t"
                     ".cfi_adjust_cfa_offset 8\n\t"
                     "movq %rax, 0x78(%rcx)\n\t"
                     "movq %rcx, 0x80(%rcx)\n\t"
                     "movq %rdx, 0x88(%rcx)\n\t"
                     "movq %rbx, 0x90(%rcx)\n\t"
                     "leaq 0x10(%rsp), %rax\n\t"
                     "movq %rax, 0x98(%rcx)\n\t"
                     "movq %rbp, 0xA0(%rcx)\n\t"
                     "movq %rsi, 0xA8(%rcx)\n\t"
                     "movq %rdi, 0xB0(%rcx)\n\t"
                     "movq %r8, 0xB8(%rcx)\n\t"
                     "movq %r9, 0xC0(%rcx)\n\t"
                     "movq %r10, 0xC8(%rcx)\n\t"
                     "movq %r11, 0xD0(%rcx)\n\t"
                     "movq %r12, 0xD8(%rcx)\n\t"
                     "movq %r13, 0xE0(%rcx)\n\t"
                     "movq %r14, 0xE8(%rcx)\n\t"
                     "movq %r15, 0xF0(%rcx)\n\t"
                     "movq 8(%rsp), %rax\n\t"
                     "movq %rax, 0xF8(%rcx)\n\t"
                     "fxsave 0x100(%rcx)\n\t"
                     "stmxcsr 0x34(%rcx)\n\t"
                     "movw %cs, 0x38(%rcx)\n\t"
                     "movw %ds, 0x3A(%rcx)\n\t"
                     "movw %es, 0x3C(%rcx)\n\t"
                     "movw %fs, 0x3E(%rcx)\n\t"
                     "movw %gs, 0x40(%rcx)\n\t"
                     "movw %ss, 0x42(%rcx)\n\t"
                     "movl (%rsp), %eax\n\t"
                     "movl %eax, 0x44(%rcx)\n\t"
                     "movl $0x10000F, 0x30(%rcx)\n\t"
                     "movq 0x78(%rcx), %rax\n\t"
                     "addq $8, %rsp\n\t"
                     ".cfi_adjust_cfa_offset -8\n\t"
                     "ret");
}
SB_EXPORT(RtlCaptureContext)

/* iretq loads rip, flags and rsp at once and writes nothing to the target's stack. */
__attribute__((naked)) void NTAPI context_resume(const CONTEXT *context)
{
    __asm__ volatile("fxrstor 0x100(%rcx)\n\t"
                     "ldmxcsr 0x34(%rcx)\n\t"
                     "movl %ss, %eax\n\t"
                     "pushq %rax\n\t"
                     "pushq 0x98(%rcx)\n\t"
                     "movl 0x44(%rcx), %eax\n\t"
                     "pushq %rax\n\t"
                     "movl %cs, %eax\n\t"
                     "pushq %rax\n\t"
                     "pushq 0xF8(%rcx)\n\t"
                     "movq 0x78(%rcx), %rax\n\t"
                     "movq 0x88(%rcx), %rdx\n\t"
                     "movq 0x90(%rcx), %rbx\n\t"
                     "movq 0xA0(%rcx), %rbp\n\t"
                     "movq 0xA8(%rcx), %rsi\n\t"
                     "movq 0xB0(%rcx), %rdi\n\t"
                     "movq 0xB8(%rcx), %r8\n\t"
                     "movq 0xC0(%rcx), %r9\n\t"
                     "movq 0xC8(%rcx), %r10\n\t"
                     "movq 0xD0(%rcx), %r11\n\t"
                     "movq 0xD8(%rcx), %r12\n\t"
                     "movq 0xE0(%rcx), %r13\n\t"
                     "movq 0xE8(%rcx), %r14\n\t"
                     "movq 0xF0(%rcx), %r15\n\t"
                     "movq 0x80(%rcx), %rcx\n\t"
                     "iretq");
}

/* Entry rsp is 8 off a multiple of 16: 0x28 gives the handler's 32 byte home space and one slot. */
#define CALL_HANDLER(label)             \
    "subq $0x28, %rsp\n\t"              \
    ".cfi_adjust_cfa_offset 0x28\n\t"   \
    "movq %r9, 0x20(%rsp)\n\t"          \
    "call *0x30(%r9)\n\t"               \
    ".globl " label "\n\t"              \
    ".hidden " label "\n" label ":\n\t" \
    "nop\n\t"                           \
    "addq $0x28, %rsp\n\t"              \
    ".cfi_adjust_cfa_offset -0x28\n\t"  \
    "ret"

__attribute__((naked)) EXCEPTION_DISPOSITION NTAPI
context_call_exception_handler(PEXCEPTION_RECORD record, PVOID establisher_frame, PCONTEXT context,
                               PDISPATCHER_CONTEXT dispatcher)
{
    __asm__ volatile(CALL_HANDLER("context_exception_call"));
}

__attribute__((naked)) EXCEPTION_DISPOSITION NTAPI
context_call_unwind_handler(PEXCEPTION_RECORD record, PVOID establisher_frame, PCONTEXT context,
                            PDISPATCHER_CONTEXT dispatcher)
{
    __asm__ volatile(CALL_HANDLER("context_unwind_call"));
}

/* Reached from the signal handler as if called, System V convention; the stack walk goes on from
 * here with the registers of the fault. */
__attribute__((naked)) void exception_dispatch(struct linux_fault *fault)
{
    __asm__ volatile("subq $0x28, %rsp\n\t"
                     ".cfi_adjust_cfa_offset 0x28\n\t"
                     "movq %rdi, 0x20(%rsp)\n\t"
                     "call exception_handle_fault\n\t"
                     ".globl context_fault_call\n\t"
                     ".hidden context_fault_call\n"
                     "context_fault_call:\n\t"
                     "ud2");
}

void context_from_registers(CONTEXT *context, const struct linux_registers *registers)
{
    RtlCaptureContext(context); /* the x87 state and the segments */
    __builtin_memcpy(&context->Rax, &registers->rax, 16 * sizeof(uint64_t));
    context->Rip = registers->rip;
    context->EFlags = (ULONG)registers->eflags;
    context->MxCsr = registers->mxcsr;
    context->FltSave.MxCsr = registers->mxcsr;
    __builtin_memcpy(context->FltSave.XmmRegisters, registers->xmm, sizeof registers->xmm);
}

void context_to_registers(const CONTEXT *context, struct linux_registers *registers)
{
    __builtin_memcpy(&registers->rax, &context->Rax, 16 * sizeof(uint64_t));
    registers->rip = context->Rip;
    registers->eflags = context->EFlags;
    registers->mxcsr = context->MxCsr;
    __builtin_memcpy(registers->xmm, context->FltSave.XmmRegisters, sizeof registers->xmm);
}
