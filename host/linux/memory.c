/*
 * The two arenas. Each is one reservation without access, backed by one memory file: the page at
 * arena base + n is the file's byte n, so that any page can be mapped a second time (an MDL's system
 * address, a view for the application). Lock: arena_lock, a leaf.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/linux/linux.h"
#include "host/linux/ranges.h"

struct alias {
    struct alias *next;
    uint64_t base, size, source;
};

struct arena {
    uint64_t base, end;
    int file;
    struct ranges free;
};

static pthread_once_t arenas_once = PTHREAD_ONCE_INIT;
static pthread_mutex_t arena_lock = PTHREAD_MUTEX_INITIALIZER;
static struct alias *aliases;
static struct arena arenas[] = {
    [LINUX_ARENA_USER] = {.base = LINUX_USER_BASE, .end = LINUX_USER_END, .file = -1},
    [LINUX_ARENA_KERNEL] = {.base = LINUX_KERNEL_BASE, .end = LINUX_KERNEL_END, .file = -1},
};

static void arena_open(struct arena *arena, const char *name)
{
    size_t size = arena->end - arena->base;
    void *wanted = (void *)arena->base;
    void *got = mmap(wanted, size, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (got != wanted) {
        if (got != MAP_FAILED)
            munmap(got, size);
        return;
    }
    arena->file = memfd_create(name, MFD_CLOEXEC);
    if (arena->file < 0 || ftruncate(arena->file, (off_t)size) != 0)
        return;
    ranges_give(&arena->free, arena->base, size);
}

static void arenas_open(void)
{
    arena_open(&arenas[LINUX_ARENA_USER], "sysbuf-user");
    arena_open(&arenas[LINUX_ARENA_KERNEL], "sysbuf-kernel");
}

static struct arena *arena_of(uint64_t address)
{
    for (size_t i = 0; i < sizeof(arenas) / sizeof(arenas[0]); i++)
        if (address >= arenas[i].base && address < arenas[i].end)
            return &arenas[i];
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

static uint64_t take(struct arena *arena, size_t size, size_t alignment)
{
    uint64_t base = 0;
    pthread_mutex_lock(&arena_lock);
    bool taken = ranges_take(&arena->free, size + 2 * LINUX_PAGE_SIZE, alignment, LINUX_PAGE_SIZE,
                             &base);
    pthread_mutex_unlock(&arena_lock);
    return taken ? base + LINUX_PAGE_SIZE : 0;
}

static void give(struct arena *arena, uint64_t base, size_t size)
{
    pthread_mutex_lock(&arena_lock);
    ranges_give(&arena->free, base - LINUX_PAGE_SIZE, size + 2 * LINUX_PAGE_SIZE);
    pthread_mutex_unlock(&arena_lock);
}

static void *map_file(struct arena *arena, size_t size, size_t alignment, int file, off_t offset,
                      int protection)
{
    uint64_t base = take(arena, size, alignment);
    if (!base)
        return NULL;
    if (offset < 0)
        offset = (off_t)(base - arena->base);
    void *mapped =
        mmap((void *)base, size, protection, MAP_SHARED | MAP_FIXED | MAP_NORESERVE, file, offset);
    if (mapped == MAP_FAILED) {
        give(arena, base, size);
        return NULL;
    }
    return mapped;
}

void *linux_pages_map(enum linux_arena which, size_t size, size_t alignment)
{
    pthread_once(&arenas_once, arenas_open);
    struct arena *arena = &arenas[which];
    if (size == 0 || size > arena->end - arena->base)
        return NULL;
    return map_file(arena, size, alignment, arena->file, -1, PROT_READ | PROT_WRITE);
}

void *linux_pages_map_fixed(uint64_t address, size_t size)
{
    void *wanted = (void *)address;
    void *got = mmap(wanted, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (got == MAP_FAILED)
        return NULL;
    if (got != wanted) {
        munmap(got, size);
        return NULL;
    }
    return got;
}

static void punch(struct arena *arena, uint64_t base, size_t size)
{
    (void)!fallocate(arena->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                     (off_t)(base - arena->base), (off_t)size);
}

/* True when base was an alias: then the pages belong to its source and keep their contents. */
static bool alias_forget(uint64_t base)
{
    bool found = false;
    pthread_mutex_lock(&arena_lock);
    for (struct alias **link = &aliases; *link; link = &(*link)->next) {
        if ((*link)->base != base)
            continue;
        struct alias *alias = *link;
        *link = alias->next;
        linux_free(alias);
        found = true;
        break;
    }
    pthread_mutex_unlock(&arena_lock);
    return found;
}

void linux_pages_unmap(void *pointer, size_t size)
{
    uint64_t base = (uint64_t)pointer;
    struct arena *arena = arena_of(base);
    if (!arena) {
        munmap(pointer, size);
        return;
    }
    mmap(pointer, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    if (!alias_forget(base))
        punch(arena, base, size);
    give(arena, base, size);
}

int linux_pages_protect(void *base, size_t size, enum linux_protection protection)
{
    return mprotect(base, size, native_protection(protection)) == 0 ? 0 : -errno;
}

void linux_pages_discard(void *base, size_t size)
{
    struct arena *arena = arena_of((uint64_t)base);
    if (arena)
        punch(arena, (uint64_t)base, size);
}

/* Where the pages mapped at address really live. */
static uint64_t source_of(uint64_t address)
{
    pthread_mutex_lock(&arena_lock);
    for (struct alias *alias = aliases; alias; alias = alias->next) {
        if (address >= alias->base && address - alias->base < alias->size) {
            address = alias->source + (address - alias->base);
            break;
        }
    }
    pthread_mutex_unlock(&arena_lock);
    return address;
}

void *linux_pages_alias(enum linux_arena which, const void *base, size_t size,
                        enum linux_protection protection)
{
    uint64_t source = source_of((uint64_t)base);
    struct arena *owner = arena_of(source);
    struct alias *alias = linux_allocate(sizeof(*alias));
    if (!owner || !alias)
        goto undo;
    void *mapped = map_file(&arenas[which], size, LINUX_PAGE_SIZE, owner->file,
                            (off_t)(source - owner->base), native_protection(protection));
    if (!mapped)
        goto undo;
    alias->base = (uint64_t)mapped;
    alias->size = size;
    alias->source = source;
    pthread_mutex_lock(&arena_lock);
    alias->next = aliases;
    aliases = alias;
    pthread_mutex_unlock(&arena_lock);
    return mapped;
undo:
    linux_free(alias);
    return NULL;
}
