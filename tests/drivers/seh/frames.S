# Functions with the frames that MSVC makes, and instructions that fault. Windows x64, GNU syntax.
    .text

.macro begin name
    .globl \name
    .def \name; .scl 2; .type 32; .endef
    .p2align 4
    .seh_proc \name
\name:
.endm

# Pushes, a small allocation, two xmm registers saved. rcx: routine, rdx: argument.
    begin frame_with_pushes
    pushq %rbx
    .seh_pushreg %rbx
    pushq %rsi
    .seh_pushreg %rsi
    pushq %rdi
    .seh_pushreg %rdi
    pushq %r12
    .seh_pushreg %r12
    pushq %r15
    .seh_pushreg %r15
    subq $0x60, %rsp
    .seh_stackalloc 0x60
    movaps %xmm6, 0x20(%rsp)
    .seh_savexmm %xmm6, 0x20
    movaps %xmm15, 0x30(%rsp)
    .seh_savexmm %xmm15, 0x30
    .seh_endprologue
    movq %rcx, %rax
    movq %rdx, %rcx
    movq $0xBAD, %rbx
    movq %rbx, %rsi
    movq %rbx, %rdi
    movq %rbx, %r12
    movq %rbx, %r15
    xorps %xmm6, %xmm6
    xorps %xmm15, %xmm15
    call *%rax
    movaps 0x20(%rsp), %xmm6
    movaps 0x30(%rsp), %xmm15
    addq $0x60, %rsp
    popq %r15
    popq %r12
    popq %rdi
    popq %rsi
    popq %rbx
    ret
    .seh_endproc

# A frame pointer in the middle of the frame; the stack pointer moves afterwards (alloca).
    begin frame_with_register
    pushq %rbp
    .seh_pushreg %rbp
    subq $0x50, %rsp
    .seh_stackalloc 0x50
    leaq 0x20(%rsp), %rbp
    .seh_setframe %rbp, 0x20
    movaps %xmm8, 0x30(%rsp)
    .seh_savexmm %xmm8, 0x30
    movq %r13, 0x40(%rsp)
    .seh_savereg %r13, 0x40
    movq %r14, 0x48(%rsp)
    .seh_savereg %r14, 0x48
    .seh_endprologue
    subq $0x200, %rsp
    movq %rcx, %rax
    movq %rdx, %rcx
    movq $0xBAD, %r13
    movq $0xBAD, %r14
    xorps %xmm8, %xmm8
    call *%rax
    movaps 0x10(%rbp), %xmm8
    movq 0x20(%rbp), %r13
    movq 0x28(%rbp), %r14
    leaq 0x30(%rbp), %rsp
    popq %rbp
    ret
    .seh_endproc

# The shape of shrink wrapping: the second part saves more and is chained to the first. GNU as knows
# no chained directives, so the tables are written out.
    .globl frame_chained
    .def frame_chained; .scl 2; .type 32; .endef
    .p2align 4
frame_chained:
    pushq %rbx
.Lchain_push:
    subq $0x40, %rsp
.Lchain_allocated:
    movq $0xBAD, %rbx
.Lchain_second:
    movq %rsi, 0x58(%rsp)
.Lchain_saved_rsi:
    movq %rdi, 0x60(%rsp)
.Lchain_saved_rdi:
    movaps %xmm9, 0x20(%rsp)
.Lchain_saved_xmm:
    movq $0xBAD, %rsi
    movq $0xBAD, %rdi
    xorps %xmm9, %xmm9
    movq %rcx, %rax
    movq %rdx, %rcx
    call *%rax
    movaps 0x20(%rsp), %xmm9
    movq 0x60(%rsp), %rdi
    movq 0x58(%rsp), %rsi
.Lchain_second_end:
    addq $0x40, %rsp
    popq %rbx
    ret
