/*
 * Faults as data. The handler runs on an alternate stack, turns the signal frame into a struct
 * linux_fault, asks the NT side what to do and edits the frame accordingly. It takes no lock.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "host/linux/linux.h"
#include "host/linux/stack.h"

enum {
    ALTERNATE_STACK_SIZE = 128 * 1024,
    EMERGENCY_STACK_SIZE = 128 * 1024,
    DISPATCH_ROOM = 32 * 1024, /* stack the dispatcher needs below the fault */
    RED_ZONE = 128,
};

static const int fault_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
static struct sigaction previous[NSIG];
static enum linux_fault_answer (*examine)(struct linux_fault *);
static void (*dispatch)(struct linux_fault *);
static pthread_key_t stack_key;
static _Thread_local uint8_t *emergency_stack __attribute__((tls_model("initial-exec")));

extern const char linux_resume_instruction[] __attribute__((visibility("hidden")));
extern const char linux_copy_instruction[] __attribute__((visibility("hidden")));
extern const char linux_copy_short[] __attribute__((visibility("hidden")));
extern const char linux_copy_short_end[] __attribute__((visibility("hidden")));
extern const char linux_copy_failed[] __attribute__((visibility("hidden")));

static int stop_signal(void)
{
    return SIGRTMAX - 5;
}

void linux_fault_signals(sigset_t *signals)
{
    sigemptyset(signals);
    for (size_t i = 0; i < sizeof(fault_signals) / sizeof(fault_signals[0]); i++)
        sigaddset(signals, fault_signals[i]);
    sigaddset(signals, stop_signal());
}

static const int general_registers[16] = {
    REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
    REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};

static void registers_read(struct linux_registers *registers, const ucontext_t *frame)
{
    uint64_t *general = &registers->rax;
    for (int i = 0; i < 16; i++)
        general[i] = (uint64_t)frame->uc_mcontext.gregs[general_registers[i]];
    registers->rip = (uint64_t)frame->uc_mcontext.gregs[REG_RIP];
    registers->eflags = (uint64_t)frame->uc_mcontext.gregs[REG_EFL];
    registers->mxcsr = frame->uc_mcontext.fpregs->mxcsr;
    memcpy(registers->xmm, frame->uc_mcontext.fpregs->_xmm, sizeof(registers->xmm));
}

static void registers_write(ucontext_t *frame, const struct linux_registers *registers)
{
    const uint64_t *general = &registers->rax;
    for (int i = 0; i < 16; i++)
        frame->uc_mcontext.gregs[general_registers[i]] = (greg_t)general[i];
    frame->uc_mcontext.gregs[REG_RIP] = (greg_t)registers->rip;
    frame->uc_mcontext.gregs[REG_EFL] = (greg_t)registers->eflags;
    frame->uc_mcontext.fpregs->mxcsr = registers->mxcsr;
    memcpy(frame->uc_mcontext.fpregs->_xmm, registers->xmm, sizeof(registers->xmm));
}

static enum linux_fault_kind kind_of(int signal, const siginfo_t *info)
{
    switch (signal) {
    case SIGILL:
        return LINUX_FAULT_ILLEGAL;
    case SIGFPE:
        return LINUX_FAULT_ARITHMETIC;
    case SIGTRAP:
        return info->si_code == TRAP_TRACE ? LINUX_FAULT_SINGLE_STEP : LINUX_FAULT_BREAKPOINT;
    case SIGBUS:
        return info->si_code == BUS_ADRALN ? LINUX_FAULT_ALIGNMENT : LINUX_FAULT_ACCESS;
    case SIGSEGV:
        return LINUX_FAULT_ACCESS;
    default:
        return LINUX_FAULT_STOP;
    }
}

static void fault_describe(struct linux_fault *fault, int signal, const siginfo_t *info,
                           const ucontext_t *frame)
{
    const int trap_general_protection = 13;
    const greg_t error_write = 1 << 1, error_fetch = 1 << 4;
    greg_t error = frame->uc_mcontext.gregs[REG_ERR];
    memset(fault, 0, offsetof(struct linux_fault, registers));
    fault->kind = kind_of(signal, info);
    fault->code = info->si_code;
    if (fault->kind == LINUX_FAULT_ACCESS) {
        fault->general_protection = frame->uc_mcontext.gregs[REG_TRAPNO] == trap_general_protection;
        fault->address = fault->general_protection ? 0 : (uint64_t)info->si_addr;
        fault->write = !fault->general_protection && (error & error_write);
        fault->execute = !fault->general_protection && (error & error_fetch);
    }
    registers_read(&fault->registers, frame);
}

