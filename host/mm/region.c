/*
 * Which address ranges a machine owns: a sorted array, so that any address is found quickly. Lock:
 * mm_state.lock.
 */
#include "host/mm/section.h"
#include "host/mm/state.h"

NTSTATUS mm_initialize(struct machine *machine)
{
    struct mm_state *mm = linux_allocate(sizeof(*mm));
    if (!mm)
        return STATUS_INSUFFICIENT_RESOURCES;
    machine->mm = mm;
    machine->data_exports = mm_pages_allocate(machine, LINUX_ARENA_KERNEL,
                                              sizeof(*machine->data_exports), MM_REGION_SYSTEM);
    if (!machine->data_exports) {
        linux_free(mm);
        machine->mm = NULL;
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    machine->data_exports->user_probe_address = LINUX_USER_END;
    machine->data_exports->highest_user_address = (void *)(LINUX_USER_END - 1);
    machine->data_exports->system_range_start = (void *)LINUX_SYSTEM_START;
    machine->data_exports->section_object_type = &mm_section_type;
    return STATUS_SUCCESS;
}
SB_EXPORT_DATA("MmUserProbeAddress", user_probe_address)
SB_EXPORT_DATA("MmHighestUserAddress", highest_user_address)
SB_EXPORT_DATA("MmSystemRangeStart", system_range_start)
SB_EXPORT_DATA("MmSectionObjectType", section_object_type)

static void region_free(struct mm_region *region)
{
    if (!region->is_lent)
        linux_pages_unmap(region->base, region->size);
    linux_free(region->pages);
    linux_free(region);
}

void mm_destroy(struct machine *machine)
{
    struct mm_state *mm = machine->mm;
    if (!mm)
        return;
    /* Aliases first: what they show belongs to other regions. */
    for (SIZE_T i = 0; i < mm->region_count; i++)
        if (linux_page_frame(mm->regions[i]->base) &&
            linux_frame_page(linux_page_frame(mm->regions[i]->base)) != mm->regions[i]->base)
            linux_pages_decommit(mm->regions[i]->base, mm->regions[i]->size);
    for (SIZE_T i = 0; i < mm->region_count; i++)
        region_free(mm->regions[i]);
    linux_free(mm->regions);
    linux_free(mm);
    machine->mm = NULL;
}

BOOLEAN mm_charge(struct machine *machine, SIZE_T size)
{
    SIZE_T total = __atomic_add_fetch(&machine->mm->mapped_bytes, size, __ATOMIC_RELAXED);
    if (!machine->memory_limit || (total <= machine->memory_limit && total >= size))
        return TRUE;
    mm_uncharge(machine, size);
    return FALSE;
}

void mm_uncharge(struct machine *machine, SIZE_T size)
{
    __atomic_sub_fetch(&machine->mm->mapped_bytes, size, __ATOMIC_RELAXED);
}

/* The index of the first region that ends above address. Lock held. */
static SIZE_T index_of(const struct mm_state *mm, const void *address)
{
    SIZE_T low = 0, high = mm->region_count;
    while (low < high) {
        SIZE_T middle = (low + high) / 2;
        const struct mm_region *region = mm->regions[middle];
        if (region->base + region->size <= (const uint8_t *)address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct mm_region *find_locked(const struct mm_state *mm, const void *address)
{
    SIZE_T index = index_of(mm, address);
    if (index == mm->region_count || mm->regions[index]->base > (const uint8_t *)address)
        return NULL;
    return mm->regions[index];
}

static void move(struct mm_region **to, struct mm_region **from, SIZE_T count)
{
    __builtin_memmove(to, from, count * sizeof(*to));
}

static BOOLEAN insert(struct mm_state *mm, struct mm_region *region)
{
    if (mm->region_count == mm->region_capacity) {
        SIZE_T capacity = mm->region_capacity ? mm->region_capacity * 2 : 64;
        void *grown = linux_reallocate(mm->regions, capacity * sizeof(*mm->regions));
        if (!grown)
            return FALSE;
        mm->regions = grown;
        mm->region_capacity = capacity;
    }
    SIZE_T index = index_of(mm, region->base);
    move(&mm->regions[index + 1], &mm->regions[index], mm->region_count - index);
    mm->regions[index] = region;
    mm->region_count++;
    return TRUE;
}

static void erase(struct mm_state *mm, struct mm_region *region)
{
    SIZE_T index = index_of(mm, region->base);
    mm->region_count--;
    move(&mm->regions[index], &mm->regions[index + 1], mm->region_count - index);
}

struct mm_region *mm_region_add(struct machine *machine, void *base, SIZE_T size, SIZE_T charge,
                                enum mm_region_kind kind)
{
    struct mm_region *region = linux_allocate(sizeof(*region));
    if (!region)
        return NULL;
    region->base = base;
    region->size = size;
    region->charged = charge;
    region->kind = kind;
    linux_lock(&machine->mm->lock);
    BOOLEAN inserted = insert(machine->mm, region);
    linux_unlock(&machine->mm->lock);
    if (inserted)
        return region;
    linux_free(region);
    return NULL;
}

struct mm_region *mm_region_find(struct machine *machine, const void *address)
{
    linux_lock(&machine->mm->lock);
    struct mm_region *region = find_locked(machine->mm, address);
    if (region && region->is_freed)
        region = NULL;
    linux_unlock(&machine->mm->lock);
    return region;
}

struct mm_region *mm_region_of_process(struct machine *machine, const void *process)
{
    struct mm_region *found = NULL;
    linux_lock(&machine->mm->lock);
    for (SIZE_T i = 0; i < machine->mm->region_count && !found; i++) {
        struct mm_region *region = machine->mm->regions[i];
        if (region->owner == process && !region->is_freed)
            found = region;
    }
    linux_unlock(&machine->mm->lock);
    return found;
}

struct mm_region *mm_region_of_section(struct machine *machine, const void *section,
                                       const void *after)
{
    struct mm_region *found = NULL;
    linux_lock(&machine->mm->lock);
    for (SIZE_T i = 0; i < machine->mm->region_count && !found; i++) {
        struct mm_region *region = machine->mm->regions[i];
        if (region->section == section && (const void *)region->base > after)
            found = region;
    }
    linux_unlock(&machine->mm->lock);
    return found;
}

void *mm_pages_allocate(struct machine *machine, enum linux_arena arena, SIZE_T size,
                        enum mm_region_kind kind)
{
    SIZE_T rounded = (size + LINUX_PAGE_SIZE - 1) & ~(LINUX_PAGE_SIZE - 1);
    if (size == 0 || rounded < size || !mm_charge(machine, rounded))
        return NULL;
    void *base = linux_pages_map(arena, rounded, LINUX_PAGE_SIZE);
    if (base && !mm_region_add(machine, base, rounded, rounded, kind)) {
        linux_pages_unmap(base, rounded);
        base = NULL;
    }
    if (!base)
        mm_uncharge(machine, rounded);
    return base;
}

void mm_pages_free(struct machine *machine, void *base)
{
    linux_lock(&machine->mm->lock);
    struct mm_region *region = find_locked(machine->mm, base);
    if (!region || region->base != base || region->is_freed) {
        linux_unlock(&machine->mm->lock);
        return;
    }
    region->is_freed = region->pins != 0;
    if (region->is_freed) {
        region->owner = NULL;
        linux_pages_protect(region->base, region->size, LINUX_NO_ACCESS);
        region = NULL;
    } else {
        erase(machine->mm, region);
    }
    linux_unlock(&machine->mm->lock);
    if (!region)
        return;
    mm_uncharge(machine, region->charged);
    region_free(region);
}

/* How many of the frames follow one another, at most as many as there are pages from address to the
 * region's end. */
static SIZE_T run_length(const struct mm_region *region, const uint8_t *address,
                         const PFN_NUMBER *frames, SIZE_T count)
{
    SIZE_T left = (SIZE_T)(region->base + region->size - address) / LINUX_PAGE_SIZE, run = 1;
    while (run < count && run < left && frames[run] == frames[0] + run)
        run++;
    return run;
}

/* Adds change to the pins of the region that owns the first frame, for each frame from that on that
 * it owns as well, and returns how many; 0 when there is no such region, or none in that state.
 * Lock held. Frames of no arena belong to nobody and need no pin. */
static SIZE_T pin_run(struct machine *machine, const PFN_NUMBER *frames, SIZE_T count, LONG change)
{
    void *address;
    if (mm_frame_is_direct(frames[0], &address))
        return 1;
    address = linux_frame_page(frames[0]);
    struct mm_region *region = address ? find_locked(machine->mm, address) : NULL;
    if (!region || (change > 0 && region->is_freed))
        return 0;
    SIZE_T run = run_length(region, address, frames, count);
    if (region->pins + change * (LONG64)run < 0)
        return 0;
    region->pins += change * (LONG64)run;
    if (region->pins || !region->is_freed)
        return run;
    erase(machine->mm, region);
    mm_uncharge(machine, region->charged);
    region_free(region);
    return run;
}

static BOOLEAN pin_all(struct machine *machine, const PFN_NUMBER *frames, SIZE_T count, LONG change)
{
    SIZE_T done = 0, run = 1;
    linux_lock(&machine->mm->lock);
    while (done < count && (run = pin_run(machine, frames + done, count - done, change)) != 0)
        done += run;
    for (SIZE_T undone = 0; done < count && undone < done; undone += run)
        run = pin_run(machine, frames + undone, done - undone, -change);
    linux_unlock(&machine->mm->lock);
    return done == count;
}

BOOLEAN mm_frames_pin(struct machine *machine, const PFN_NUMBER *frames, SIZE_T count)
{
    return pin_all(machine, frames, count, 1);
}

BOOLEAN mm_frames_unpin(struct machine *machine, const PFN_NUMBER *frames, SIZE_T count)
{
    return pin_all(machine, frames, count, -1);
}
