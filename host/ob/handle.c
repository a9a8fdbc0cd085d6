/* Handle tables. */
#include "host/ob/callbacks.h"
#include "host/ob/namespace.h"
#include "host/ps/ps.h"
#include "host/ps/thread_slot.h"
#include "host/verifier/object.h"

/* Handles of the System process carry these bits, so that they work in any process context. */
static const uint64_t kernel_handle_bits = 0xFFFFFFFF80000000ull;

enum { HANDLE_STEP = 4, FIRST_CAPACITY = 32 };

struct handle_table *ob_handle_table_create(void)
{
    struct handle_table *table = linux_allocate(sizeof(*table));
    if (table)
        linux_own_lock_initialize(&table->lock);
    return table;
}

/* The first thread that asks becomes the owner. */
static BOOLEAN owns(struct handle_table *table)
{
    struct thread_slot *slot = linux_thread_slot;
    struct thread_slot *owner = __atomic_load_n(&table->owner, __ATOMIC_RELAXED);
    if (SB_LIKELY(owner))
        return owner == slot;
    return slot && __atomic_compare_exchange_n(&table->owner, &owner, slot, false, __ATOMIC_RELAXED,
                                               __ATOMIC_RELAXED);
}

void ob_table_lock(struct handle_table *table)
{
    linux_own_lock(&table->lock, owns(table));
}

void ob_table_unlock(struct handle_table *table)
{
    linux_own_unlock(&table->lock, owns(table));
}

void ob_handle_table_free(struct handle_table *table)
{
    linux_free(table->entries);
    linux_free(table);
}

static struct _EPROCESS *owner_of(struct _EPROCESS *process, HANDLE *handle)
{
    uint64_t value = (uint64_t)*handle;
    if ((value & kernel_handle_bits) != kernel_handle_bits || value >= (uint64_t)-HANDLE_STEP * 2)
        return process;
    *handle = (HANDLE)(value & ~kernel_handle_bits);
    return process->machine->ps->system_process;
}

/* The live entry of a handle value, table lock held. */
static struct handle_entry *entry_of(struct handle_table *table, HANDLE handle)
{
    uint64_t index = ((uint64_t)handle & ~3ull) / HANDLE_STEP;
    if (index == 0 || index > table->count)
        return NULL;
    struct handle_entry *entry = &table->entries[index - 1];
    return entry->object ? entry : NULL;
}

/* An index of a free entry; capacity is grown when needed. Table lock held. */
static BOOLEAN reserve(struct handle_table *table, ULONG *index)
{
    for (ULONG i = table->free_hint; i < table->count; i++) {
        if (!table->entries[i].object) {
            *index = i;
            return TRUE;
        }
    }
    if (table->count == table->capacity) {
        ULONG capacity = table->capacity ? table->capacity * 2 : FIRST_CAPACITY;
        void *entries = linux_reallocate(table->entries, capacity * sizeof(struct handle_entry));
        if (!entries)
            return FALSE;
        table->entries = entries;
        table->capacity = capacity;
    }
    *index = table->count++;
    return TRUE;
}

static NTSTATUS create_handle(struct _EPROCESS *process, void *object, ACCESS_MASK access,
                              ULONG attributes, HANDLE *handle)
{
    struct handle_table *table = process->handles;
    ULONG index;
    ob_table_lock(table);
    BOOLEAN reserved = reserve(table, &index);
    if (reserved) {
        table->entries[index] = (struct handle_entry){object, access, attributes};
        table->free_hint = index + 1;
    }
    ob_table_unlock(table);
    if (!reserved)
        return STATUS_INSUFFICIENT_RESOURCES;
    ob_reference(object);
    __atomic_add_fetch(&object_header_of(object)->handles, 1, __ATOMIC_RELAXED);
    uint64_t value = ((uint64_t)index + 1) * HANDLE_STEP;
    if (process == process->machine->ps->system_process)
        value |= kernel_handle_bits;
    *handle = (HANDLE)value;
    const struct verifier_hooks *verifier = process->machine->verifier;
    if (SB_UNLIKELY(verifier) && verifier->handle_created && ps_thread_inside())
        verifier->handle_created(process, *handle, object);
    return STATUS_SUCCESS;
}

