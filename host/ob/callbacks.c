/*
 * ObRegisterCallbacks: drivers that see, and may narrow, the access of new handles to processes and
 * threads. Ordered by altitude, highest first. Lock: ob_state.lock; callbacks run without it on a
 * copy of the list, kept alive by a count of callers that unregistering waits out.
 */
#include "host/ke/schedule.h"
#include "host/mm/mm.h"
#include "host/ob/callbacks.h"
#include "host/ob/namespace.h"
#include "host/ps/ps.h"

enum { CALLBACK_TAG = 0x6C43624F, OPERATION_LIMIT = 4, ALTITUDE_LIMIT = 64 };

struct registration {
    LIST_ENTRY link; /* ob_state.callbacks */
    PVOID context;
    LONG users;
    USHORT operation_count;
    struct {
        POBJECT_TYPE type;
        OB_OPERATION operations;
        POB_PRE_OPERATION_CALLBACK before;
        POB_POST_OPERATION_CALLBACK after;
    } operations[OPERATION_LIMIT];
    UNICODE_STRING altitude;
    WCHAR altitude_text[ALTITUDE_LIMIT];
};

USHORT NTAPI nt_ObGetFilterVersion(VOID)
{
    return OB_FLT_REGISTRATION_VERSION;
}
SB_EXPORT_AS("ObGetFilterVersion", nt_ObGetFilterVersion)

/* Altitudes are decimal numbers of any length, perhaps with a fraction. */
static LONG compare_altitudes(const UNICODE_STRING *a, const UNICODE_STRING *b)
{
    USHORT a_whole = 0, b_whole = 0, a_count = a->Length / 2, b_count = b->Length / 2;
    while (a_whole < a_count && a->Buffer[a_whole] != '.')
        a_whole++;
    while (b_whole < b_count && b->Buffer[b_whole] != '.')
        b_whole++;
    return a_whole != b_whole ? a_whole - b_whole : RtlCompareUnicodeString(a, b, FALSE);
}

