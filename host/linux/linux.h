/*
 * All that the NT side may know of Linux, in plain C types: it is included both by files of
 * host/linux (libc side) and by NT files after host/nt.h. Nothing here takes an NT type.
 *
 * Unless said otherwise every function may be called from any thread, does not block, and a
 * negative return is -errno.
 */
#ifndef SYSBUF_HOST_LINUX_H
#define SYSBUF_HOST_LINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- host heap: the host's own bookkeeping, never seen by drivers; zeroed; NULL when exhausted */
void *linux_allocate(size_t size);
void *linux_reallocate(void *block, size_t size);
void linux_free(void *block);

/* ---- arenas: address space reserved once per process, shared by all machines ---- */
#define LINUX_PAGE_SIZE    0x1000ull
#define LINUX_USER_BASE    0x0000000010000000ull
#define LINUX_USER_END     0x000000007FFE0000ull /* MmUserProbeAddress is LINUX_USER_END */
#define LINUX_KERNEL_BASE  0x00007E9000000000ull
#define LINUX_KERNEL_END   0x00007EA000000000ull /* 64 GiB */
#define LINUX_SYSTEM_START 0x0000000080000000ull /* everything from here on is "kernel" */

enum linux_arena { LINUX_ARENA_USER, LINUX_ARENA_KERNEL };

enum linux_protection {
    LINUX_NO_ACCESS,
    LINUX_READ,
    LINUX_READ_WRITE,
    LINUX_READ_EXECUTE,
    LINUX_READ_WRITE_EXECUTE,
};

/* Reserves size bytes (a multiple of the page size), aligned to alignment (a power of two, at
 * least the page size), readable and writable, zero. NULL when the arena is full. The page before
 * and the page after are left without access (guard pages). */
void *linux_pages_map(enum linux_arena arena, size_t size, size_t alignment);
/* The same at a fixed address outside the arenas; NULL when something is there already. Such
 * memory has no aliases. */
void *linux_pages_map_fixed(uint64_t address, size_t size);
/* TRUE when address is in such a mapping, or was a moment ago. Signal safe. */
bool linux_pages_are_fixed(uint64_t address);
/* Gives back what one of the map functions returned, whole. */
void linux_pages_unmap(void *base, size_t size);
/* Changes protection of whole pages inside a mapping. Returns 0 or -errno. */
int linux_pages_protect(void *base, size_t size, enum linux_protection protection);
/* Makes a reserved page one that nobody gets access to, whatever protection it is given, until it
 * is unmapped with what is around it. False: this Linux cannot (before 6.13); the page is as
 * before. */
bool linux_page_guard(void *page);
/* Drops the contents of whole pages: they read as zero afterwards. */
void linux_pages_discard(void *base, size_t size);

/* Parts of linux_pages_map. Reserves addresses only (without access): at wanted (aligned to a page)
 * or, when that is NULL, anywhere; guard pages around as above. NULL when they are not free. Give
 * back with linux_pages_unmap. */
void *linux_pages_reserve(enum linux_arena arena, void *wanted, size_t size, size_t alignment);
/* Backs whole pages of a reservation with memory of its own, zero. Returns 0 or -errno. */
int linux_pages_commit(void *base, size_t size, enum linux_protection protection);
/* Makes whole pages a bare reservation again; memory of its own is dropped. */
void linux_pages_decommit(void *base, size_t size);

/* ---- frames: what is behind the arenas' pages. Each page of an arena has one frame number for
 * good, so that it serves as a physical page number; kernel frames begin at zero. ---- */
#define LINUX_KERNEL_FRAME 0x0000000ull
#define LINUX_USER_FRAME   0x1000000ull
#define LINUX_FRAME_END    (LINUX_USER_FRAME + (LINUX_USER_END - LINUX_USER_BASE) / LINUX_PAGE_SIZE)

