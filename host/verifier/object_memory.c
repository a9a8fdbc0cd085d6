/* Objects on pages of their own, which stay without access for a while after the last reference. */
#include <sysbuf/host.h>

#include "host/ke/text.h"
#include "host/loader/loader.h"
#include "host/mm/mm.h"
#include "host/verifier/object_state.h"

/* The object ends at its page's end, as far as its alignment allows. */
void *verifier_object_allocate(SIZE_T size)
{
    struct verifier_objects *objects = verifier_objects();
    const SIZE_T alignment = 16;
    if (!objects || !verifier_checks(SB_VERIFY_OBJECTS))
        return NULL;
    SIZE_T rounded = (size + alignment - 1) & ~(alignment - 1);
    uint8_t *base = mm_pages_allocate(current_machine(), LINUX_ARENA_KERNEL, size, MM_REGION_POOL);
    if (!base)
        return NULL;
    uint8_t *header = base + (LINUX_PAGE_SIZE - rounded % LINUX_PAGE_SIZE) % LINUX_PAGE_SIZE;
    linux_lock(&objects->lock);
    BOOLEAN entered = verifier_table_set(&objects->pages, header, base);
    linux_unlock(&objects->lock);
    if (entered)
        return header;
    mm_pages_free(current_machine(), base);
    return NULL;
}

static void describe_type(struct freed_object *freed, const struct object_header *header)
{
    text_format(freed->type, sizeof(freed->type), "%wZ", &header->type->name);
}

/* The oldest of those that are kept makes room. */
BOOLEAN verifier_object_free(void *memory)
{
    struct verifier_objects *objects = verifier_objects();
    struct object_header *header = memory;
    struct machine *machine = header->machine;
    if (!objects)
        return FALSE;
    linux_lock(&objects->lock);
    verifier_object_forget(objects, header + 1);
    uint8_t *base = verifier_table_remove(&objects->pages, header);
    linux_unlock(&objects->lock);
    struct mm_region *region = base ? mm_region_find(machine, base) : NULL;
    if (!region)
        return FALSE;
    struct freed_object freed = {base, region->size, ""};
    describe_type(&freed, header);
    linux_pages_protect(base, region->size, LINUX_NO_ACCESS);
    linux_lock(&objects->lock);
    struct freed_object *place = &objects->freed[objects->freed_next++ % FREED_OBJECTS];
    struct freed_object oldest = *place;
    *place = freed;
    linux_unlock(&objects->lock);
    if (oldest.base)
        mm_pages_free(machine, oldest.base);
    return TRUE;
}

static BOOLEAN find_freed(uint64_t address, struct freed_object *found)
{
    struct verifier_objects *objects = verifier_objects();
    BOOLEAN known = FALSE;
    linux_lock(&objects->lock);
    for (ULONG i = 0; i < FREED_OBJECTS && !known; i++) {
        known = verifier_is_inside(address, objects->freed[i].base, objects->freed[i].size);
        if (known)
            *found = objects->freed[i];
    }
    linux_unlock(&objects->lock);
    return known;
}

void verifier_object_fault(const struct linux_fault *fault, const CONTEXT *context)
{
    struct freed_object freed;
    if (!verifier_objects() || !verifier_checks(SB_VERIFY_OBJECTS) ||
        !find_freed(fault->address, &freed))
        return;
    BOOLEAN is_driver = loader_find(current_machine(), context->Rip) != NULL;
    struct verifier_place place = {is_driver ? (void *)context->Rip : NULL, context, TRUE};
    verifier_report_at(RULE_OBJECT_USED_FREED, &place,
                       (ULONG_PTR[]){fault->address, fault->write, context->Rip},
                       "an object of type %s was used after its last reference was gone "
                       "(address 0x%llx)",
                       freed.type, fault->address);
}
