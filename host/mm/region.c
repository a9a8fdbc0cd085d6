/* Which whole-page mappings a machine owns. Lock: mm_state.lock. */
#include "host/mm/mm.h"
#include "host/mm/state.h"

NTSTATUS mm_initialize(struct machine *machine)
{
    struct mm_state *mm = linux_allocate(sizeof(*mm));
    if (!mm)
        return STATUS_INSUFFICIENT_RESOURCES;
    InitializeListHead(&mm->regions);
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
    return STATUS_SUCCESS;
}
SB_EXPORT_DATA("MmUserProbeAddress", user_probe_address)
SB_EXPORT_DATA("MmHighestUserAddress", highest_user_address)
SB_EXPORT_DATA("MmSystemRangeStart", system_range_start)

void mm_destroy(struct machine *machine)
{
    struct mm_state *mm = machine->mm;
    if (!mm)
        return;
    while (!IsListEmpty(&mm->regions)) {
        struct mm_region *region =
            CONTAINING_RECORD(RemoveHeadList(&mm->regions), struct mm_region, link);
        linux_pages_unmap(region->base, region->size);
        linux_free(region);
    }
    linux_free(mm);
    machine->mm = NULL;
}

struct mm_region *mm_region_add(struct machine *machine, void *base, SIZE_T size,
                                enum mm_region_kind kind)
{
    struct mm_region *region = linux_allocate(sizeof(*region));
    if (!region)
        return NULL;
    region->base = base;
    region->size = size;
    region->kind = kind;
    linux_lock(&machine->mm->lock);
    InsertHeadList(&machine->mm->regions, &region->link);
    machine->mm->mapped_bytes += size;
    linux_unlock(&machine->mm->lock);
    return region;
}

struct mm_region *mm_region_find(struct machine *machine, const void *address)
{
    struct mm_region *found = NULL;
    linux_lock(&machine->mm->lock);
    for (PLIST_ENTRY link = machine->mm->regions.Flink; link != &machine->mm->regions;
         link = link->Flink) {
        struct mm_region *region = CONTAINING_RECORD(link, struct mm_region, link);
        if ((uint64_t)address - (uint64_t)region->base < region->size) {
            found = region;
            break;
        }
    }
    linux_unlock(&machine->mm->lock);
    return found;
}

static bool exceeds_limit(struct machine *machine, SIZE_T size)
{
    return machine->memory_limit && machine->mm->mapped_bytes + size > machine->memory_limit;
}

void *mm_pages_allocate(struct machine *machine, enum linux_arena arena, SIZE_T size,
                        enum mm_region_kind kind)
{
    SIZE_T rounded = (size + LINUX_PAGE_SIZE - 1) & ~(LINUX_PAGE_SIZE - 1);
    if (size == 0 || rounded < size || exceeds_limit(machine, rounded))
        return NULL;
    void *base = linux_pages_map(arena, rounded, LINUX_PAGE_SIZE);
    if (base && !mm_region_add(machine, base, rounded, kind)) {
        linux_pages_unmap(base, rounded);
        return NULL;
    }
    return base;
}

void mm_pages_free(struct machine *machine, void *base)
{
    struct mm_region *region = mm_region_find(machine, base);
    if (!region)
        return;
    linux_lock(&machine->mm->lock);
    RemoveEntryList(&region->link);
    machine->mm->mapped_bytes -= region->size;
    linux_unlock(&machine->mm->lock);
    linux_pages_unmap(region->base, region->size);
    linux_free(region);
}