/* The frame mapped at address; 0 when nothing is, or address is in no arena. Signal safe. */
uint64_t linux_page_frame(const void *address);
/* How an arena's page is mapped; LINUX_NO_ACCESS outside the arenas. Signal safe. */
enum linux_protection linux_page_protection(const void *address);
/* The address whose own memory the frame is, mapped there or not; NULL for no frame. */
void *linux_frame_page(uint64_t frame);
/* A second mapping of count frames, one after the other: writes through one are seen through the
 * others. The frames must stay allocated. NULL when memory or addresses are short; unmap with
 * linux_pages_unmap. */
void *linux_frames_map(enum linux_arena arena, const uint64_t *frames, size_t count,
                       enum linux_protection protection);
/* The same inside a reservation. Returns 0 or -errno, with nothing mapped. */
int linux_frames_map_at(void *base, const uint64_t *frames, size_t count,
                        enum linux_protection protection);

/* ---- watched pages: without access, so that each use of one faults. Their frame and protection
 * stay what they are for everyone who asks; whoever changes a page's protection or mapping ends its
 * watch. The host's own copies (linux_copy_guarded) go past it, at the cost of a signal and a
 * system call; Linux's own system calls fail with EFAULT. ---- */
void linux_pages_watch(void *base, size_t size);
void linux_pages_unwatch(void *base, size_t size);
/* Signal safe. */
bool linux_page_is_watched(const void *address);
/* Lets the calling thread execute one instruction on a watched page: opens the page (to all
 * threads) until that is done. The caller resumes the fault with LINUX_TRAP_FLAG in its flags.
 * FALSE: too many pages for one instruction. Signal safe. */
bool linux_watch_step(const void *address);
#define LINUX_TRAP_FLAG 0x100u
/* Whether the calling thread is in such an instruction. Signal safe. */
bool linux_watch_is_stepping(void);
/* Ends a step early: the instruction faults for good. TRUE when there was one. Signal safe. */
bool linux_watch_step_end(void);
/* Between the files of host/linux: access to one watched page; the memory file behind a page. */
void linux_watched_page_open(const void *address, bool open);
int linux_page_file(const void *address, int64_t *offset);
/* Does (part of) the guarded copy that faulted at a watched page. FALSE: it fails. */
bool linux_watch_copy(uint64_t *to, uint64_t *from, uint64_t *length);

/* ---- locks for host data; never held while driver code or driver memory is touched ---- */
struct linux_lock {
    uint32_t state; /* 0 free, 1 held, 2 held with waiters */
};
void linux_lock_slow(struct linux_lock *lock);
void linux_unlock_slow(struct linux_lock *lock);

static inline void linux_lock(struct linux_lock *lock)
{
    uint32_t free = 0;
    if (!__atomic_compare_exchange_n(&lock->state, &free, 1, false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED))
        linux_lock_slow(lock);
}

static inline void linux_unlock(struct linux_lock *lock)
{
    if (__atomic_exchange_n(&lock->state, 0, __ATOMIC_RELEASE) == 2)
        linux_unlock_slow(lock);
}

/* ---- futex ---- */
#define LINUX_FOREVER INT64_MAX
/* Sleeps while *word == expected, until linux_wake or the monotonic deadline (ns) or a signal. */
void linux_park(uint32_t *word, uint32_t expected, int64_t deadline);
void linux_wake(uint32_t *word, int count);

/* ---- time ---- */
int64_t linux_monotonic_time(void); /* ns since an arbitrary start */
int64_t linux_system_time(void);    /* 100 ns since 1601-01-01 UTC */
int32_t linux_time_zone_bias(void); /* minutes, UTC = local + bias */
void linux_yield(void);
void linux_random(void *buffer, size_t length);

/* ---- threads ---- */
struct linux_thread;
/* Starts a thread; NULL when Linux refuses. The caller joins it exactly once. */
struct linux_thread *linux_thread_start(void (*start)(void *), void *context);
void linux_thread_join(struct linux_thread *thread); /* blocks */
uint32_t linux_thread_id(void);
/* ns the thread of this process has run; 0 when there is none. */
int64_t linux_thread_cpu_time(uint32_t thread_id);
/* Bounds of the stack that the calling thread is on. */
void linux_stack_bounds(uint64_t *low, uint64_t *high);
/* Runs function(context) on a second stack of the calling thread's, which has pages that nobody may
 * touch around it. False, and nothing was run: memory is short, or the thread is there already. */
