#include "host/verifier/mdl_track.h"

#include "host/ke/thread.h"
#include "host/loader/loader.h"
#include "host/mm/mdl.h"
#include "host/verifier/mdl.h"

struct mdl_record {
    PMDL mdl;
    BOOLEAN is_of_irp;
    void *allocated_by, *locked_by; /* in a driver; NULL: not so, or not by a driver */
    struct _EPROCESS *process;      /* whose pages are locked */
};

/* memory->lock held. */
static struct mdl_record *record_of(struct verifier_memory *memory, PMDL mdl)
{
    struct mdl_record *record = verifier_table_find(&memory->mdls, mdl);
    if (record || !(record = linux_allocate(sizeof(*record))))
        return record;
    record->mdl = mdl;
    if (verifier_table_set(&memory->mdls, mdl, record))
        return record;
    linux_free(record);
    return NULL;
}

static void forget(struct verifier_memory *memory, PMDL mdl)
{
    linux_free(verifier_table_remove(&memory->mdls, mdl));
}

void verifier_mdl_track(PMDL mdl, ULONG change, BOOLEAN is_driver, void *caller)
{
    struct verifier_memory *memory = verifier_memory();
    struct _EPROCESS *process = mdl->Process ? (struct _EPROCESS *)mdl->Process : NULL;
    linux_lock(&memory->lock);
    struct mdl_record *record = NULL;
    if (change == MM_MDL_ALLOCATED || change == MM_MDL_FREEING)
        forget(memory, mdl);
    if ((change == MM_MDL_ALLOCATED && is_driver) || change == MM_MDL_OF_IRP ||
        change == MM_MDL_LOCKED)
        record = record_of(memory, mdl);
    if (record && change == MM_MDL_ALLOCATED) {
        record->allocated_by = caller;
    } else if (record && change == MM_MDL_OF_IRP) {
        record->is_of_irp = TRUE;
    } else if (record) {
        record->locked_by = is_driver ? caller : NULL;
        record->process = process;
    }
    if (change == MM_MDL_UNLOCKED && (record = verifier_table_find(&memory->mdls, mdl)) != NULL) {
        record->locked_by = NULL;
        if (!record->is_of_irp && !record->allocated_by)
            forget(memory, mdl);
    }
    linux_unlock(&memory->lock);
}

BOOLEAN verifier_mdl_is_of_irp(PMDL mdl)
{
    struct verifier_memory *memory = verifier_memory();
    linux_lock(&memory->lock);
    struct mdl_record *record = verifier_table_find(&memory->mdls, mdl);
    BOOLEAN is_of_irp = record && record->is_of_irp;
    linux_unlock(&memory->lock);
    return is_of_irp;
}

static BOOLEAN is_inside(const void *address, const uint8_t *base, SIZE_T size)
{
    return (const uint8_t *)address >= base && (const uint8_t *)address < base + size;
}

/* Takes out the next record that is left: locked in the process, or of the image. */
static BOOLEAN take_left(struct _EPROCESS *process, const uint8_t *base, SIZE_T size,
                         struct mdl_record *left)
{
    struct verifier_memory *memory = verifier_memory();
    struct mdl_record *record;
    SIZE_T position = 0;
    BOOLEAN found = FALSE;
    linux_lock(&memory->lock);
    while (!found && (record = verifier_table_next(&memory->mdls, &position)) != NULL) {
        found = process ? record->locked_by && record->process == process
                        : is_inside(record->allocated_by, base, size) ||
                              is_inside(record->locked_by, base, size);
        if (!found)
            continue;
        *left = *record;
        if (process)
            record->locked_by = NULL;
        else
            forget(memory, record->mdl);
    }
    linux_unlock(&memory->lock);
    return found;
}

void verifier_mdl_unload(const uint8_t *base, SIZE_T size)
{
    struct mdl_record left;
    while (take_left(NULL, base, size, &left))
        verifier_report(RULE_MDL_LEAKED, left.allocated_by ? left.allocated_by : left.locked_by,
                        (ULONG_PTR[]){(ULONG_PTR)left.mdl, 0, 0},
                        "the driver was unloaded and left an MDL that it %s here",
                        left.allocated_by ? "allocated" : "locked");
}

void verifier_mdl_process_exit(struct _EPROCESS *process)
{
    struct mdl_record left;
    while (take_left(process, NULL, 0, &left))
        verifier_report(RULE_MDL_LOCKED_AT_EXIT, left.locked_by,
                        (ULONG_PTR[]){(ULONG_PTR)left.locked_by, 0, (ULONG_PTR)left.mdl},
                        "a process ended while pages of it were locked that the driver locked "
                        "here");
}

void verifier_mdl_destroy(struct verifier_memory *memory)
{
    struct mdl_record *record;
    SIZE_T position = 0;
    while ((record = verifier_table_next(&memory->mdls, &position)) != NULL)
        linux_free(record);
    verifier_table_destroy(&memory->mdls);
}
