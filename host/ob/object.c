/* Allocation and reference counts. */
#include "host/ke/ke.h"
#include "host/mm/mm.h"
#include "host/ob/namespace.h"
#include "host/ps/ps.h"

enum { OBJECT_TAG = 0x206A624F };

/* Machines begin and end outside of themselves; the verifier looks at the current one. */
static BOOLEAN is_inside(struct machine *machine)
{
    PETHREAD thread = ps_thread_inside();
    return thread && thread->machine == machine;
}

NTSTATUS ob_allocate(struct machine *machine, POBJECT_TYPE type, SIZE_T size, void **object)
{
    struct object_header *header = NULL;
    if (SB_UNLIKELY(machine->verifier) && machine->verifier->object_allocate && is_inside(machine))
        header = machine->verifier->object_allocate(sizeof(*header) + size);
    if (!header)
        header = mm_pool_allocate(machine, NonPagedPoolNx, sizeof(*header) + size, OBJECT_TAG);
    if (!header)
        return STATUS_INSUFFICIENT_RESOURCES;
    __builtin_memset(header, 0, sizeof(*header) + size);
    header->references = 1;
    header->type = type;
    header->machine = machine;
    *object = header + 1;
    return STATUS_SUCCESS;
}

void ob_reference(void *object)
{
    __atomic_add_fetch(&object_header_of(object)->references, 1, __ATOMIC_RELAXED);
}

static void destroy(struct object_header *header)
{
    struct machine *machine = header->machine;
    if (header->type->remove)
        header->type->remove(header + 1);
    if (header->security)
        mm_pool_free(machine, header->security);
    if (header->name.Buffer)
        mm_pool_free(machine, header->name.Buffer);
    if (SB_UNLIKELY(machine->verifier) && machine->verifier->object_free && is_inside(machine) &&
        machine->verifier->object_free(header))
        return;
    if (!mm_pool_free(machine, header))
        mm_pages_free(machine, PAGE_ALIGN(header)); /* the verifier's, when the machine ends */
}

BOOLEAN ob_reference_if_alive(void *object)
{
    LONG64 *references = &object_header_of(object)->references;
    LONG64 count = __atomic_load_n(references, __ATOMIC_RELAXED);
    while (count > 0)
        if (__atomic_compare_exchange_n(references, &count, count + 1, true, __ATOMIC_ACQ_REL,
                                        __ATOMIC_RELAXED))
            return TRUE;
    return FALSE;
}

static struct object_header *take_deferred(struct ob_state *ob)
{
    struct object_header *header = NULL;
    linux_lock(&ob->lock);
    if (IsListEmpty(&ob->deferred))
        ob->removes_deferred = FALSE;
    else
        header = CONTAINING_RECORD(RemoveHeadList(&ob->deferred), struct object_header, all_link);
    linux_unlock(&ob->lock);
    return header;
}

static VOID NTAPI remove_deferred(PVOID context)
{
    struct object_header *header;
    while ((header = take_deferred(context)) != NULL)
        destroy(header);
}

/* A thread of its own does it: nothing else is known to be at PASSIVE_LEVEL soon. */
static void defer(struct machine *machine, struct object_header *header)
{
    struct ob_state *ob = machine->ob;
    PETHREAD thread;
    linux_lock(&ob->lock);
    InsertTailList(&ob->deferred, &header->all_link);
    BOOLEAN starts = !ob->removes_deferred;
    ob->removes_deferred = TRUE;
    linux_unlock(&ob->lock);
    if (!starts)
        return;
    if (NT_SUCCESS(ps_system_thread_start(machine, remove_deferred, ob, &thread))) {
        ob_dereference(thread);
        return;
    }
    linux_lock(&ob->lock);
    ob->removes_deferred = FALSE; /* the next one tries again */
    linux_unlock(&ob->lock);
}

void ob_dereference(void *object)
{
    struct object_header *header = object_header_of(object);
    LONG64 left = __atomic_sub_fetch(&header->references, 1, __ATOMIC_ACQ_REL);
    if (SB_LIKELY(left > 0))
        return;
    if (left < 0)
        KeBugCheckEx(REFERENCE_BY_POINTER, (ULONG_PTR)header->type, (ULONG_PTR)object, 0,
                     (ULONG_PTR)left);
    if (header->type->removes_at_passive && KeGetCurrentIrql() > APC_LEVEL)
        defer(header->machine, header);
    else
        destroy(header);
}
