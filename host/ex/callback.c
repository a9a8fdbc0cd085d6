/*
 * Callback objects: routines registered under a name and called in order of registration. Lock: the
 * object's own; it is not held while a routine runs. A registration being called is pinned by a
 * count, and unregistering waits until that is gone.
 */
#include "host/ex/ex.h"
#include "host/mm/mm.h"
#include "host/ob/object.h"

enum { REGISTRATION_TAG = 0x42434C43 };

struct _CALLBACK_OBJECT {
    struct linux_lock lock;
    LIST_ENTRY registrations;
    BOOLEAN allows_several;
};

struct registration {
    LIST_ENTRY link;
    PCALLBACK_OBJECT object; /* referenced */
    PCALLBACK_FUNCTION function;
    void *context;
    ULONG busy; /* calls under way; object lock */
    BOOLEAN is_removed;
};

static OBJECT_TYPE callback_type = {.name = RTL_CONSTANT_STRING(L"Callback"),
                                    .mapping = {STANDARD_RIGHTS_READ, STANDARD_RIGHTS_WRITE | 1,
                                                STANDARD_RIGHTS_EXECUTE, STANDARD_RIGHTS_ALL | 1},
                                    .valid_access = STANDARD_RIGHTS_ALL | 1};

static NTSTATUS callback_allocate(struct machine *machine, BOOLEAN allows_several,
                                  PCALLBACK_OBJECT *created)
{
    PCALLBACK_OBJECT object;
    NTSTATUS status = ob_allocate(machine, &callback_type, sizeof(*object), (void **)&object);
    if (!NT_SUCCESS(status))
        return status;
    InitializeListHead(&object->registrations);
    object->allows_several = allows_several;
    *created = object;
    return STATUS_SUCCESS;
}

/* The ones NT itself has; nothing here ever notifies them, as power and time stay as they are. */
NTSTATUS ex_callback_initialize(struct machine *machine)
{
    static const WCHAR *const names[] = {L"\\Callback\\SetSystemTime", L"\\Callback\\PowerState",
                                         L"\\Callback\\ProcessorAdd"};
    NTSTATUS status = STATUS_SUCCESS;
    for (ULONG i = 0; i < RTL_NUMBER_OF(names) && NT_SUCCESS(status); i++) {
        UNICODE_STRING path;
        PCALLBACK_OBJECT object;
        RtlInitUnicodeString(&path, names[i]);
        status = callback_allocate(machine, TRUE, &object);
        if (!NT_SUCCESS(status))
            break;
        status = ob_insert(object, &path, OB_PERMANENT);
        ob_dereference(object);
    }
    return status;
}

static NTSTATUS open_named(POBJECT_ATTRIBUTES attributes, PCALLBACK_OBJECT *object)
{
    struct ob_open open = {.attributes = attributes->Attributes,
                           .mode = KernelMode,
                           .process = current_thread()->Tcb.process,
                           .wanted = &callback_type};
    return ob_lookup(current_machine(), attributes->ObjectName, &open, (void **)object);
}

/* *object is referenced for the caller. A created one keeps its name while it lives. */
NTSTATUS NTAPI ExCreateCallback(PCALLBACK_OBJECT *object, POBJECT_ATTRIBUTES attributes,
                                BOOLEAN create, BOOLEAN allows_several)
{
    BOOLEAN is_named = attributes->ObjectName && attributes->ObjectName->Length;
    NTSTATUS status = is_named ? open_named(attributes, object) : STATUS_OBJECT_NAME_NOT_FOUND;
    if (status != STATUS_OBJECT_NAME_NOT_FOUND || !create)
        return status;
    PCALLBACK_OBJECT made;
    status = callback_allocate(current_machine(), allows_several, &made);
    if (!NT_SUCCESS(status))
        return status;
    if (is_named)
        status = ob_insert(made, attributes->ObjectName,
                           attributes->Attributes & OBJ_PERMANENT ? OB_PERMANENT : 0);
    if (!NT_SUCCESS(status)) {
        ob_dereference(made);
        return status;
    }
    *object = made;
    return STATUS_SUCCESS;
}
SB_EXPORT(ExCreateCallback)

PVOID NTAPI ExRegisterCallback(PCALLBACK_OBJECT object, PCALLBACK_FUNCTION function, PVOID context)
{
    struct registration *registration =
        mm_pool_allocate_zero(current_machine(), sizeof(*registration), REGISTRATION_TAG);
    if (!registration)
        return NULL;
    registration->object = object;
    registration->function = function;
    registration->context = context;
    linux_lock(&object->lock);
    BOOLEAN allowed = object->allows_several || IsListEmpty(&object->registrations);
    if (allowed)
        InsertTailList(&object->registrations, &registration->link);
    linux_unlock(&object->lock);
    if (!allowed) {
        mm_pool_free(current_machine(), registration);
        return NULL;
    }
    ob_reference(object);
    return registration;
}
SB_EXPORT(ExRegisterCallback)

/* The registration after link that is not being removed, pinned; NULL at the end. Lock held. */
static struct registration *next_pinned(PCALLBACK_OBJECT object, PLIST_ENTRY link)
{
    for (link = link->Flink; link != &object->registrations; link = link->Flink) {
        struct registration *registration = CONTAINING_RECORD(link, struct registration, link);
        if (registration->is_removed)
            continue;
        registration->busy++;
        return registration;
    }
    return NULL;
}

VOID NTAPI ExNotifyCallback(PCALLBACK_OBJECT object, PVOID argument1, PVOID argument2)
{
    linux_lock(&object->lock);
    struct registration *registration = next_pinned(object, &object->registrations);
    while (registration) {
        linux_unlock(&object->lock);
        registration->function(registration->context, argument1, argument2);
        linux_lock(&object->lock);
        struct registration *next = next_pinned(object, &registration->link);
        __atomic_sub_fetch(&registration->busy, 1, __ATOMIC_RELEASE);
        registration = next;
    }
    linux_unlock(&object->lock);
}
SB_EXPORT(ExNotifyCallback)

VOID NTAPI ExUnregisterCallback(PVOID handle)
{
    struct registration *registration = handle;
    PCALLBACK_OBJECT object = registration->object;
    ULONG turns = 0;
    linux_lock(&object->lock);
    registration->is_removed = TRUE;
    while (__atomic_load_n(&registration->busy, __ATOMIC_ACQUIRE)) {
        linux_unlock(&object->lock);
        schedule_spin(&turns);
        linux_lock(&object->lock);
    }
    RemoveEntryList(&registration->link);
    linux_unlock(&object->lock);
    mm_pool_free(current_machine(), registration);
    ob_dereference(object);
}
SB_EXPORT(ExUnregisterCallback)
