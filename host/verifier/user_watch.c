#include "host/verifier/user_watch.h"

#include "host/mm/mm.h"

enum { LARGEST_WATCHED = 64 << 20, MOST_LOOKED_AT = 64 * 1024 };

struct verifier_process *verifier_process_of(struct _EPROCESS *process)
{
    struct verifier_memory *memory = verifier_memory();
    struct verifier_process *found = verifier_table_find(&memory->processes, process);
    if (found)
        return found;
    found = linux_allocate(sizeof(*found));
    if (found && !verifier_table_set(&memory->processes, process, found)) {
        linux_free(found);
        found = NULL;
    }
    return found;
}

/* The process' own memory that holds address. */
static BOOLEAN find_area(struct _EPROCESS *process, uint64_t address, struct verifier_range *area)
{
    if (address < LINUX_USER_BASE || address >= LINUX_USER_END)
        return FALSE;
    struct mm_region *region = mm_region_find(process->machine, (const void *)address);
    if (!region || region->kind != MM_REGION_USER || region->owner != process ||
        region->size > LARGEST_WATCHED)
        return FALSE;
    *area = (struct verifier_range){(uint64_t)region->base, (uint64_t)region->base + region->size};
    return TRUE;
}

static void watch(const struct verifier_range *area)
{
    linux_pages_watch((void *)area->start, area->end - area->start);
}

static void unwatch(const struct verifier_range *area)
{
    linux_pages_unwatch((void *)area->start, area->end - area->start);
}

/* memory->lock held. */
static void add_area(struct verifier_process *known, const struct verifier_range *area)
{
    for (ULONG i = 0; i < known->area_count; i++)
        if (known->areas[i].start == area->start && known->areas[i].end == area->end)
            return;
    if (known->area_count == known->area_capacity) {
        ULONG capacity = known->area_capacity ? known->area_capacity * 2 : 8;
        void *grown = linux_reallocate(known->areas, capacity * sizeof(*known->areas));
        if (!grown)
            return;
        known->areas = grown;
        known->area_capacity = capacity;
    }
    known->areas[known->area_count++] = *area;
    if (known->inside)
        watch(area);
}

/* A driver may use the memory at address from now on. */
static void expose(struct verifier_exchange *request, uint64_t address)
{
    struct verifier_memory *memory = verifier_memory();
    struct verifier_range area;
    if (!find_area(request->process, address, &area))
        return;
    linux_lock(&memory->lock);
    struct verifier_process *known = verifier_process_of(request->process);
    if (known)
        add_area(known, &area);
    linux_unlock(&memory->lock);
}

/* Addresses of user memory have 31 bits, so fields of four bytes are found too. */
void verifier_user_watch_contents(struct verifier_exchange *request, const void *bytes,
                                  SIZE_T length)
{
    const uint8_t *at = bytes;
    ULONG value;
    if (length > MOST_LOOKED_AT)
        length = MOST_LOOKED_AT;
    for (SIZE_T i = 0; i + sizeof(value) <= length; i++) {
        __builtin_memcpy(&value, at + i, sizeof(value));
        if (value >= LINUX_USER_BASE && value < LINUX_USER_END)
            expose(request, value);
    }
}

static void name_area(struct verifier_exchange *request, const void *base, ULONG length)
{
    if (!base || request->area_count == REQUEST_AREAS)
        return;
    uint64_t start = (uint64_t)base;
    request->areas[request->area_count++] =
        (struct verifier_range){start, start + (length ? length : 1)};
    expose(request, start);
}

/* Regions that are gone leave the list. memory->lock held. */
static void watch_all(struct _EPROCESS *process, struct verifier_process *known)
{
    struct verifier_range area;
    for (ULONG i = 0; i < known->area_count;) {
        if (find_area(process, known->areas[i].start, &area) &&
            area.start == known->areas[i].start && area.end == known->areas[i].end) {
            watch(&area);
            i++;
        } else {
            known->areas[i] = known->areas[--known->area_count];
        }
    }
}

void verifier_user_watch_begin(PIRP irp, struct verifier_exchange *request)
{
    struct verifier_memory *memory = verifier_memory();
    if (request->method == METHOD_IS_NEITHER) {
        name_area(request, request->input, request->input_length);
        name_area(request, request->output, request->output_length);
    } else if ((irp->Flags & IRP_BUFFERED_IO) && request->major != IRP_MJ_READ) {
        verifier_user_watch_contents(request, irp->AssociatedIrp.SystemBuffer,
                                     request->input_length);
    }
    linux_lock(&memory->lock);
    struct verifier_process *known = verifier_process_of(request->process);
    if (known && known->inside++ == 0)
        watch_all(request->process, known);
    linux_unlock(&memory->lock);
}

void verifier_user_watch_again(void)
{
    struct verifier_memory *memory = verifier_memory();
    struct _EPROCESS *process = current_thread()->Tcb.process;
    linux_lock(&memory->lock);
    struct verifier_process *known = verifier_table_find(&memory->processes, process);
    if (known && known->inside > 0)
        watch_all(process, known);
    linux_unlock(&memory->lock);
}

/* memory->lock held. */
static void unwatch_all(struct verifier_process *known)
{
    for (ULONG i = 0; i < known->area_count; i++)
        unwatch(&known->areas[i]);
}

void verifier_user_watch_end(struct _EPROCESS *process)
{
    struct verifier_memory *memory = verifier_memory();
    linux_lock(&memory->lock);
    struct verifier_process *known = verifier_table_find(&memory->processes, process);
    if (known && known->inside > 0 && --known->inside == 0)
        unwatch_all(known);
    linux_unlock(&memory->lock);
}

void verifier_user_watch_stop(void)
{
    struct verifier_memory *memory = verifier_memory();
    struct verifier_process *known;
    SIZE_T position = 0;
    if (!memory)
        return;
    linux_lock(&memory->lock);
    while ((known = verifier_table_next(&memory->processes, &position)) != NULL)
        unwatch_all(known);
    linux_unlock(&memory->lock);
}