bool linux_guarded_stack_run(void (*function)(void *), void *context);
/* What runs there is about to be left by a jump. */
void linux_guarded_stack_leave(void);
/* Whether address is on the calling thread's second stack, whichever it is on. */
bool linux_guarded_stack_holds(uint64_t address);
/* The thread is there, and address in the pages above, where the stack's frames end. */
bool linux_guarded_stack_is_above(uint64_t address);
void linux_gs_base_set(uint64_t base);
/* Called once per process before any other use of threads; returns 0, or -ENOSYS when the machine
 * is not one the host can run on. at_exit runs on each thread that set its slot, as it ends. */
int linux_threads_initialize(void (*at_exit)(void *));
extern _Thread_local void *linux_thread_slot __attribute__((tls_model("initial-exec")));
void linux_thread_slot_set(void *value); /* also arms at_exit for this thread */

/* ---- leaving driver code at once (a machine stop) ---- */
struct linux_context {
    uint64_t rbx, rbp, r12, r13, r14, r15, rsp, rip;
};
/* Like setjmp, without the signal mask: 0 at first, then the value given to linux_context_jump. */
int linux_context_save(struct linux_context *context) __attribute__((returns_twice));
_Noreturn void linux_context_jump(struct linux_context *context, int value);

/* ---- faults ---- */
struct linux_registers {
    uint64_t rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rip, eflags;
    uint32_t mxcsr, reserved[3];
    uint8_t xmm[16][16];
};

enum linux_fault_kind {
    LINUX_FAULT_ACCESS,     /* page fault or general protection */
    LINUX_FAULT_ILLEGAL,    /* undefined instruction */
    LINUX_FAULT_ARITHMETIC, /* integer division, SSE exception */
    LINUX_FAULT_BREAKPOINT, /* int3; rip is behind it */
    LINUX_FAULT_SINGLE_STEP,
    LINUX_FAULT_ALIGNMENT,
    LINUX_FAULT_STOP, /* the signal sent by linux_thread_interrupt */
};

struct linux_fault {
    enum linux_fault_kind kind;
    bool general_protection; /* ACCESS: not a page fault: privileged or non-canonical; no address */
    bool write, execute;     /* ACCESS: what was tried */
    uint64_t address;        /* ACCESS: where */
    int code;                /* si_code, for ARITHMETIC */
    struct linux_registers registers;
};

enum linux_fault_answer {
    LINUX_FAULT_NOT_MINE, /* hand the signal to whoever had it before */
    LINUX_FAULT_RESUME,   /* go on with the (perhaps changed) registers */
    LINUX_FAULT_DISPATCH, /* run dispatch(fault) on the faulting thread's own stack */
};

/* Installs the signal handlers, once per process. examine runs in the signal handler on the
 * alternate stack: it may only read, decode and change registers. dispatch runs as if the fault had
 * called it, below the interrupted frame (and its red zone), with the fault copied there; it never
 * returns: it resumes by linux_registers_resume or jumps away. */
int linux_faults_initialize(enum linux_fault_answer (*examine)(struct linux_fault *fault),
                            void (*dispatch)(struct linux_fault *fault));
/* Takes the signals again, after something else in the process installed handlers of its own, which
 * are then chained to. Returns 0 or -errno. */
int linux_faults_claim(void);
/* Gives the calling thread an alternate signal stack unless it has one. */
void linux_faults_attach_thread(void);
/* Continues the calling thread with exactly these registers (rip, rsp and flags included). */
_Noreturn void linux_registers_resume(const struct linux_registers *registers);
/* Copies length bytes; false when either side faults part way. For user memory, which another
 * thread may unmap at any time. */
bool linux_copy_guarded(void *to, const void *from, size_t length);
/* Interrupts the thread with LINUX_FAULT_STOP; any wait in linux_park returns. */
void linux_thread_interrupt(uint32_t thread_id);

/* ---- files ---- */
/* Reads a whole regular file into a new host heap block. Returns 0 or -errno. */
int linux_file_read_all(const char *path, void **contents, size_t *size);
void linux_log_standard_error(const char *text, size_t length);

#endif
