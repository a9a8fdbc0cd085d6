/* linux_context_save / linux_context_jump: see linux.h. Offsets follow struct linux_context. */
    .text
    .hidden linux_context_save
    .globl linux_context_save
    .type linux_context_save, @function
linux_context_save:
    .cfi_startproc
    movq %rbx, 0(%rdi)
    movq %rbp, 8(%rdi)
    movq %r12, 16(%rdi)
    movq %r13, 24(%rdi)
    movq %r14, 32(%rdi)
    movq %r15, 40(%rdi)
    leaq 8(%rsp), %rdx
    movq %rdx, 48(%rdi)
    movq (%rsp), %rdx
    movq %rdx, 56(%rdi)
    xorl %eax, %eax
    ret
    .cfi_endproc
    .size linux_context_save, . - linux_context_save

    .hidden linux_context_jump
    .globl linux_context_jump
    .type linux_context_jump, @function
linux_context_jump:
    .cfi_startproc
    movl %esi, %eax
    movq 0(%rdi), %rbx
    movq 8(%rdi), %rbp
    movq 16(%rdi), %r12
    movq 24(%rdi), %r13
    movq 32(%rdi), %r14
    movq 40(%rdi), %r15
    movq 48(%rdi), %rsp
    cld
    jmpq *56(%rdi)
    .cfi_endproc
    .size linux_context_jump, . - linux_context_jump

/* linux_stack_switch(function, context, top): see stack.c. Who unwinds function's caller finds the
 * stack pointer at top, where that stack ends. */
    .hidden linux_stack_switch
    .globl linux_stack_switch
    .type linux_stack_switch, @function
linux_stack_switch:
    .cfi_startproc
    pushq %rbp
    .cfi_def_cfa_offset 16
    .cfi_offset rbp, -16
    movq %rsp, %rbp
    .cfi_def_cfa_register rbp
    movq %rdx, %rsp
    movq %rdi, %rax
    movq %rsi, %rdi
    callq *%rax
    leave
    .cfi_def_cfa rsp, 8
    ret
    .cfi_endproc
    .size linux_stack_switch, . - linux_stack_switch

/* The signal handler knows this ud2 by its address and loads the registers that rdi points to. */
    .hidden linux_registers_resume
    .globl linux_registers_resume
    .type linux_registers_resume, @function
linux_registers_resume:
    .cfi_startproc
    .hidden linux_resume_instruction
    .globl linux_resume_instruction
linux_resume_instruction:
    ud2
    .cfi_endproc
    .size linux_registers_resume, . - linux_registers_resume

/* bool linux_copy_guarded(to, from, length): the signal handler sends a fault at the copying
 * instruction to linux_copy_failed. What is short is copied by moves, all loads before all stores;
 * a fault among these, between linux_copy_short and its end, starts over at the copying
 * instruction, whose registers they leave alone. */
    .hidden linux_copy_guarded
    .globl linux_copy_guarded
    .type linux_copy_guarded, @function
linux_copy_guarded:
    .cfi_startproc
    movq %rdx, %rcx
    cmpq $32, %rdx
    ja linux_copy_instruction
    .hidden linux_copy_short
    .globl linux_copy_short
linux_copy_short:
    cmpq $16, %rdx
    jae 4f
    cmpq $8, %rdx
    jae 3f
    cmpq $4, %rdx
    jae 2f
    cmpq $1, %rdx
    jne linux_copy_instruction
    movzbl (%rsi), %eax
    movb %al, (%rdi)
    jmp 5f
2:  movl (%rsi), %eax
    movl -4(%rsi,%rdx), %r8d
    movl %eax, (%rdi)
    movl %r8d, -4(%rdi,%rdx)
    jmp 5f
3:  movq (%rsi), %rax
    movq -8(%rsi,%rdx), %r8
    movq %rax, (%rdi)
    movq %r8, -8(%rdi,%rdx)
    jmp 5f
4:  movups (%rsi), %xmm0
    movups -16(%rsi,%rdx), %xmm1
    movups %xmm0, (%rdi)
    movups %xmm1, -16(%rdi,%rdx)
    .hidden linux_copy_short_end
    .globl linux_copy_short_end
linux_copy_short_end:
5:  movl $1, %eax
    ret
    .hidden linux_copy_instruction
    .globl linux_copy_instruction
linux_copy_instruction:
    rep movsb
    movl $1, %eax
    ret
    .hidden linux_copy_failed
    .globl linux_copy_failed
linux_copy_failed:
    xorl %eax, %eax
    ret
    .cfi_endproc
    .size linux_copy_guarded, . - linux_copy_guarded
    .section .note.GNU-stack, "", @progbits
