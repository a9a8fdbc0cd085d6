/* Frames of instrumented functions: their shadow, and frames that are kept away from the stack for
 * a while so that a use after the function has returned is seen. */
#include "host/sanitizer/sanitizer.h"

/* ---- shadow that is too large for inline code ---- */
#define SET_SHADOW(name, code)                         \
    void NTAPI asan_##name(void *shadow, SIZE_T size); \
    void NTAPI asan_##name(void *shadow, SIZE_T size)  \
    {                                                  \
        __builtin_memset(shadow, code, size);          \
    }                                                  \
    ASAN_EXPORT(name)
SET_SHADOW(set_shadow_00, 0)
SET_SHADOW(set_shadow_f1, SHADOW_STACK_LEFT)
SET_SHADOW(set_shadow_f2, SHADOW_STACK_MIDDLE)
SET_SHADOW(set_shadow_f3, SHADOW_STACK_RIGHT)
SET_SHADOW(set_shadow_f5, SHADOW_STACK_RETURNED)
SET_SHADOW(set_shadow_f8, SHADOW_STACK_SCOPE)

void NTAPI asan_poison_stack_memory(void *address, SIZE_T size);
void NTAPI asan_poison_stack_memory(void *address, SIZE_T size)
{
    linux_shadow_forbid(address, size, SHADOW_STACK_SCOPE);
}
ASAN_EXPORT(poison_stack_memory)

void NTAPI asan_unpoison_stack_memory(void *address, SIZE_T size);
void NTAPI asan_unpoison_stack_memory(void *address, SIZE_T size)
{
    linux_shadow_allow(address, size);
}
ASAN_EXPORT(unpoison_stack_memory)

/* ---- alloca and arrays of variable length: a redzone of 32 bytes on both sides ---- */
enum { ALLOCA_REDZONE = 32 };

void NTAPI asan_alloca_poison(uint64_t address, SIZE_T size);
void NTAPI asan_alloca_poison(uint64_t address, SIZE_T size)
{
    uint64_t end = address + size;
    uint64_t right = (end + ALLOCA_REDZONE - 1) & ~(uint64_t)(ALLOCA_REDZONE - 1);
    linux_shadow_forbid((void *)(address - ALLOCA_REDZONE), ALLOCA_REDZONE, SHADOW_ALLOCA_LEFT);
    linux_shadow_forbid((void *)(end & ~7ull), right + ALLOCA_REDZONE - (end & ~7ull),
                        SHADOW_ALLOCA_RIGHT);
    linux_shadow_allow((void *)address, size);
}
ASAN_EXPORT(alloca_poison)

void NTAPI asan_allocas_unpoison(uint64_t top, uint64_t bottom);
void NTAPI asan_allocas_unpoison(uint64_t top, uint64_t bottom)
{
    if (top && top < bottom)
        linux_shadow_allow((void *)top, bottom - top);
}
ASAN_EXPORT(allocas_unpoison)

/* The function that is called next does not return: its caller's frames are never tidied up. */
void NTAPI asan_handle_no_return(void);
void NTAPI asan_handle_no_return(void)
{
    linux_shadow_allow_stack(__builtin_frame_address(0));
}
ASAN_EXPORT(handle_no_return)

/* ---- frames away from the stack ---- */
/* Frames of 64 bytes to 64 KiB, a pool for each size; used in turn, so that a freed one is not used
 * again soon. Compiled code frees the small ones itself: it clears the flag whose address the
 * frame's last eight bytes hold. A frame that was left without returning stays taken; when a pool
 * is exhausted the function uses the stack. */
enum { FRAME_CLASSES = 11, SMALLEST_FRAME = 64, POOL_BYTES = 1 << 20 };

static struct frame_pool {
    uint8_t *frames;
    uint32_t next;
} pools[FRAME_CLASSES];

static struct frame_pool *pool_open(ULONG class)
{
    struct frame_pool *pool = &pools[class];
    SIZE_T count = POOL_BYTES / (SMALLEST_FRAME << class);
    if (SB_LIKELY(__atomic_load_n(&pool->frames, __ATOMIC_ACQUIRE)))
        return pool;
    /* Flags behind the frames; frames must be aligned to their redzones. */
    uint8_t *memory = linux_allocate(POOL_BYTES + SMALLEST_FRAME + count);
    if (!memory)
        return NULL;
    uint8_t *frames =
        (uint8_t *)(((uint64_t)memory + SMALLEST_FRAME - 1) & ~(uint64_t)(SMALLEST_FRAME - 1));
    uint8_t *none = NULL;
    if (__atomic_compare_exchange_n(&pool->frames, &none, frames, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
        return pool;
    linux_free(memory); /* another thread was first */
    return pool;
}

static void *frame_take(ULONG class)
{
    struct frame_pool *pool = pool_open(class);
    SIZE_T size = (SIZE_T)SMALLEST_FRAME << class;
    ULONG count = (ULONG)(POOL_BYTES / size);
    if (!pool)
        return NULL;
    uint8_t *taken = pool->frames + POOL_BYTES;
    for (ULONG i = 0; i < count; i++) {
        ULONG index = __atomic_fetch_add(&pool->next, 1, __ATOMIC_RELAXED) % count;
        if (__atomic_exchange_n(&taken[index], 1, __ATOMIC_ACQUIRE))
            continue;
        uint8_t *frame = pool->frames + index * size;
        linux_shadow_allow(frame, size);
        *(uint8_t **)(frame + size - sizeof(uint8_t *)) = &taken[index];
        return frame;
    }
    return NULL;
}

static void frame_give(ULONG class, uint8_t *frame)
{
    SIZE_T size = (SIZE_T)SMALLEST_FRAME << class;
    uint8_t *taken = pools[class].frames + POOL_BYTES;
    linux_shadow_forbid(frame, size, SHADOW_STACK_RETURNED);
    __atomic_store_n(&taken[(SIZE_T)(frame - pools[class].frames) / size], 0, __ATOMIC_RELEASE);
}

#define FRAMES(class)                                                 \
    void *NTAPI asan_stack_malloc_always_##class(SIZE_T size);        \
    void *NTAPI asan_stack_malloc_always_##class(SIZE_T size)         \
    {                                                                 \
        return frame_take(class);                                     \
    }                                                                 \
    ASAN_EXPORT(stack_malloc_always_##class)                          \
    void NTAPI asan_stack_free_##class(uint8_t * frame, SIZE_T size); \
    void NTAPI asan_stack_free_##class(uint8_t * frame, SIZE_T size)  \
    {                                                                 \
        frame_give(class, frame);                                     \
    }                                                                 \
    ASAN_EXPORT(stack_free_##class)
FRAMES(0)
FRAMES(1)
FRAMES(2)
FRAMES(3)
FRAMES(4)
FRAMES(5)
FRAMES(6)
FRAMES(7)
FRAMES(8)
FRAMES(9)
FRAMES(10)