.Lchain_end:

    .section .pdata
    .p2align 2
    .rva frame_chained, .Lchain_second, .Lchain_primary_info
    .rva .Lchain_second, .Lchain_second_end, .Lchain_second_info
    .rva .Lchain_second_end, .Lchain_end, .Lchain_last_info
    .section .xdata
    .p2align 2
.Lchain_primary_info:
    .byte 1, .Lchain_allocated - frame_chained, 2, 0
    .byte .Lchain_allocated - frame_chained, 0x72
    .byte .Lchain_push - frame_chained, 0x30
.Lchain_second_info:
    .byte 1 | (4 << 3), .Lchain_saved_xmm - .Lchain_second, 6, 0
    .byte .Lchain_saved_xmm - .Lchain_second, 0x98
    .short 0x20 / 16
    .byte .Lchain_saved_rdi - .Lchain_second, 0x74
    .short 0x60 / 8
    .byte .Lchain_saved_rsi - .Lchain_second, 0x64
    .short 0x58 / 8
    .rva frame_chained, .Lchain_second, .Lchain_primary_info
.Lchain_last_info:
    .byte 1 | (4 << 3), 0, 0, 0
    .rva frame_chained, .Lchain_second, .Lchain_primary_info
    .text

# More stack than one slot can tell, and registers saved far away in it.
    begin frame_large
    subq $0x90008, %rsp
    .seh_stackalloc 0x90008
    movq %r12, 0x90000(%rsp)
    .seh_savereg %r12, 0x90000
    movups %xmm7, 0x80000(%rsp)
    .seh_savexmm %xmm7, 0x80000
    movaps %xmm10, 0x8010(%rsp)
    .seh_savexmm %xmm10, 0x8010
    .seh_endprologue
    movq %rcx, %rax
    movq %rdx, %rcx
    movq $0xBAD, %r12
    xorps %xmm7, %xmm7
    xorps %xmm10, %xmm10
    call *%rax
    movaps 0x8010(%rsp), %xmm10
    movups 0x80000(%rsp), %xmm7
    movq 0x90000(%rsp), %r12
    addq $0x90008, %rsp
    ret
    .seh_endproc

# A fault between two pushes: only the first has happened.
    begin fault_in_prologue
    pushq %rbx
    .seh_pushreg %rbx
    movq $0xBAD, %rbx
    movl $0, 8
    pushq %rsi
    .seh_pushreg %rsi
    subq $0x28, %rsp
    .seh_stackalloc 0x28
    .seh_endprologue
    nop
    addq $0x28, %rsp
    popq %rsi
    popq %rbx
    ret
    .seh_endproc

# A fault in an epilogue, at its end: the jump of a tail call goes nowhere, so that the caller of this
# function is the one that sees it.
    begin fault_in_epilogue
    pushq %rbx
    .seh_pushreg %rbx
    subq $0x20, %rsp
    .seh_stackalloc 0x20
    .seh_endprologue
    movq $0xBAD, %rbx
    addq $0x20, %rsp
    popq %rbx
    rex.W jmp *fault_target(%rip)
    .seh_endproc

    .section .rdata, "dr"
    .p2align 3
fault_target:
    .quad 0x48
    .text

# rcx: routine, rdx: argument; eax: a bit for each register that did not survive.
    begin registers_survive
    pushq %rbp
    .seh_pushreg %rbp
    pushq %rbx
    .seh_pushreg %rbx
    pushq %rsi
    .seh_pushreg %rsi
    pushq %rdi
    .seh_pushreg %rdi
    pushq %r12
    .seh_pushreg %r12
    pushq %r13
    .seh_pushreg %r13
    pushq %r14
    .seh_pushreg %r14
    pushq %r15
    .seh_pushreg %r15
    subq $0xC8, %rsp
    .seh_stackalloc 0xC8
    .irp number, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movaps %xmm\number, 0x20 + (\number - 6) * 16(%rsp)
    .seh_savexmm %xmm\number, 0x20 + (\number - 6) * 16
    .endr
    .seh_endprologue
    movq %rcx, %rax
    movq %rdx, %rcx
    movq $0x1005, %rbp
    movq $0x1003, %rbx
    movq $0x1006, %rsi
    movq $0x1007, %rdi
    movq $0x100C, %r12
    movq $0x100D, %r13
    movq $0x100E, %r14
    movq $0x100F, %r15
    .irp number, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movl $0x2000 + \number, %edx
    movq %rdx, %xmm\number
    punpcklqdq %xmm\number, %xmm\number
    .endr
    call *%rax
    xorl %eax, %eax
    .macro compare_general register, value, bit
    cmpq $\value, \register
    je 1f
    orl $1 << \bit, %eax
