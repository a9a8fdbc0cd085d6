#include <sysbuf/host.h>

#include "host/loader/coverage.h"
#include "host/loader/loader.h"

enum { PAGE = 0x1000, BREAKPOINT = 0xCC };

/* Linked for good once started, so that the signal handler may read it at any time; what is freed
 * with the image is not read by a driver that no longer runs. */
struct image_coverage {
    struct image_coverage *next; /* loader_state.coverages */
    struct loaded_image *image;
    struct sb_coverage *coverage; /* NULL: stopped */
    uint8_t *originals;           /* a byte for each block; host heap */
    uint8_t *writable;            /* the image's pages once more */
};

static const struct pe_section *section_of(const struct loaded_image *image, uint32_t address)
{
    for (uint32_t i = 0; i < image->pe.section_count; i++) {
        const struct pe_section *section = &image->pe.sections[i];
        if (address - section->address < section->virtual_size)
            return section;
    }
    return NULL;
}

static NTSTATUS check(const struct loaded_image *image, const struct sb_coverage *coverage)
{
    for (uint32_t i = 0; i < coverage->count; i++) {
        uint32_t address = coverage->addresses[i];
        const struct pe_section *section = section_of(image, address);
        if ((i && address <= coverage->addresses[i - 1]) || address >= image->size || !section ||
            !(section->characteristics & PE_SECTION_EXECUTE))
            return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

/* Pages without a frame are discarded ones or gaps: the second mapping gets any frame there. */
static uint8_t *map_writable(struct loaded_image *image)
{
    SIZE_T count = image->size / PAGE;
    if (image->is_fixed) { /* it has no frames that could be mapped twice */
        for (uint32_t i = 0; i < image->pe.section_count; i++) {
            const struct pe_section *section = &image->pe.sections[i];
            if (section->virtual_size && (section->characteristics & PE_SECTION_EXECUTE) &&
                !(section->characteristics & PE_SECTION_DISCARDABLE))
                linux_pages_protect(image->base + section->address,
                                    (section->virtual_size + PAGE - 1) & ~(PAGE - 1ull),
                                    LINUX_READ_WRITE_EXECUTE);
        }
        return image->base;
    }
    uint64_t *frames = linux_allocate(count * sizeof(*frames));
    if (!frames)
        return NULL;
    for (SIZE_T i = 0; i < count; i++)
        frames[i] = linux_page_frame(image->base + i * PAGE);
    uint8_t *mapped = linux_frames_map(LINUX_ARENA_KERNEL, frames, count, LINUX_READ_WRITE);
    linux_free(frames);
    return mapped;
}

/* Left out: what has run, what the driver gave a breakpoint itself, and what is gone since
 * DriverEntry returned. */
static BOOLEAN is_wanted(const struct image_coverage *self, uint32_t index)
{
    const struct loaded_image *image = self->image;
    uint32_t address = self->coverage->addresses[index];
    const struct pe_section *section = section_of(image, address);
    BOOLEAN is_gone =
        (section->characteristics & PE_SECTION_DISCARDABLE) && !pe_is_packed(&image->pe);
    return !self->coverage->seen[index] && !is_gone && self->originals[index] != BREAKPOINT;
}

static void put(const struct image_coverage *self, uint32_t index, uint8_t byte)
{
    __atomic_store_n(self->writable + self->coverage->addresses[index], byte, __ATOMIC_SEQ_CST);
}

static void plant(struct image_coverage *self)
{
    for (uint32_t i = 0; i < self->coverage->count; i++) {
        self->originals[i] = self->writable[self->coverage->addresses[i]];
        if (is_wanted(self, i))
            put(self, i, BREAKPOINT);
    }
}

static struct image_coverage *create(struct loaded_image *image, uint32_t count)
{
    struct image_coverage *self = linux_allocate(sizeof(*self));
    if (!self)
        return NULL;
    self->image = image;
    self->originals = linux_allocate(count ? count : 1);
    self->writable = self->originals ? map_writable(image) : NULL;
    if (self->writable)
        return self;
    linux_free(self->originals);
    linux_free(self);
    return NULL;
}

static NTSTATUS start(struct loaded_image *image, struct sb_coverage *coverage)
{
    struct loader_state *loader = image->machine->loader;
    NTSTATUS status = check(image, coverage);
    if (!NT_SUCCESS(status))
        return status;
    if (image->coverage)
        return STATUS_ALREADY_REGISTERED;
    struct image_coverage *self = create(image, coverage->count);
    if (!self)
        return STATUS_INSUFFICIENT_RESOURCES;
    self->coverage = coverage;
    self->next = loader->coverages;
    image->coverage = self;
    __atomic_store_n(&loader->coverages, self, __ATOMIC_RELEASE);
    plant(self);
    return STATUS_SUCCESS;
}

NTSTATUS image_coverage_start(struct loaded_image *image, struct sb_coverage *coverage)
{
    linux_lock(&image->machine->loader->load_lock);
    NTSTATUS status = start(image, coverage);
    linux_unlock(&image->machine->loader->load_lock);
    return status;
}

void image_coverage_again(struct loaded_image *image)
{
    struct image_coverage *self = image->coverage;
    if (!self || !self->coverage)
        return;
    struct sb_coverage *coverage = self->coverage;
    for (uint32_t i = 0; i < coverage->order_count; i++) {
        uint32_t index = coverage->order[i];
        coverage->seen[index] = 0;
        put(self, index, BREAKPOINT);
    }
    coverage->order_count = 0;
}

/* A thread that hit a breakpoint just before it went finds the instruction whole again; see
 * coverage_take_breakpoint. */
void image_coverage_stop(struct loaded_image *image)
{
    struct image_coverage *self = image->coverage;
    if (!self || !self->coverage)
        return;
    for (uint32_t i = 0; i < self->coverage->count; i++)
        if (self->writable[self->coverage->addresses[i]] == BREAKPOINT)
            put(self, i, self->originals[i]);
    __atomic_store_n(&self->coverage, NULL, __ATOMIC_RELEASE);
}

void image_coverage_free(struct loaded_image *image)
{
    struct image_coverage *self = image->coverage;
    if (!self)
        return;
    struct image_coverage **link = &image->machine->loader->coverages;
    while (*link != self)
        link = &(*link)->next;
    __atomic_store_n(link, self->next, __ATOMIC_RELEASE);
    if (self->writable != image->base)
        linux_pages_unmap(self->writable, image->size);
    linux_free(self->originals);
    linux_free(self);
    image->coverage = NULL;
}

/* ---- in the signal handler ---- */
static BOOLEAN find_block(const struct sb_coverage *coverage, uint32_t address, uint32_t *index)
{
    uint32_t low = 0, high = coverage->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (coverage->addresses[middle] < address)
            low = middle + 1;
        else
            high = middle;
    }
    *index = low;
    return low < coverage->count && coverage->addresses[low] == address;
}

static void note(struct sb_coverage *coverage, uint32_t index)
{
    if (__atomic_exchange_n(&coverage->seen[index], 1, __ATOMIC_RELAXED))
        return;
    uint32_t at = __atomic_fetch_add(&coverage->order_count, 1, __ATOMIC_RELAXED);
    __atomic_store_n(&coverage->order[at], index, __ATOMIC_RELEASE);
}

/* TRUE when the breakpoint at address is not the driver's. */
static BOOLEAN take(struct image_coverage *self, uint64_t address)
{
    struct sb_coverage *coverage = __atomic_load_n(&self->coverage, __ATOMIC_ACQUIRE);
    uint64_t offset = address - (uint64_t)self->image->base;
    uint32_t index;
    if (offset >= self->image->size)
        return FALSE;
    if (coverage && find_block(coverage, (uint32_t)offset, &index) &&
        self->originals[index] != BREAKPOINT) {
        note(coverage, index);
        put(self, index, self->originals[index]);
        return TRUE;
    }
    /* Another thread took it away between the trap and now. */
    return *(volatile uint8_t *)(self->writable + offset) != BREAKPOINT;
}

BOOLEAN coverage_take_breakpoint(struct machine *machine, struct linux_fault *fault)
{
    uint64_t address = fault->registers.rip - 1;
    struct image_coverage *self = __atomic_load_n(&machine->loader->coverages, __ATOMIC_ACQUIRE);
    for (; self; self = self->next) {
        if (!take(self, address))
            continue;
        fault->registers.rip = address;
        return TRUE;
    }
    return FALSE;
}

/* ---- for unwinding ---- */
static void restore(const struct image_coverage *self, uint64_t address, uint8_t *bytes,
                    size_t length)
{
    const struct sb_coverage *coverage = __atomic_load_n(&self->coverage, __ATOMIC_ACQUIRE);
    uint64_t offset = address - (uint64_t)self->image->base;
    uint32_t index;
    if (!coverage || offset >= self->image->size)
        return;
    find_block(coverage, (uint32_t)offset, &index);
    for (; index < coverage->count && coverage->addresses[index] - offset < length; index++)
        if (!coverage->seen[index])
            bytes[coverage->addresses[index] - offset] = self->originals[index];
}

void coverage_restore_code(uint64_t address, uint8_t *bytes, size_t length)
{
    const struct image_coverage *self =
        __atomic_load_n(&current_machine()->loader->coverages, __ATOMIC_ACQUIRE);
    for (; self; self = self->next)
        restore(self, address, bytes, length);
}
