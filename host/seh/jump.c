/* setjmp and longjmp as ntoskrnl exports them. */
#include "host/seh/unwind.h"
#include "host/seh/frame_walk.h"

/* frame: what the compiler passes: the frame address of setjmp's caller. */
__attribute__((naked, returns_twice)) int NTAPI nt_setjmpex(struct jump_buffer *buffer, void *frame)
{
    __asm__ volatile("movq %rdx, 0(%rcx)\n\t"
                     "movq %rbx, 8(%rcx)\n\t"
                     "leaq 8(%rsp), %rax\n\t"
                     "movq %rax, 16(%rcx)\n\t"
                     "movq %rbp, 24(%rcx)\n\t"
                     "movq %rsi, 32(%rcx)\n\t"
                     "movq %rdi, 40(%rcx)\n\t"
                     "movq %r12, 48(%rcx)\n\t"
                     "movq %r13, 56(%rcx)\n\t"
                     "movq %r14, 64(%rcx)\n\t"
                     "movq %r15, 72(%rcx)\n\t"
                     "movq (%rsp), %rax\n\t"
                     "movq %rax, 80(%rcx)\n\t"
                     "stmxcsr 88(%rcx)\n\t"
                     "fnstcw 92(%rcx)\n\t"
                     "movups %xmm6, 96(%rcx)\n\t"
                     "movups %xmm7, 112(%rcx)\n\t"
                     "movups %xmm8, 128(%rcx)\n\t"
                     "movups %xmm9, 144(%rcx)\n\t"
                     "movups %xmm10, 160(%rcx)\n\t"
                     "movups %xmm11, 176(%rcx)\n\t"
                     "movups %xmm12, 192(%rcx)\n\t"
                     "movups %xmm13, 208(%rcx)\n\t"
                     "movups %xmm14, 224(%rcx)\n\t"
                     "movups %xmm15, 240(%rcx)\n\t"
                     "xorl %eax, %eax\n\t"
                     "ret");
}
SB_EXPORT_AS("_setjmpex", nt_setjmpex)

__attribute__((naked, returns_twice)) int NTAPI nt_setjmp(struct jump_buffer *buffer, void *frame)
{
    __asm__ volatile("jmp nt_setjmpex");
}
SB_EXPORT_AS("_setjmp", nt_setjmp)

void jump_buffer_apply(const struct jump_buffer *buffer, PCONTEXT context)
{
    context->Rbx = buffer->rbx;
    context->Rsp = buffer->rsp;
    context->Rbp = buffer->rbp;
    context->Rsi = buffer->rsi;
    context->Rdi = buffer->rdi;
    context->R12 = buffer->r12;
    context->R13 = buffer->r13;
    context->R14 = buffer->r14;
    context->R15 = buffer->r15;
    context->Rip = buffer->rip;
    context->MxCsr = buffer->mxcsr;
    context->FltSave.MxCsr = buffer->mxcsr;
    context->FltSave.ControlWord = buffer->x87_control;
    __builtin_memcpy(&context->FltSave.XmmRegisters[6], buffer->xmm, sizeof buffer->xmm);
}

VOID NTAPI nt_longjmp(struct jump_buffer *buffer, int value)
{
    EXCEPTION_RECORD record = {.ExceptionCode = STATUS_LONGJUMP,
                               .NumberParameters = 1,
                               .ExceptionInformation = {(ULONG_PTR)buffer}};
    CONTEXT context;
    uint64_t result = (uint32_t)(value ? value : 1);

    RtlCaptureContext(&context);
    if (buffer->frame)
        RtlUnwindEx((PVOID)buffer->frame, (PVOID)buffer->rip, &record, (PVOID)result, &context,
                    NULL);
    jump_buffer_apply(buffer, &context);
    context.Rax = result;
    RtlRestoreContext(&context, NULL);
}
SB_EXPORT_AS("longjmp", nt_longjmp)
