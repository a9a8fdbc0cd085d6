/*
 * The calling thread's stacks: its own, and a second one between pages that nobody may touch, on
 * which drivers can run so that nothing they overrun is the host's.
 */
#include <pthread.h>
#include <sys/mman.h>

#include "host/linux/linux.h"
#include "host/linux/shadow.h"

enum { GUARDED_SIZE = 1 << 20, GUARD_SIZE = 1 << 16 };

struct stack {
    uint64_t low, high; /* high 0: not known, or not there */
};

static _Thread_local struct stack own, guarded;
static _Thread_local bool is_on_guarded;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key; /* a thread's guarded stack, for its end */

/* context.S: runs function(context) with the stack pointer at top. */
void linux_stack_switch(void (*function)(void *), void *context, uint64_t top);

/* AddressSanitizer must hear of each change of stacks, and of frames that are left by a jump. */
#if defined(__SANITIZE_ADDRESS__)
void __sanitizer_start_switch_fiber(void **fake_stack, const void *bottom, size_t size);
void __sanitizer_finish_switch_fiber(void *fake_stack, const void **bottom, size_t *size);
void __asan_unpoison_memory_region(const volatile void *from, size_t length);
static _Thread_local void *own_fake_stack;

static void sanitizer_leave(struct stack to, void **fake_stack)
{
    __sanitizer_start_switch_fiber(fake_stack, (const void *)to.low, to.high - to.low);
}

static void sanitizer_arrive(void *fake_stack)
{
    __sanitizer_finish_switch_fiber(fake_stack, NULL, NULL);
}

static void sanitizer_forget(struct stack stack)
{
    __asan_unpoison_memory_region((const void *)stack.low, stack.high - stack.low);
}
#else
static void *own_fake_stack;

static void sanitizer_leave(struct stack to, void **fake_stack)
{
    (void)to, (void)fake_stack;
}

static void sanitizer_arrive(void *fake_stack)
{
    (void)fake_stack;
}

static void sanitizer_forget(struct stack stack)
{
    (void)stack;
}
#endif

static struct stack own_stack(void)
{
    pthread_attr_t attributes;
    void *base = NULL;
    size_t size = 0;
    if (!own.high && pthread_getattr_np(pthread_self(), &attributes) == 0) {
        pthread_attr_getstack(&attributes, &base, &size);
        pthread_attr_destroy(&attributes);
        own = (struct stack){(uint64_t)base, (uint64_t)base + size};
    }
    return own;
}

void linux_stack_bounds(uint64_t *low, uint64_t *high)
{
    struct stack stack = is_on_guarded ? guarded : own_stack();
    *low = stack.low;
    *high = stack.high;
}

/* ---- the guarded one ---- */
static void free_guarded(void *base)
{
    guarded = (struct stack){0};
    linux_shadow_allow(base, GUARDED_SIZE + 2 * GUARD_SIZE);
    munmap(base, GUARDED_SIZE + 2 * GUARD_SIZE);
}

static void make_key(void)
{
    pthread_key_create(&key, free_guarded);
}

static bool make_guarded(void)
{
    pthread_once(&key_once, make_key);
    uint8_t *base = mmap(NULL, GUARDED_SIZE + 2 * GUARD_SIZE, PROT_NONE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return false;
    if (mprotect(base + GUARD_SIZE, GUARDED_SIZE, PROT_READ | PROT_WRITE) != 0 ||
        pthread_setspecific(key, base) != 0) {
        munmap(base, GUARDED_SIZE + 2 * GUARD_SIZE);
        return false;
    }
    linux_shadow_allow(base, GUARDED_SIZE + 2 * GUARD_SIZE);
    guarded.low = (uint64_t)base + GUARD_SIZE;
    guarded.high = guarded.low + GUARDED_SIZE;
    return true;
}

struct call {
    void (*function)(void *);
    void *context;
};

static void run(void *context)
{
    struct call *call = context;
    sanitizer_arrive(NULL);
    call->function(call->context);
    sanitizer_leave(own, NULL);
}

bool linux_guarded_stack_run(void (*function)(void *), void *context)
{
    struct call call = {function, context};
    if (is_on_guarded || (!guarded.high && !make_guarded()))
        return false;
    own_stack();
    sanitizer_leave(guarded, &own_fake_stack);
    is_on_guarded = true;
    linux_stack_switch(run, &call, guarded.high);
    is_on_guarded = false;
    sanitizer_arrive(own_fake_stack);
    return true;
}

void linux_guarded_stack_leave(void)
{
    if (!is_on_guarded)
        return;
    sanitizer_leave(own, NULL);
    is_on_guarded = false;
    sanitizer_arrive(own_fake_stack);
    sanitizer_forget(own);
    sanitizer_forget(guarded);
    linux_shadow_allow((void *)guarded.low, GUARDED_SIZE);
}

bool linux_guarded_stack_holds(uint64_t address)
{
    return address - guarded.low < GUARDED_SIZE && guarded.high;
}

bool linux_guarded_stack_is_above(uint64_t address)
{
    return is_on_guarded && address - guarded.high < GUARD_SIZE;
}
