#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "host/linux/linux.h"
#include "host/linux/shadow.h"

enum { LARGE = 64 * 1024 }; /* shadow bytes that are dropped rather than written */

uint8_t *linux_shadow_base;
static pthread_mutex_t open_lock = PTHREAD_MUTEX_INITIALIZER;

bool linux_shadow_open(void)
{
    pthread_mutex_lock(&open_lock);
    if (!linux_shadow_base) {
        void *base = mmap(NULL, LINUX_SHADOWED_END >> 3, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (base != MAP_FAILED) {
            madvise(base, LINUX_SHADOWED_END >> 3, MADV_DONTDUMP);
            __atomic_store_n(&linux_shadow_base, base, __ATOMIC_RELEASE);
        }
    }
    pthread_mutex_unlock(&open_lock);
    return linux_shadow_base != NULL;
}

/* Zeros count bytes; whole pages of many go back to Linux, which gives zeros for them. */
static void clear(uint8_t *at, size_t count)
{
    uint8_t *end = at + count;
    uint8_t *first = (uint8_t *)(((uintptr_t)at + LINUX_PAGE_SIZE - 1) & ~(LINUX_PAGE_SIZE - 1));
    uint8_t *last = (uint8_t *)((uintptr_t)end & ~(LINUX_PAGE_SIZE - 1));
    if (count < LARGE || madvise(first, (size_t)(last - first), MADV_DONTNEED) != 0) {
        memset(at, 0, count);
        return;
    }
    memset(at, 0, (size_t)(first - at));
    memset(last, 0, (size_t)(end - last));
}

void linux_shadow_allow(const void *address, size_t size)
{
    uint64_t start = (uint64_t)address, end = start + size;
    if (!linux_shadow_base || size == 0 || end > LINUX_SHADOWED_END)
        return;
    clear(linux_shadow_of(start), (end >> 3) - (start >> 3));
    uint8_t *last = linux_shadow_of(end);
    if ((end & 7) && *last && (*last > 7 || *last < (end & 7)))
        *last = end & 7;
}

void linux_shadow_forbid(const void *address, size_t size, uint8_t code)
{
    uint64_t start = ((uint64_t)address + 7) & ~7ull, end = ((uint64_t)address + size + 7) & ~7ull;
    if (linux_shadow_base && start < end && end <= LINUX_SHADOWED_END)
        memset(linux_shadow_of(start), code, (end - start) >> 3);
}

void linux_shadow_allow_stack(const void *address)
{
    uint64_t low, high;
    if (!linux_shadow_base)
        return;
    linux_stack_bounds(&low, &high);
    if ((uint64_t)address >= low && (uint64_t)address < high)
        linux_shadow_allow(address, high - (uint64_t)address);
}

void linux_shadow_forget_frames(uint64_t stack_pointer)
{
    uint64_t low, high;
    if (!linux_shadow_base)
        return;
    linux_stack_bounds(&low, &high);
    if (stack_pointer > low && stack_pointer <= high)
        linux_shadow_allow((void *)low, (stack_pointer & ~7ull) - low);
}

void linux_shadow_allow_whole_stack(void)
{
    uint64_t low, high;
    if (!linux_shadow_base)
        return;
    linux_stack_bounds(&low, &high);
    linux_shadow_allow((void *)low, high - low);
}

static bool is_allowed(uint64_t address)
{
    uint8_t code = *linux_shadow_of(address);
    return code == 0 || (code < 8 && (address & 7) < code);
}

uint64_t linux_shadow_find(uint64_t address, uint64_t size)
{
    uint64_t end = address + size;
    if (!linux_shadow_base || end < address || end > LINUX_SHADOWED_END)
        return 0;
    while (address < end) {
        if (!is_allowed(address))
            return address;
        uint64_t next = (address | 7) + 1;
        if (next > end)
            next = end;
        if (!is_allowed(next - 1)) {
            while (is_allowed(address))
                address++;
            return address;
        }
        address = next;
    }
    return 0;
}