/* The verifier is told which handle was used how; owner: whose table it leads to. */
static void report_use(struct _EPROCESS *owner, HANDLE handle, KPROCESSOR_MODE mode,
                       NTSTATUS status, BOOLEAN closes)
{
    const struct verifier_hooks *verifier = owner->machine->verifier;
    if (SB_UNLIKELY(verifier) && verifier->handle_used && ps_thread_inside())
        verifier->handle_used(&(struct verifier_handle_use){owner, handle, mode, status, closes});
}

NTSTATUS ob_handle_create(struct _EPROCESS *process, void *object, ACCESS_MASK access,
                          ULONG attributes, HANDLE *handle)
{
    if (SB_LIKELY(!ob_callbacks_wanted(object)))
        return create_handle(process, object, access, attributes, handle);
    struct ob_handle_call call = {
        .operation = OB_OPERATION_HANDLE_CREATE,
        .object = object,
        .kernel_handle = process == process->machine->ps->system_process,
        .access = access,
    };
    ob_callbacks_before(&call);
    call.status = create_handle(process, object, call.access, attributes, handle);
    ob_callbacks_after(&call);
    return call.status;
}

NTSTATUS ob_handle_create_duplicate(struct _EPROCESS *from, struct _EPROCESS *to, void *object,
                                    ACCESS_MASK access, ULONG attributes, HANDLE *handle)
{
    if (SB_LIKELY(!ob_callbacks_wanted(object)))
        return create_handle(to, object, access, attributes, handle);
    struct ob_handle_call call = {
        .operation = OB_OPERATION_HANDLE_DUPLICATE,
        .object = object,
        .source = from,
        .target = to,
        .kernel_handle = to == to->machine->ps->system_process,
        .access = access,
    };
    ob_callbacks_before(&call);
    call.status = create_handle(to, object, call.access, attributes, handle);
    ob_callbacks_after(&call);
    return call.status;
}

static NTSTATUS pseudo_handle(HANDLE handle, POBJECT_TYPE type, void **object)
{
    PETHREAD thread = current_thread();
    *object = handle == NtCurrentProcess() ? (void *)thread->Tcb.process : (void *)thread;
    if (type && object_header_of(*object)->type != type)
        return STATUS_OBJECT_TYPE_MISMATCH;
    ob_reference(*object);
    return STATUS_SUCCESS;
}

NTSTATUS ob_handle_reference(struct _EPROCESS *process, HANDLE handle, ACCESS_MASK access,
                             POBJECT_TYPE type, KPROCESSOR_MODE mode, void **object,
                             struct handle_entry *entry)
{
    if (handle == NtCurrentProcess() || handle == NtCurrentThread()) {
        *entry = (struct handle_entry){NULL, 0x1FFFFF, 0}; /* all of a process or thread */
        return pseudo_handle(handle, type, object);
    }
    HANDLE given = handle;
    struct _EPROCESS *owner = owner_of(process, &handle);
    if (mode == UserMode && (LONG_PTR)given < 0) {
        report_use(owner, given, mode, STATUS_INVALID_HANDLE, FALSE);
        return STATUS_INVALID_HANDLE; /* kernel handles are the kernel's */
    }
    struct handle_table *table = owner->handles;
    NTSTATUS status = STATUS_SUCCESS;
    ob_table_lock(table);
    struct handle_entry *found = entry_of(table, handle);
    if (!found)
        status = STATUS_INVALID_HANDLE;
    else if (type && object_header_of(found->object)->type != type)
        status = STATUS_OBJECT_TYPE_MISMATCH;
    else if (mode == UserMode && (access & ~found->access))
        status = STATUS_ACCESS_DENIED;
    if (NT_SUCCESS(status)) {
        ob_reference(found->object);
        *entry = *found;
        *object = found->object;
    }
    ob_table_unlock(table);
    report_use(owner, given, mode, status, FALSE);
    return status;
}

