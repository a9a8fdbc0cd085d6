/*
 * The two arenas. Each is one reservation without access, backed by one memory file: the page at
 * arena base + n is the file's byte n, so that any page can be mapped a second time (an MDL's
 * system address, a view for the application).
 *
 * A page table per arena says which frame (page of either file) each page shows and how; entries
 * are written by whoever owns the page's address range and may be read by anyone. Lock: arena_lock
 * (address ranges only), a leaf.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/linux/linux.h"
#include "host/linux/shadow.h"
#include "host/linux/ranges.h"

/* An entry: the frame in the low bits, 0 when nothing is mapped; the protection above; on top
 * whether the page is watched, that is without access whatever its protection says. */
enum { PROTECTION_SHIFT = 28 };
static const uint32_t frame_mask = (1u << PROTECTION_SHIFT) - 1;
static const uint32_t watched_bit = 1u << 31;

struct arena {
    uint64_t base, end;
    uint64_t first_frame; /* the frame of the page at base */
    int file;
    uint32_t *pages;
    struct ranges free;
};

static pthread_once_t arenas_once = PTHREAD_ONCE_INIT;
static pthread_mutex_t arena_lock = PTHREAD_MUTEX_INITIALIZER;
static struct arena arenas[] = {
    [LINUX_ARENA_USER] = {.base = LINUX_USER_BASE,
                          .end = LINUX_USER_END,
                          .first_frame = LINUX_USER_FRAME,
                          .file = -1},
    [LINUX_ARENA_KERNEL] = {.base = LINUX_KERNEL_BASE,
                            .end = LINUX_KERNEL_END,
                            .first_frame = LINUX_KERNEL_FRAME,
                            .file = -1},
};
enum { ARENA_COUNT = sizeof(arenas) / sizeof(arenas[0]) };

/* What lies among the addresses already (the heap of a program that is not position independent, as
 * Debian's Python) is left out, with what is around it. */