1:
    .endm
    compare_general %rbp, 0x1005, 5
    compare_general %rbx, 0x1003, 3
    compare_general %rsi, 0x1006, 6
    compare_general %rdi, 0x1007, 7
    compare_general %r12, 0x100C, 12
    compare_general %r13, 0x100D, 13
    compare_general %r14, 0x100E, 14
    compare_general %r15, 0x100F, 15
    .irp number, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movl $0x2000 + \number, %edx
    movq %rdx, %xmm0
    punpcklqdq %xmm0, %xmm0
    pcmpeqd %xmm\number, %xmm0
    movmskps %xmm0, %edx
    cmpl $15, %edx
    je 1f
    orl $1 << (\number + 16), %eax
1:
    .endr
    .irp number, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movaps 0x20 + (\number - 6) * 16(%rsp), %xmm\number
    .endr
    addq $0xC8, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rdi
    popq %rsi
    popq %rbx
    popq %rbp
    ret
    .seh_endproc

# setjmp as MSVC calls it, with this function's frame address: longjmp unwinds to it. rcx: routine,
# which gets the buffer; eax: the value that longjmp was given, 0 when the routine came back.
    begin call_with_jump_buffer
    pushq %rbx
    .seh_pushreg %rbx
    subq $0x120, %rsp
    .seh_stackalloc 0x120
    .seh_endprologue
    movq %rcx, %rbx
    leaq 0x20(%rsp), %rcx
    movq %rsp, %rdx
    call *__imp__setjmpex(%rip)
    testl %eax, %eax
    jne 1f
    leaq 0x20(%rsp), %rcx
    call *%rbx
    xorl %eax, %eax
1:
    addq $0x120, %rsp
    popq %rbx
    ret
    .seh_endproc

# Leaf functions that fault: no unwind information, the return address is on top of the stack.
.macro leaf name
    .globl \name
    .def \name; .scl 2; .type 32; .endef
    .p2align 4
\name:
.endm

    leaf divide_by_zero
    xorl %ecx, %ecx
    movl $1, %eax
    cltd
    .globl fault_at_divide
fault_at_divide:
    idivl %ecx
    ret

    leaf divide_overflow
    movl $-1, %ecx
    movl $0x80000000, %eax
    cltd
    .globl fault_at_overflow
fault_at_overflow:
    idivl %ecx
    ret

    leaf breakpoint_instruction
    .globl fault_at_breakpoint
fault_at_breakpoint:
    int3
    ret

    leaf illegal_instruction
    .globl fault_at_illegal
fault_at_illegal:
    ud2
    ret

    leaf halt_instruction
    .globl fault_at_halt
fault_at_halt:
    hlt
    ret

    leaf noncanonical_read
    movabsq $0x8000000000000000, %rax
    .globl fault_at_noncanonical
fault_at_noncanonical:
    movl (%rax), %eax
    ret

    begin read_through_rbx
    pushq %rbx
    .seh_pushreg %rbx
    subq $0x20, %rsp
    .seh_stackalloc 0x20
    .seh_endprologue
    movq %rcx, %rbx
    movl (%rbx), %eax
    addq $0x20, %rsp
    popq %rbx
    ret
    .seh_endproc