NTSTATUS ob_handle_set_attributes(struct _EPROCESS *process, HANDLE handle, ULONG attributes)
{
    struct handle_table *table = owner_of(process, &handle)->handles;
    ob_table_lock(table);
    struct handle_entry *entry = entry_of(table, handle);
    if (entry)
        entry->attributes = attributes;
    ob_table_unlock(table);
    return entry ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
}

/* Handles the process still has to object. */
static LONG64 count_handles(struct handle_table *table, void *object)
{
    LONG64 count = 0;
    ob_table_lock(table);
    for (ULONG i = 0; i < table->count; i++)
        count += table->entries[i].object == object;
    ob_table_unlock(table);
    return count;
}

static void handle_closed(struct _EPROCESS *process, void *object)
{
    struct object_header *header = object_header_of(object);
    LONG64 left = __atomic_sub_fetch(&header->handles, 1, __ATOMIC_ACQ_REL);
    if (header->type->close)
        header->type->close(process, object, count_handles(process->handles, object), left);
    if (left == 0 && (header->flags & OB_NAMED) && !(header->flags & OB_PERMANENT))
        ob_make_temporary(object);
    ob_dereference(object);
}

NTSTATUS ob_handle_close(struct _EPROCESS *process, HANDLE handle, KPROCESSOR_MODE mode)
{
    if (handle == NtCurrentProcess() || handle == NtCurrentThread())
        return STATUS_SUCCESS;
    if (mode == UserMode && (LONG_PTR)handle < 0)
        return STATUS_INVALID_HANDLE;
    HANDLE given = handle;
    struct _EPROCESS *owner = owner_of(process, &handle);
    struct handle_table *table = owner->handles;
    void *object = NULL;
    NTSTATUS status = STATUS_INVALID_HANDLE;
    ob_table_lock(table);
    struct handle_entry *entry = entry_of(table, handle);
    if (entry && (entry->attributes & OBJ_PROTECT_CLOSE_BIT)) {
        status = STATUS_HANDLE_NOT_CLOSABLE;
    } else if (entry) {
        ULONG index = (ULONG)(entry - table->entries);
        object = entry->object;
        entry->object = NULL;
        if (index < table->free_hint)
            table->free_hint = index;
        status = STATUS_SUCCESS;
    }
    ob_table_unlock(table);
    report_use(owner, given, mode, status, TRUE);
    const struct verifier_hooks *verifier = owner->machine->verifier;
    if (SB_UNLIKELY(verifier) && object && verifier->handle_closed)
        verifier->handle_closed(owner, handle);
    if (object)
        handle_closed(owner, object);
    return status;
}

void ob_handle_table_close_all(struct _EPROCESS *process)
{
    struct handle_table *table = process->handles;
    for (ULONG i = 0;; i++) {
        ob_table_lock(table);
        BOOLEAN done = i >= table->count;
        void *object = done ? NULL : table->entries[i].object;
        if (object)
            table->entries[i].object = NULL;
        ob_table_unlock(table);
        if (done)
            return;
        if (object)
            handle_closed(process, object);
    }
}

/* Copies the entries whole, then counts those that were kept: values stay the same. */
NTSTATUS ob_handle_table_inherit(struct _EPROCESS *from, struct _EPROCESS *to)
{
    struct handle_table *source = from->handles, *target = to->handles;
    ob_table_lock(source);
    struct handle_entry *entries =
        source->count ? linux_allocate(source->count * sizeof(*entries)) : NULL;
    BOOLEAN failed = source->count && !entries;
    for (ULONG i = 0; entries && i < source->count; i++) {
        struct handle_entry *entry = &source->entries[i];
        if (!entry->object || !(entry->attributes & OBJ_INHERIT))
            continue;
        entries[i] = *entry;
        ob_reference(entry->object);
        __atomic_add_fetch(&object_header_of(entry->object)->handles, 1, __ATOMIC_RELAXED);
    }
    if (!failed) {
        target->entries = entries;
        target->count = target->capacity = source->count;
    }
    ob_table_unlock(source);
    return failed ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}