/* The dispatcher runs on the faulting stack, or, when that is exhausted, on a spare one from which
 * nothing can be continued but the machine can be stopped. */
static uint64_t dispatch_stack(uint64_t rsp)
{
    uint64_t low, high;
    linux_stack_bounds(&low, &high);
    bool exhausted = rsp < low + DISPATCH_ROOM && rsp + (1 << 20) > low;
    if (exhausted && emergency_stack)
        return (uint64_t)emergency_stack + EMERGENCY_STACK_SIZE;
    return rsp - RED_ZONE;
}

static void frame_call_dispatch(ucontext_t *frame, const struct linux_fault *fault)
{
    uint64_t stack = dispatch_stack(fault->registers.rsp);
    stack = (stack - sizeof(*fault)) & ~63ull;
    memcpy((void *)stack, fault, sizeof(*fault));
    frame->uc_mcontext.gregs[REG_RDI] = (greg_t)stack;
    stack -= 8; /* as after a call: rsp is 8 off a multiple of 16 */
    *(uint64_t *)stack = 0;
    frame->uc_mcontext.gregs[REG_RSP] = (greg_t)stack;
    frame->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)dispatch;
    const greg_t direction_and_trap = 0x400 | 0x100;
    frame->uc_mcontext.gregs[REG_EFL] &= ~direction_and_trap;
}

static void chain(int signal, siginfo_t *info, void *frame)
{
    struct sigaction *before = &previous[signal];
    if (before->sa_flags & SA_SIGINFO) {
        before->sa_sigaction(signal, info, frame);
    } else if (before->sa_handler == SIG_DFL) {
        sigaction(signal, before, NULL); /* the instruction faults again and ends the process */
    } else if (before->sa_handler != SIG_IGN) {
        before->sa_handler(signal);
    }
}

static bool copy_watched(ucontext_t *frame, const siginfo_t *info)
{
    greg_t *registers = frame->uc_mcontext.gregs;
    uint64_t to = (uint64_t)registers[REG_RDI], from = (uint64_t)registers[REG_RSI],
             length = (uint64_t)registers[REG_RCX];
    if (!linux_page_is_watched(info->si_addr) || !linux_watch_copy(&to, &from, &length))
        return false;
    registers[REG_RDI] = (greg_t)to;
    registers[REG_RSI] = (greg_t)from;
    registers[REG_RCX] = (greg_t)length;
    return true;
}

/* TRUE for a page whose watch another thread ended meanwhile: the access is tried again. */
static bool is_watch_over(const struct linux_fault *fault)
{
    static _Thread_local uint64_t last_address, last_rip;
    if (fault->kind != LINUX_FAULT_ACCESS || fault->general_protection || fault->execute ||
        fault->address >= LINUX_USER_END)
        return false;
    enum linux_protection protection = linux_page_protection((void *)fault->address);
    bool allowed = fault->write
                       ? protection == LINUX_READ_WRITE || protection == LINUX_READ_WRITE_EXECUTE
                       : protection != LINUX_NO_ACCESS;
    bool again = fault->address == last_address && fault->registers.rip == last_rip;
    last_address = fault->address;
    last_rip = fault->registers.rip;
    return allowed && !again && !linux_page_is_watched((void *)fault->address);
}

/* The moves that copy what is short: linux_copy_guarded. */
static bool is_short_copy(const ucontext_t *frame)
{
    uintptr_t at = (uintptr_t)frame->uc_mcontext.gregs[REG_RIP];
    return at >= (uintptr_t)linux_copy_short && at < (uintptr_t)linux_copy_short_end;
}

