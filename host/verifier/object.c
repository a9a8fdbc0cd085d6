/*
 * References. An object has a reference for each of its handles and one for its name; a driver that
 * takes one of those away gives up what it never had. What a driver took by a routine and did not
 * give up is counted with the place, for the day it is unloaded.
 */
#include <sysbuf/host.h>

#include "host/ex/event_object.h"
#include "host/io/io.h"
#include "host/loader/loader.h"
#include "host/ps/ps.h"
#include "host/verifier/object_state.h"

static BOOLEAN is_driver(void *caller)
{
    return verifier_objects() && verifier_checks(SB_VERIFY_OBJECTS) &&
           loader_find(current_machine(), (uint64_t)caller) != NULL;
}

static struct object_record *record_of(struct verifier_objects *objects, void *object)
{
    struct object_record *record = verifier_table_find(&objects->objects, object);
    if (record || !(record = linux_allocate(sizeof(*record))))
        return record;
    record->object = object;
    if (verifier_table_set(&objects->objects, object, record))
        return record;
    linux_free(record);
    return NULL;
}

static void report_dead(void *object, LONG_PTR change, void *caller)
{
    verifier_report(RULE_OBJECT_DEREFERENCED, caller, (ULONG_PTR[]){(ULONG_PTR)object, change, 0},
                    "the object at 0x%llx was %s although no reference to it was left", object,
                    change > 0 ? "referenced" : "dereferenced");
}

void verifier_object_referenced(void *object, BOOLEAN was_dead, void *caller)
{
    struct verifier_objects *objects = verifier_objects();
    if (!is_driver(caller))
        return;
    if (was_dead) {
        report_dead(object, 1, caller);
        return;
    }
    linux_lock(&objects->lock);
    struct object_record *record = record_of(objects, object);
    if (record) {
        if (record->count < OBJECT_HOLDERS)
            record->holders[record->count] = caller;
        record->count++;
    }
    linux_unlock(&objects->lock);
}

/* Types that drivers get references to by routines that are counted, and by no others. */
static BOOLEAN is_counted(POBJECT_TYPE type)
{
    return type == &ex_event_type || type == &io_file_type || type == &ps_process_type ||
           type == &ps_thread_type;
}

/* TRUE: the drivers had one. */
static BOOLEAN give_up(void *object)
{
    struct verifier_objects *objects = verifier_objects();
    linux_lock(&objects->lock);
    struct object_record *record = verifier_table_find(&objects->objects, object);
    if (record && --record->count == 0)
        verifier_object_forget(objects, object);
    linux_unlock(&objects->lock);
    return record != NULL;
}

BOOLEAN verifier_object_dereferencing(void *object, void *caller)
{
    const struct object_header *header = object_header_of(object);
    if (!is_driver(caller))
        return FALSE;
    if (header->references <= 0) {
        report_dead(object, -1, caller);
        return TRUE;
    }
    LONG64 others = header->handles + (header->directory != NULL);
    if (header->references <= others) {
        verifier_report(RULE_OBJECT_DEREFERENCED, caller,
                        (ULONG_PTR[]){(ULONG_PTR)object, header->references - 1, 0},
                        "an object was dereferenced once too often: all its %lld references are "
                        "those of its %lld handles%s",
                        header->references, header->handles,
                        header->directory ? " and its name" : "");
        return TRUE;
    }
    if (give_up(object) || !is_counted(header->type))
        return FALSE;
    verifier_report(RULE_OBJECT_DEREFERENCED, caller,
                    (ULONG_PTR[]){(ULONG_PTR)object, header->references - 1, 0},
                    "an object of type %wZ was dereferenced to which no driver has a reference "
                    "(any more)",
                    &header->type->name);
    return TRUE;
}

void verifier_object_forget(struct verifier_objects *objects, void *object)
{
    linux_free(verifier_table_remove(&objects->objects, object));
}

static BOOLEAN take_left(const uint8_t *base, SIZE_T size, struct object_record *left)
{
    struct verifier_objects *objects = verifier_objects();
    struct object_record *record;
    SIZE_T position = 0;
    BOOLEAN found = FALSE;
    linux_lock(&objects->lock);
    while (!found && (record = verifier_table_next(&objects->objects, &position)) != NULL) {
        found = verifier_is_inside((uint64_t)record->holders[0], base, size);
        if (!found)
            continue;
        *left = *record;
        verifier_object_forget(objects, record->object);
    }
    linux_unlock(&objects->lock);
    return found;
}

void verifier_object_report_left(const uint8_t *base, SIZE_T size)
{
    struct object_record left;
    while (take_left(base, size, &left)) {
        ULONG last = left.count < OBJECT_HOLDERS ? left.count - 1 : OBJECT_HOLDERS - 1;
        verifier_report(RULE_OBJECT_LEAKED, left.holders[last],
                        (ULONG_PTR[]){(ULONG_PTR)left.object, left.count, 0},
                        "the driver was unloaded with %u reference%s to an object of type %wZ that "
                        "it took here",
                        left.count, left.count == 1 ? "" : "s",
                        &object_header_of(left.object)->type->name);
    }
}

void verifier_objects_unload(const uint8_t *base, SIZE_T size)
{
    if (!verifier_objects() || !verifier_checks(SB_VERIFY_OBJECTS))
        return;
    verifier_handle_report_left(base, size);
    verifier_object_report_left(base, size);
}

NTSTATUS verifier_objects_initialize(struct verifier_state *state)
{
    state->objects = linux_allocate(sizeof(*state->objects));
    return state->objects ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static void free_all(struct verifier_table *table)
{
    SIZE_T position = 0;
    void *record;
    while ((record = verifier_table_next(table, &position)) != NULL)
        linux_free(record);
    verifier_table_destroy(table);
}

void verifier_objects_destroy(struct verifier_state *state)
{
    if (!state->objects)
        return;
    free_all(&state->objects->objects);
    free_all(&state->objects->handles);
    verifier_table_destroy(&state->objects->pages);
    linux_free(state->objects);
}
