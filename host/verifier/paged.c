#include "host/verifier/paged.h"

#include <sysbuf/host.h>

#include "host/ke/ke.h"
#include "host/loader/loader.h"
#include "host/mm/mm.h"
#include "host/verifier/before.h"
#include "host/verifier/irql.h"
#include "host/verifier/pool_text.h"
#include "host/verifier/special_slab.h"

/* Each is opened and closed by a system call of its own. A driver with more is not watched whole.
 */
enum { MOST_AREAS = 256 };

struct area {
    uint8_t *start;
    SIZE_T size; /* whole pages */
    enum linux_protection protection;
    const struct special_block *block; /* NULL: a section of an image */
};

struct verifier_paged {
    struct linux_lock lock; /* a leaf; once the machine has stopped threads run freely */
    BOOLEAN is_closed;
    ULONG count;
    struct area areas[MOST_AREAS];
};

static struct verifier_paged *paged(void)
{
    return verifier_state()->paged;
}

/* The machine's, made when first needed; NULL: nothing is watched. */
static struct verifier_paged *make(const struct machine *machine)
{
    struct verifier_state *state = machine->verifier_state;
    if (!machine->scheduler || !(state->classes & SB_VERIFY_IRQL))
        return NULL;
    if (!state->paged)
        state->paged = linux_allocate(sizeof(*state->paged));
    return state->paged;
}

static void add(struct verifier_paged *paged, const struct area *area)
{
    if (!paged)
        return;
    linux_lock(&paged->lock);
    if (paged->count < MOST_AREAS)
        paged->areas[paged->count++] = *area;
    linux_unlock(&paged->lock);
}

/* ---- opening and closing; the lock is held ---- */
static void open_area(const struct area *area)
{
    linux_pages_protect(area->start, area->size, area->protection);
}

static void open_all(struct verifier_paged *paged)
{
    for (ULONG i = 0; paged->is_closed && i < paged->count; i++)
        open_area(&paged->areas[i]);
    paged->is_closed = FALSE;
}

static void close_all(struct verifier_paged *paged)
{
    for (ULONG i = 0; i < paged->count; i++)
        linux_pages_protect(paged->areas[i].start, paged->areas[i].size, LINUX_NO_ACCESS);
    paged->is_closed = TRUE;
}

/* The first area that has a byte of the range; NULL: none has. */
static struct area *find(struct verifier_paged *paged, const void *start, SIZE_T size)
{
    const uint8_t *from = start, *to = from + size;
    for (ULONG i = 0; i < paged->count; i++)
        if (paged->areas[i].start < to && from < paged->areas[i].start + paged->areas[i].size)
            return &paged->areas[i];
    return NULL;
}

static void drop(struct verifier_paged *paged, struct area *area)
{
    if (paged->is_closed)
        open_area(area);
    *area = paged->areas[--paged->count];
}

void verifier_paged_forget(const void *start, SIZE_T size)
{
    struct verifier_paged *own = paged();
    struct area *area;
    if (!own)
        return;
    linux_lock(&own->lock);
    while ((area = find(own, start, size)) != NULL)
        drop(own, area);
    linux_unlock(&own->lock);
}

void verifier_paged_follow(void)
{
    struct verifier_paged *own = paged();
    if (!own || own->count == 0 || !machine_is_running(current_machine()))
        return;
    BOOLEAN must_close = KeGetCurrentIrql() >= DISPATCH_LEVEL;
    if (must_close == own->is_closed)
        return;
    linux_lock(&own->lock);
    if (must_close)
        close_all(own);
    else
        open_all(own);
    linux_unlock(&own->lock);
}

/* ---- what is paged ---- */
void verifier_paged_pool(const struct special_block *block)
{
    if (block->pool_type & PagedPool)
        add(make(current_machine()),
            &(struct area){block->slot, special_slot_size(block), LINUX_READ_WRITE, block});
}

void verifier_paged_pool_gone(const struct special_block *block)
{
    if (block->pool_type & PagedPool)
        verifier_paged_forget(block->slot, special_slot_size(block));
}

static BOOLEAN is_pageable(const struct pe_section *section)
{
    enum { NOT_PAGED = 0x08000000, DISCARDABLE = 0x02000000 };
    return __builtin_memcmp(section->name, "PAGE", 4) == 0 && section->virtual_size != 0 &&
           !(section->characteristics & (NOT_PAGED | DISCARDABLE));
}

void verifier_paged_image(struct loaded_image *image)
{
    struct verifier_paged *own = make(image->machine);
    for (uint32_t i = 0; own && !pe_is_packed(&image->pe) && i < image->pe.section_count; i++) {
        const struct pe_section *section = &image->pe.sections[i];
        if (!is_pageable(section))
            continue;
        add(own,
            &(struct area){image->base + section->address, image_page_round(section->virtual_size),
                           image_protection_of(section->characteristics), NULL});
    }
}

BOOLEAN paged_section_locked(struct verifier_call *call)
{
    const struct loaded_image *image = loader_find(current_machine(), call->arguments[0]);
    if (image) /* which of its sections does not matter: in doubt nothing is said */
        verifier_paged_forget(image->base, image->size);
    return TRUE;
}

/* ---- the access ---- */
static BOOLEAN is_drivers(const struct linux_fault *fault, const CONTEXT *context)
{
    return loader_find(current_machine(), context->Rip) ||
           verifier_first_frame(context, !fault->execute) != 0;
}

static void report(const struct linux_fault *fault, const CONTEXT *context, const struct area *area)
{
    struct verifier_place place = {.context = context, .is_exact = TRUE};
    KIRQL irql = KeGetCurrentIrql();
    ULONG_PTR parameters[3] = {irql, fault->write, context->Rip};
    const char *access = fault->execute ? "executed" : fault->write ? "written" : "read";
    char name[LOADER_NAME_SIZE], notes[POOL_NOTES_SIZE];
    uint64_t offset;

    verifier_note_told(context->Rip);
    if (area->block) {
        pool_notes(area->block, notes);
        place.notes = notes;
        verifier_report_at(RULE_PAGED_POOL_IRQL, &place, parameters,
                           "%s, paged pool, was %s at IRQL %u (at most APC_LEVEL)",
                           pool_block(area->block).text, access, irql);
        return;
    }
    loader_describe_address(current_machine(), fault->address, name, sizeof(name), &offset);
    verifier_report_at(RULE_PAGED_SECTION_IRQL, &place, parameters,
                       "%s+0x%I64x, in a pageable section, was %s at IRQL %u (at most APC_LEVEL)",
                       name, offset, access, irql);
}

/* Once is enough for each: what was told of stays open. */
BOOLEAN verifier_paged_fault(const struct linux_fault *fault, const CONTEXT *context)
{
    struct verifier_paged *own = paged();
    struct area found = {0};
    if (!own || !own->is_closed)
        return FALSE;
    linux_lock(&own->lock);
    struct area *area = find(own, (const void *)fault->address, 1);
    BOOLEAN is_mine = area != NULL && own->is_closed;
    if (is_mine) {
        found = *area;
        open_all(own);
    }
    linux_unlock(&own->lock);
    if (!is_mine || KeGetCurrentIrql() < DISPATCH_LEVEL || !is_drivers(fault, context))
        return is_mine;
    verifier_paged_forget(found.start, found.size);
    report(fault, context, &found);
    return TRUE;
}

void verifier_paged_destroy(struct verifier_state *state)
{
    linux_free(state->paged);
    state->paged = NULL;
}