static void reserve(struct arena *arena, uint64_t base, size_t size)
{
    enum { LEAST = 1 << 20 };
    void *wanted = (void *)base;
    void *got = mmap(wanted, size, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (got == wanted) {
        ranges_give(&arena->free, base, size);
        return;
    }
    if (got != MAP_FAILED)
        munmap(got, size);
    size_t half = size / 2 / LINUX_PAGE_SIZE * LINUX_PAGE_SIZE;
    if (size > LEAST) {
        reserve(arena, base, half);
        reserve(arena, base + half, size - half);
    }
}

static void arena_open(struct arena *arena, const char *name)
{
    size_t size = arena->end - arena->base;
    void *pages = mmap(NULL, size / LINUX_PAGE_SIZE * sizeof(uint32_t), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    arena->file = memfd_create(name, MFD_CLOEXEC);
    if (pages == MAP_FAILED || arena->file < 0 || ftruncate(arena->file, (off_t)size) != 0)
        return;
    arena->pages = pages;
    reserve(arena, arena->base, size);
}

static void arenas_open(void)
{
    arena_open(&arenas[LINUX_ARENA_USER], "sysbuf-user");
    arena_open(&arenas[LINUX_ARENA_KERNEL], "sysbuf-kernel");
}

static struct arena *arena_of(uint64_t address)
{
    for (size_t i = 0; i < ARENA_COUNT; i++)
        if (address >= arenas[i].base && address < arenas[i].end)
            return arenas[i].pages ? &arenas[i] : NULL;
    return NULL;
}

static struct arena *arena_of_frame(uint64_t frame)
{
    for (size_t i = 0; i < ARENA_COUNT; i++) {
        uint64_t count = (arenas[i].end - arenas[i].base) / LINUX_PAGE_SIZE;
        if (frame - arenas[i].first_frame < count)
            return arenas[i].pages ? &arenas[i] : NULL;
    }
    return NULL;
}

static int native_protection(enum linux_protection protection)
{
    static const int native[] = {
        [LINUX_NO_ACCESS] = PROT_NONE,
        [LINUX_READ] = PROT_READ,
        [LINUX_READ_WRITE] = PROT_READ | PROT_WRITE,
        [LINUX_READ_EXECUTE] = PROT_READ | PROT_EXEC,
        [LINUX_READ_WRITE_EXECUTE] = PROT_READ | PROT_WRITE | PROT_EXEC,
    };
    return native[protection];
}

/* ---- the page table ---- */
static uint32_t *entry_of(const struct arena *arena, uint64_t address)
{
    return &arena->pages[(address - arena->base) / LINUX_PAGE_SIZE];
}

static uint32_t entry_read(const struct arena *arena, uint64_t address)
{
    return __atomic_load_n(entry_of(arena, address), __ATOMIC_ACQUIRE);
}

static void entry_write(const struct arena *arena, uint64_t address, uint64_t frame,
                        enum linux_protection protection)
{
    uint32_t entry = frame ? (uint32_t)frame | (uint32_t)protection << PROTECTION_SHIFT : 0;
    __atomic_store_n(entry_of(arena, address), entry, __ATOMIC_RELEASE);
}

static uint64_t own_frame(const struct arena *arena, uint64_t address)
{
    return arena->first_frame + (address - arena->base) / LINUX_PAGE_SIZE;
}

static off_t file_offset(const struct arena *arena, uint64_t address)
{
    return (off_t)(address - arena->base);
}

uint64_t linux_page_frame(const void *address)
{
    struct arena *arena = arena_of((uint64_t)address);
    return arena ? entry_read(arena, (uint64_t)address) & frame_mask : 0;
}

void *linux_frame_page(uint64_t frame)
{
    struct arena *arena = arena_of_frame(frame);
    if (!arena || frame == 0)
        return NULL;
    return (void *)(arena->base + (frame - arena->first_frame) * LINUX_PAGE_SIZE);
}

enum linux_protection linux_page_protection(const void *address)
{
    struct arena *arena = arena_of((uint64_t)address);
    uint32_t entry = arena ? entry_read(arena, (uint64_t)address) : 0;
    return (enum linux_protection)((entry & ~watched_bit) >> PROTECTION_SHIFT);
}

/* ---- watched pages ---- */
bool linux_page_is_watched(const void *address)
{
    struct arena *arena = arena_of((uint64_t)address);
    return arena && (entry_read(arena, (uint64_t)address) & watched_bit);
}

/* Pages from address on that have the same entry but for the frame. */
static size_t entry_run(const struct arena *arena, uint64_t address, uint64_t end)
{
    uint64_t at = address + LINUX_PAGE_SIZE;
    uint32_t first = entry_read(arena, address);
    while (at < end && ((entry_read(arena, at) ^ first) & ~frame_mask) == 0 &&
           !(entry_read(arena, at) & frame_mask) == !(first & frame_mask))
        at += LINUX_PAGE_SIZE;
    return at - address;
}

/* The bit is there before the access goes and after it is back: who faults sees it, or may go on.
 */
void linux_pages_watch(void *base, size_t size)
{
    uint64_t at = (uint64_t)base, end = at + size;
    struct arena *arena = arena_of(at);
    for (size_t run; arena && at < end; at += run) {
        uint32_t entry = entry_read(arena, at);
        run = entry_run(arena, at, end);
        if ((entry & watched_bit) || entry >> PROTECTION_SHIFT == LINUX_NO_ACCESS)
            continue;
        for (uint64_t page = at; page < at + run; page += LINUX_PAGE_SIZE)
            __atomic_fetch_or(entry_of(arena, page), watched_bit, __ATOMIC_ACQ_REL);
        mprotect((void *)at, run, PROT_NONE);
    }
}

void linux_pages_unwatch(void *base, size_t size)
{
    uint64_t at = (uint64_t)base, end = at + size;
    struct arena *arena = arena_of(at);
    for (size_t run; arena && at < end; at += run) {
        uint32_t entry = entry_read(arena, at);
        run = entry_run(arena, at, end);
        if (!(entry & watched_bit))
            continue;
        mprotect((void *)at, run, native_protection(linux_page_protection((void *)at)));
        for (uint64_t page = at; page < at + run; page += LINUX_PAGE_SIZE)
            __atomic_fetch_and(entry_of(arena, page), ~watched_bit, __ATOMIC_ACQ_REL);
    }
}

void linux_watched_page_open(const void *address, bool open)
{
    uint64_t page = (uint64_t)address & ~(LINUX_PAGE_SIZE - 1);
    enum linux_protection protection = open ? linux_page_protection((void *)page) : LINUX_NO_ACCESS;
    if (linux_page_is_watched((void *)page))
        mprotect((void *)page, LINUX_PAGE_SIZE, native_protection(protection));
}

int linux_page_file(const void *address, int64_t *offset)
{
    uint64_t frame = linux_page_frame(address);
    struct arena *owner = frame ? arena_of_frame(frame) : NULL;
    if (!owner)
        return -1;
    *offset = file_offset(owner, (uint64_t)linux_frame_page(frame)) +
              (int64_t)((uint64_t)address % LINUX_PAGE_SIZE);
    return owner->file;
}

/* ---- address ranges ---- */
void *linux_pages_reserve(enum linux_arena which, void *wanted, size_t size, size_t alignment)
{
    pthread_once(&arenas_once, arenas_open);
    struct arena *arena = &arenas[which];
    uint64_t base = (uint64_t)wanted - LINUX_PAGE_SIZE, span = size + 2 * LINUX_PAGE_SIZE;
    if (!arena->pages || size == 0 || size > arena->end - arena->base)
        return NULL;
    pthread_mutex_lock(&arena_lock);
    bool taken = wanted ? ranges_take_at(&arena->free, base, span)
                        : ranges_take(&arena->free, span, alignment, LINUX_PAGE_SIZE, &base);
    pthread_mutex_unlock(&arena_lock);
    return taken ? (void *)(base + LINUX_PAGE_SIZE) : NULL;
}

static void give(struct arena *arena, uint64_t base, size_t size)
{
    pthread_mutex_lock(&arena_lock);
    ranges_give(&arena->free, base - LINUX_PAGE_SIZE, size + 2 * LINUX_PAGE_SIZE);
    pthread_mutex_unlock(&arena_lock);
}

static int map_file(uint64_t address, size_t size, const struct arena *owner, off_t offset,
                    enum linux_protection protection)
{
    void *mapped = mmap((void *)address, size, native_protection(protection),
                        MAP_SHARED | MAP_FIXED | MAP_NORESERVE, owner->file, offset);
    return mapped == MAP_FAILED ? -errno : 0;
}

int linux_pages_commit(void *base, size_t size, enum linux_protection protection)
{
    uint64_t address = (uint64_t)base;
    struct arena *arena = arena_of(address);
    if (!arena)
        return -EINVAL;
    int error = map_file(address, size, arena, file_offset(arena, address), protection);
    for (uint64_t at = 0; at < size && !error; at += LINUX_PAGE_SIZE)
        entry_write(arena, address + at, own_frame(arena, address + at), protection);
    return error;
}

/* How many of the frames from index on follow one another in one file. */
static size_t frame_run(const uint64_t *frames, size_t index, size_t count)
{
    const struct arena *owner = arena_of_frame(frames[index]);
    size_t run = 1;
    while (index + run < count && frames[index + run] == frames[index] + run &&
           arena_of_frame(frames[index + run]) == owner)
        run++;
    return run;
}

int linux_frames_map_at(void *base, const uint64_t *frames, size_t count,
                        enum linux_protection protection)
{
    uint64_t address = (uint64_t)base;
    struct arena *arena = arena_of(address);
    size_t run;
    for (size_t i = 0; i < count; i += run, address += run * LINUX_PAGE_SIZE) {
        struct arena *owner = arena_of_frame(frames[i]);
        run = frame_run(frames, i, count);
        uint64_t source = (uint64_t)linux_frame_page(frames[i]);
        int error = -EINVAL;
        if (arena && owner && source)
            error = map_file(address, run * LINUX_PAGE_SIZE, owner, file_offset(owner, source),
                             protection);
        if (error) {
            linux_pages_decommit(base, i * LINUX_PAGE_SIZE);
            return error;
        }
        for (size_t page = 0; page < run; page++)
            entry_write(arena, address + page * LINUX_PAGE_SIZE, frames[i] + page, protection);
    }
    return 0;
}

static void punch(struct arena *arena, uint64_t base, size_t size)
{
    (void)!fallocate(arena->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                     file_offset(arena, base), (off_t)size);
}

/* Forgets the pages; the contents of those that were the range's own are dropped. What lies between
 * those has no contents of its own: one hole from the first to the last is enough. */
static void forget(struct arena *arena, uint64_t base, size_t size)
{
    uint64_t first = 0, end = 0;
    for (uint64_t at = base; at < base + size; at += LINUX_PAGE_SIZE) {
        bool owned = (entry_read(arena, at) & frame_mask) == own_frame(arena, at);
        entry_write(arena, at, 0, LINUX_NO_ACCESS);
        if (owned && !end)
            first = at;
        if (owned)
            end = at + LINUX_PAGE_SIZE;
    }
    if (end)
        punch(arena, first, end - first);
}

void linux_pages_decommit(void *base, size_t size)
{
    struct arena *arena = arena_of((uint64_t)base);
    if (!arena || size == 0)
        return;
    mmap(base, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    forget(arena, (uint64_t)base, size);
}

/* Mappings at fixed addresses, for those who ask from a signal handler: base and end are written
 * under arena_lock and read without; end 0 is a free place. */
static struct fixed_mapping {
    uint64_t base, end;
} fixed_mappings[64];
enum { FIXED_COUNT = sizeof(fixed_mappings) / sizeof(fixed_mappings[0]) };

static bool fixed_add(uint64_t base, size_t size)
{
    bool added = false;
    pthread_mutex_lock(&arena_lock);
    for (size_t i = 0; i < FIXED_COUNT && !added; i++) {
        struct fixed_mapping *mapping = &fixed_mappings[i];
        if (mapping->end)
            continue;
        __atomic_store_n(&mapping->base, base, __ATOMIC_RELAXED);
        __atomic_store_n(&mapping->end, base + size, __ATOMIC_RELEASE);
        added = true;
    }
    pthread_mutex_unlock(&arena_lock);
    return added;
}

static void fixed_remove(uint64_t base)
{
    pthread_mutex_lock(&arena_lock);
    for (size_t i = 0; i < FIXED_COUNT; i++)
        if (fixed_mappings[i].base == base)
            __atomic_store_n(&fixed_mappings[i].end, 0, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&arena_lock);
}

bool linux_pages_are_fixed(uint64_t address)
{
    for (size_t i = 0; i < FIXED_COUNT; i++) {
        uint64_t end = __atomic_load_n(&fixed_mappings[i].end, __ATOMIC_ACQUIRE);
        if (end && address < end &&
            address >= __atomic_load_n(&fixed_mappings[i].base, __ATOMIC_RELAXED))
            return true;
    }
    return false;
}

void linux_pages_unmap(void *base, size_t size)
{
    struct arena *arena = arena_of((uint64_t)base);
    linux_shadow_allow(base, size);
    if (!arena) {
        fixed_remove((uint64_t)base);
        munmap(base, size);
        return;
    }
    linux_pages_decommit(base, size);
    give(arena, (uint64_t)base, size);
}

void *linux_pages_map(enum linux_arena which, size_t size, size_t alignment)
{
    void *base = linux_pages_reserve(which, NULL, size, alignment);
    if (base && linux_pages_commit(base, size, LINUX_READ_WRITE) != 0) {
        linux_pages_unmap(base, size);
        return NULL;
    }
    return base;
}

void *linux_pages_map_fixed(uint64_t address, size_t size)
{
    void *wanted = (void *)address;
    void *got = mmap(wanted, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (got == MAP_FAILED)
        return NULL;
    if (got != wanted || !fixed_add(address, size)) {
        munmap(got, size);
        return NULL;
    }
    return got;
}

int linux_pages_protect(void *base, size_t size, enum linux_protection protection)
{
    uint64_t address = (uint64_t)base;
    struct arena *arena = arena_of(address);
    if (mprotect(base, size, native_protection(protection)) != 0)
        return -errno;
    for (uint64_t at = address; arena && at < address + size; at += LINUX_PAGE_SIZE)
        entry_write(arena, at, entry_read(arena, at) & frame_mask, protection);
    return 0;
}

bool linux_page_guard(void *page)
{
    enum { GUARD_INSTALL = 102 }; /* MADV_..., not in every toolkit's headers */
    static uint32_t is_refused;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
    if (__atomic_load_n(&is_refused, __ATOMIC_RELAXED) ||
        mmap(page, LINUX_PAGE_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED)
        return false;
    if (madvise(page, LINUX_PAGE_SIZE, GUARD_INSTALL) == 0)
        return true;
    mprotect(page, LINUX_PAGE_SIZE, PROT_NONE);
    __atomic_store_n(&is_refused, 1, __ATOMIC_RELAXED);
    return false;
}

void linux_pages_discard(void *base, size_t size)
{
    struct arena *arena = arena_of((uint64_t)base);
    if (arena)
        punch(arena, (uint64_t)base, size);
    else
        madvise(base, size, MADV_DONTNEED);
}

void *linux_frames_map(enum linux_arena which, const uint64_t *frames, size_t count,
                       enum linux_protection protection)
{
    void *base = linux_pages_reserve(which, NULL, count * LINUX_PAGE_SIZE, LINUX_PAGE_SIZE);
    if (base && linux_frames_map_at(base, frames, count, protection) != 0) {
        linux_pages_unmap(base, count * LINUX_PAGE_SIZE);
        return NULL;
    }
    return base;
}