static void on_signal(int signal, siginfo_t *info, void *context)
{
    int saved_errno = errno;
    ucontext_t *frame = context;
    if (signal == SIGILL &&
        frame->uc_mcontext.gregs[REG_RIP] == (greg_t)(uintptr_t)linux_resume_instruction) {
        registers_write(frame, (const void *)frame->uc_mcontext.gregs[REG_RDI]);
        return;
    }
    if (is_short_copy(frame) && (signal == SIGSEGV || signal == SIGBUS)) {
        frame->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)linux_copy_instruction;
        return;
    }
    if (frame->uc_mcontext.gregs[REG_RIP] == (greg_t)(uintptr_t)linux_copy_instruction &&
        (signal == SIGSEGV || signal == SIGBUS)) {
        struct linux_fault copy;
        fault_describe(&copy, signal, info, frame);
        if (!copy_watched(frame, info) && !is_watch_over(&copy))
            frame->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)linux_copy_failed;
        return;
    }
    if (signal == SIGTRAP && linux_watch_step_end()) {
        frame->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)LINUX_TRAP_FLAG;
        return;
    }
    struct linux_fault fault;
    fault_describe(&fault, signal, info, frame);
    if (is_watch_over(&fault))
        return;
    if (linux_watch_is_stepping()) /* the flag is not the driver's: its handlers must not get it */
        fault.registers.eflags &= ~(uint64_t)LINUX_TRAP_FLAG;
    switch (examine(&fault)) {
    case LINUX_FAULT_RESUME:
        registers_write(frame, &fault.registers);
        if (linux_watch_is_stepping())
            frame->uc_mcontext.gregs[REG_EFL] |= LINUX_TRAP_FLAG;
        break;
    case LINUX_FAULT_DISPATCH:
        if (fault.kind == LINUX_FAULT_STOP)
            linux_watch_step_end();
        frame_call_dispatch(frame, &fault);
        break;
    case LINUX_FAULT_NOT_MINE:
        if (fault.kind == LINUX_FAULT_ACCESS && linux_page_is_watched((void *)fault.address) &&
            linux_watch_step((void *)fault.address))
            frame->uc_mcontext.gregs[REG_EFL] |= LINUX_TRAP_FLAG; /* the application's own memory */
        else if (fault.kind != LINUX_FAULT_STOP)
            chain(signal, info, context);
        break;
    }
    errno = saved_errno;
}

static void stacks_free(void *stacks)
{
    stack_t off = {.ss_flags = SS_DISABLE}, now;
    sigaltstack(NULL, &now);
    if (now.ss_sp == stacks)
        sigaltstack(&off, NULL);
    emergency_stack = NULL;
    munmap(stacks, ALTERNATE_STACK_SIZE + EMERGENCY_STACK_SIZE);
}

int linux_faults_initialize(enum linux_fault_answer (*examine_fault)(struct linux_fault *),
                            void (*dispatch_fault)(struct linux_fault *))
{
    int error = pthread_key_create(&stack_key, stacks_free);
    if (error)
        return -error;
    examine = examine_fault;
    dispatch = dispatch_fault;
    return linux_faults_claim();
}

static int claim(int signal)
{
    struct sigaction action = {.sa_sigaction = on_signal}, before;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, stop_signal()); /* sent again and again: it must not pile up */
    if (sigaction(signal, NULL, &before) != 0)
        return -errno;
    if ((before.sa_flags & SA_SIGINFO) && before.sa_sigaction == on_signal)
        return 0;
    previous[signal] = before;
    return sigaction(signal, &action, NULL) == 0 ? 0 : -errno;
}

int linux_faults_claim(void)
{
    int error = claim(stop_signal());
    for (size_t i = 0; i < sizeof(fault_signals) / sizeof(fault_signals[0]) && !error; i++)
        error = claim(fault_signals[i]);
    return error;
}

void linux_faults_attach_thread(void)
{
    uint64_t low, high;
    if (emergency_stack)
        return;
    void *stacks = mmap(NULL, ALTERNATE_STACK_SIZE + EMERGENCY_STACK_SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stacks == MAP_FAILED)
        return; /* a stack overflow then ends the process, nothing else changes */
    emergency_stack = (uint8_t *)stacks + ALTERNATE_STACK_SIZE;
    pthread_setspecific(stack_key, stacks);
    linux_stack_bounds(&low, &high); /* so that the handler finds them cached */
    stack_t now;
    if (sigaltstack(NULL, &now) == 0 && !(now.ss_flags & SS_DISABLE))
        return; /* a sanitizer's, or the program's own: it does */
    stack_t alternate = {.ss_sp = stacks, .ss_size = ALTERNATE_STACK_SIZE};
    sigaltstack(&alternate, NULL);
}

void linux_thread_interrupt(uint32_t thread_id)
{
    syscall(SYS_tgkill, getpid(), thread_id, stop_signal());
}