static NTSTATUS fill(struct registration *registration, POB_CALLBACK_REGISTRATION given)
{
    if (given->Version != OB_FLT_REGISTRATION_VERSION || given->OperationRegistrationCount == 0 ||
        given->OperationRegistrationCount > OPERATION_LIMIT ||
        given->Altitude.Length > sizeof(registration->altitude_text))
        return STATUS_INVALID_PARAMETER;
    registration->context = given->RegistrationContext;
    registration->operation_count = given->OperationRegistrationCount;
    RtlCopyMemory(registration->altitude_text, given->Altitude.Buffer, given->Altitude.Length);
    registration->altitude = (UNICODE_STRING){given->Altitude.Length, given->Altitude.Length,
                                              registration->altitude_text};
    for (USHORT i = 0; i < given->OperationRegistrationCount; i++) {
        const OB_OPERATION_REGISTRATION *operation = &given->OperationRegistration[i];
        POBJECT_TYPE type = *operation->ObjectType;
        if ((type != &ps_process_type && type != &ps_thread_type) || operation->Operations == 0 ||
            (!operation->PreOperation && !operation->PostOperation))
            return STATUS_INVALID_PARAMETER;
        registration->operations[i].type = type;
        registration->operations[i].operations = operation->Operations;
        registration->operations[i].before = operation->PreOperation;
        registration->operations[i].after = operation->PostOperation;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS insert(struct ob_state *ob, struct registration *registration)
{
    NTSTATUS status = STATUS_SUCCESS;
    linux_lock(&ob->lock);
    PLIST_ENTRY link = ob->callbacks.Flink;
    while (link != &ob->callbacks && NT_SUCCESS(status)) {
        struct registration *other = CONTAINING_RECORD(link, struct registration, link);
        LONG order = compare_altitudes(&registration->altitude, &other->altitude);
        if (order == 0)
            status = STATUS_FLT_INSTANCE_ALTITUDE_COLLISION;
        if (order > 0)
            break;
        link = link->Flink;
    }
    if (NT_SUCCESS(status))
        InsertTailList(link, &registration->link);
    linux_unlock(&ob->lock);
    return status;
}

NTSTATUS NTAPI ObRegisterCallbacks(POB_CALLBACK_REGISTRATION given, PVOID *handle)
{
    struct machine *machine = current_machine();
    struct registration *registration =
        mm_pool_allocate_zero(machine, sizeof(*registration), CALLBACK_TAG);
    if (!registration)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = fill(registration, given);
    if (NT_SUCCESS(status))
        status = insert(machine->ob, registration);
    if (NT_SUCCESS(status))
        *handle = registration;
    else
        mm_pool_free(machine, registration);
    return status;
}
SB_EXPORT(ObRegisterCallbacks)

VOID NTAPI ObUnRegisterCallbacks(PVOID handle)
{
    struct machine *machine = current_machine();
    struct registration *registration = handle;
    ULONG turns = 0;
    linux_lock(&machine->ob->lock);
    RemoveEntryList(&registration->link);
    linux_unlock(&machine->ob->lock);
    while (__atomic_load_n(&registration->users, __ATOMIC_ACQUIRE))
        schedule_spin(&turns); /* calls under way end first */
    mm_pool_free(machine, registration);
}
SB_EXPORT(ObUnRegisterCallbacks)

/* The index-th registration, held. */
static struct registration *hold(struct ob_state *ob, ULONG index)
{
    struct registration *found = NULL;
    linux_lock(&ob->lock);
    for (PLIST_ENTRY link = ob->callbacks.Flink; link != &ob->callbacks && !found;
         link = link->Flink)
        if (index-- == 0)
            found = CONTAINING_RECORD(link, struct registration, link);
    if (found)
        __atomic_add_fetch(&found->users, 1, __ATOMIC_RELAXED);
    linux_unlock(&ob->lock);
    return found;
}

static void call_before(const struct registration *registration, struct ob_handle_call *call,
                        PVOID *call_context)
{
    OB_PRE_OPERATION_PARAMETERS parameters = {0};
    OB_PRE_OPERATION_INFORMATION information = {.Operation = call->operation,
                                                .Object = call->object,
                                                .ObjectType = object_header_of(call->object)->type,
                                                .Parameters = &parameters};
    information.KernelHandle = call->kernel_handle;
    if (call->operation == OB_OPERATION_HANDLE_CREATE) {
        parameters.CreateHandleInformation.DesiredAccess = call->access;
        parameters.CreateHandleInformation.OriginalDesiredAccess = call->original_access;
    } else {
        parameters.DuplicateHandleInformation.DesiredAccess = call->access;
        parameters.DuplicateHandleInformation.OriginalDesiredAccess = call->original_access;
        parameters.DuplicateHandleInformation.SourceProcess = call->source;
        parameters.DuplicateHandleInformation.TargetProcess = call->target;
    }
    for (USHORT i = 0; i < registration->operation_count; i++)
        if (registration->operations[i].type == information.ObjectType &&
            (registration->operations[i].operations & call->operation) &&
            registration->operations[i].before)
            registration->operations[i].before(registration->context, &information);
    *call_context = information.CallContext;
    /* Rights may be taken away, never added; kernel handles keep theirs. */
    ACCESS_MASK wished = call->operation == OB_OPERATION_HANDLE_CREATE
                             ? parameters.CreateHandleInformation.DesiredAccess
                             : parameters.DuplicateHandleInformation.DesiredAccess;
    if (!call->kernel_handle)
        call->access &= wished;
}

static void call_after(const struct registration *registration, const struct ob_handle_call *call,
                       PVOID call_context)
{
    OB_POST_OPERATION_PARAMETERS parameters = {0};
    OB_POST_OPERATION_INFORMATION information = {.Operation = call->operation,
                                                 .Object = call->object,
                                                 .ObjectType = object_header_of(call->object)->type,
                                                 .CallContext = call_context,
                                                 .ReturnStatus = call->status,
                                                 .Parameters = &parameters};
    information.KernelHandle = call->kernel_handle;
    parameters.CreateHandleInformation.GrantedAccess = call->access;
    for (USHORT i = 0; i < registration->operation_count; i++)
        if (registration->operations[i].type == information.ObjectType &&
            (registration->operations[i].operations & call->operation) &&
            registration->operations[i].after)
            registration->operations[i].after(registration->context, &information);
}

BOOLEAN ob_callbacks_wanted(void *object)
{
    const struct object_header *header = object_header_of(object);
    return (header->type == &ps_process_type || header->type == &ps_thread_type) &&
           !IsListEmpty(&header->machine->ob->callbacks);
}

void ob_callbacks_before(struct ob_handle_call *call)
{
    struct ob_state *ob = object_header_of(call->object)->machine->ob;
    call->count = 0;
    call->original_access = call->access;
    struct registration *registration;
    while (call->count < RTL_NUMBER_OF(call->held) && (registration = hold(ob, call->count))) {
        call->held[call->count] = registration;
        call_before(registration, call, &call->contexts[call->count]);
        call->count++;
    }
}

void ob_callbacks_after(struct ob_handle_call *call)
{
    while (call->count > 0) {
        struct registration *registration = call->held[--call->count];
        call_after(registration, call, call->contexts[call->count]);
        __atomic_sub_fetch(&registration->users, 1, __ATOMIC_RELEASE);
    }
}
