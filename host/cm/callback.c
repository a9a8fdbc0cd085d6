/*
 * Registry callbacks of drivers. The highest altitude hears of an operation first and of its end
 * last. A callback that refuses (or takes over with STATUS_CALLBACK_BYPASS) ends the operation:
 * only those called before it hear of the end.
 */
#include "host/cm/cm.h"
#include "host/ke/schedule.h"
#include "host/mm/mm.h"

struct cm_callback {
    LIST_ENTRY link;
    PEX_CALLBACK_FUNCTION function;
    PVOID context;
    int64_t cookie;
    UNICODE_STRING altitude; /* pool; empty for CmRegisterCallback */
    LONG users;              /* calls under way and the list */
};

/* What a callback attached to a key object. */
struct cm_context {
    LIST_ENTRY link; /* cm_key.contexts, under the lock */
    int64_t cookie;
    PVOID context;
};

static void release(struct cm_state *cm, struct cm_callback *callback)
{
    linux_lock(&cm->lock);
    callback->users--;
    linux_unlock(&cm->lock);
}

static ULONG count_callbacks(struct cm_state *cm)
{
    ULONG count = 0;
    for (PLIST_ENTRY link = cm->callbacks.Flink; link != &cm->callbacks; link = link->Flink)
        count++;
    return count;
}

/* The callbacks there are now, each kept from going, in one host block with their contexts. */
static NTSTATUS snapshot(struct cm_state *cm, struct cm_call *call, ULONG *count)
{
    NTSTATUS status = STATUS_SUCCESS;
    *count = 0;
    linux_lock(&cm->lock);
    ULONG total = count_callbacks(cm);
    if (total) {
        call->called = linux_allocate(total * (sizeof(*call->called) + sizeof(PVOID)));
        if (!call->called)
            status = STATUS_INSUFFICIENT_RESOURCES;
    }
    if (call->called) {
        call->contexts = (PVOID *)(call->called + total);
        for (PLIST_ENTRY link = cm->callbacks.Flink; link != &cm->callbacks; link = link->Flink) {
            struct cm_callback *callback = CONTAINING_RECORD(link, struct cm_callback, link);
            callback->users++;
            call->called[(*count)++] = callback;
        }
    }
    linux_unlock(&cm->lock);
    return status;
}

static PVOID find_context(struct cm_state *cm, struct cm_key *key, int64_t cookie)
{
    PVOID found = NULL;
    if (!key)
        return NULL;
    linux_lock(&cm->lock);
    for (PLIST_ENTRY link = key->contexts.Flink; link != &key->contexts; link = link->Flink) {
        struct cm_context *context = CONTAINING_RECORD(link, struct cm_context, link);
        if (context->cookie == cookie)
            found = context->context;
    }
    linux_unlock(&cm->lock);
    return found;
}

BOOLEAN cm_call_before(struct cm_call *call, NTSTATUS *status)
{
    struct cm_state *cm = current_machine()->cm;
    ULONG count = 0;
    *status = STATUS_SUCCESS;
    if (IsListEmpty(&cm->callbacks)) /* a racing registration hears of the next operation */
        return TRUE;
    *status = snapshot(cm, call, &count);
    for (ULONG i = 0; i < count && NT_SUCCESS(*status); i++) {
        struct cm_callback *callback = call->called[i];
        *call->call_context = NULL;
        *call->object_context = find_context(cm, call->key, callback->cookie);
        *status = callback->function(callback->context, (PVOID)(ULONG_PTR)call->before,
                                     call->information);
        call->contexts[i] = *call->call_context;
        if (NT_SUCCESS(*status))
            call->called_count++;
    }
    for (ULONG i = call->called_count; i < count; i++)
        release(cm, call->called[i]);
    if (NT_SUCCESS(*status))
        return TRUE;
    if (*status == STATUS_CALLBACK_BYPASS)
        *status = STATUS_SUCCESS;
    return FALSE;
}

NTSTATUS cm_call_after(struct cm_call *call, NTSTATUS status)
{
    struct cm_state *cm = current_machine()->cm;
    for (ULONG i = call->called_count; i-- > 0;) {
        struct cm_callback *callback = call->called[i];
        REG_POST_OPERATION_INFORMATION information = {
            .Object = call->key,
            .Status = status,
            .PreInformation = call->information,
            .ReturnStatus = status,
            .CallContext = call->contexts[i],
            .ObjectContext = find_context(cm, call->key, callback->cookie)};
        NTSTATUS answer =
            callback->function(callback->context, (PVOID)(ULONG_PTR)call->after, &information);
        if (answer == STATUS_CALLBACK_BYPASS)
            status = information.ReturnStatus;
        release(cm, callback);
    }
    linux_free(call->called);
    call->called = NULL;
    return status;
}

/* Altitudes are decimal numbers of any length, with a fraction perhaps. */
static ULONG whole_digits(PCUNICODE_STRING altitude, ULONG *first)
{
    ULONG count = altitude->Length / sizeof(WCHAR), end = 0;
    *first = 0;
    while (end < count && altitude->Buffer[end] != '.')
        end++;
    while (*first < end && altitude->Buffer[*first] == '0')
        ++*first;
    return end - *first;
}

static LONG compare_altitudes(PCUNICODE_STRING a, PCUNICODE_STRING b)
{
    ULONG at_a, at_b, digits_a = whole_digits(a, &at_a), digits_b = whole_digits(b, &at_b);
    ULONG count_a = a->Length / sizeof(WCHAR), count_b = b->Length / sizeof(WCHAR);
    if (digits_a != digits_b)
        return digits_a < digits_b ? -1 : 1;
    for (; at_a < count_a || at_b < count_b; at_a++, at_b++) {
        WCHAR unit_a = at_a < count_a ? a->Buffer[at_a] : '0';
        WCHAR unit_b = at_b < count_b ? b->Buffer[at_b] : '0';
        if (unit_a == '.' || unit_b == '.') {
            if (unit_a == unit_b)
                continue;
            /* "7." against "7": only what follows the point counts */
            unit_a = unit_a == '.' ? '0' : unit_a;
            unit_b = unit_b == '.' ? '0' : unit_b;
        }
        if (unit_a != unit_b)
            return unit_a < unit_b ? -1 : 1;
    }
    return 0;
}

static NTSTATUS insert(struct cm_state *cm, struct cm_callback *callback)
{
    PLIST_ENTRY at = cm->callbacks.Flink;
    for (; at != &cm->callbacks; at = at->Flink) {
        struct cm_callback *other = CONTAINING_RECORD(at, struct cm_callback, link);
        if (!callback->altitude.Length)
            continue; /* without an altitude: last */
        LONG order =
            other->altitude.Length ? compare_altitudes(&callback->altitude, &other->altitude) : 1;
        if (order == 0)
            return STATUS_FLT_INSTANCE_ALTITUDE_COLLISION;
        if (order > 0)
            break;
    }
    InsertTailList(at, &callback->link);
    return STATUS_SUCCESS;
}

static NTSTATUS register_callback(PEX_CALLBACK_FUNCTION function, PCUNICODE_STRING altitude,
                                  PVOID context, PLARGE_INTEGER cookie)
{
    struct machine *machine = current_machine();
    struct cm_state *cm = machine->cm;
    struct cm_callback *callback = mm_pool_allocate_zero(machine, sizeof(*callback), CM_TAG);
    if (!callback)
        return STATUS_INSUFFICIENT_RESOURCES;
    callback->function = function;
    callback->context = context;
    NTSTATUS status = cm_capture(altitude, MAXUSHORT, &callback->altitude);
    if (NT_SUCCESS(status)) {
        linux_lock(&cm->lock);
        callback->cookie = (int64_t)++cm->last_cookie;
        status = insert(cm, callback);
        linux_unlock(&cm->lock);
        if (!NT_SUCCESS(status))
            cm_capture_end(&callback->altitude);
    }
    if (!NT_SUCCESS(status)) {
        mm_pool_free(machine, callback);
        return status;
    }
    cookie->QuadPart = callback->cookie;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI CmRegisterCallback(PEX_CALLBACK_FUNCTION function, PVOID context,
                                  PLARGE_INTEGER cookie)
{
    return register_callback(function, NULL, context, cookie);
}
SB_EXPORT(CmRegisterCallback)

NTSTATUS NTAPI CmRegisterCallbackEx(PEX_CALLBACK_FUNCTION function, PCUNICODE_STRING altitude,
                                    PVOID driver, PVOID context, PLARGE_INTEGER cookie,
                                    PVOID reserved)
{
    if (!altitude || !altitude->Length || !driver || reserved)
        return STATUS_INVALID_PARAMETER;
    return register_callback(function, altitude, context, cookie);
}
SB_EXPORT(CmRegisterCallbackEx)

static struct cm_callback *take_out(struct cm_state *cm, int64_t cookie)
{
    for (PLIST_ENTRY link = cm->callbacks.Flink; link != &cm->callbacks; link = link->Flink) {
        struct cm_callback *callback = CONTAINING_RECORD(link, struct cm_callback, link);
        if (callback->cookie == cookie) {
            RemoveEntryList(link);
            return callback;
        }
    }
    return NULL;
}

/* Waits until no call of the routine is under way: then its driver may be unloaded. */
NTSTATUS NTAPI CmUnRegisterCallback(LARGE_INTEGER cookie)
{
    struct machine *machine = current_machine();
    struct cm_state *cm = machine->cm;
    ULONG turns = 0;
    linux_lock(&cm->lock);
    struct cm_callback *callback = take_out(cm, cookie.QuadPart);
    linux_unlock(&cm->lock);
    if (!callback)
        return STATUS_INVALID_PARAMETER;
    while (__atomic_load_n(&callback->users, __ATOMIC_ACQUIRE))
        schedule_spin(&turns);
    cm_capture_end(&callback->altitude);
    mm_pool_free(machine, callback);
    return STATUS_SUCCESS;
}
SB_EXPORT(CmUnRegisterCallback)

/* The version of the callback interface whose structures are used here: that of Windows 8.1. */
VOID NTAPI CmGetCallbackVersion(PULONG major, PULONG minor)
{
    if (major)
        *major = 6;
    if (minor)
        *minor = 3;
}
SB_EXPORT(CmGetCallbackVersion)

static struct cm_context *find_entry(struct cm_key *key, int64_t cookie)
{
    for (PLIST_ENTRY link = key->contexts.Flink; link != &key->contexts; link = link->Flink) {
        struct cm_context *context = CONTAINING_RECORD(link, struct cm_context, link);
        if (context->cookie == cookie)
            return context;
    }
    return NULL;
}

NTSTATUS NTAPI CmSetCallbackObjectContext(PVOID object, PLARGE_INTEGER cookie, PVOID new_context,
                                          PVOID *old_context)
{
    struct machine *machine = current_machine();
    struct cm_key *key = object;
    PVOID old = NULL;
    struct cm_context *fresh = mm_pool_allocate_zero(machine, sizeof(*fresh), CM_TAG);
    if (!fresh)
        return STATUS_INSUFFICIENT_RESOURCES;
    *fresh = (struct cm_context){.cookie = cookie->QuadPart, .context = new_context};
    linux_lock(&machine->cm->lock);
    struct cm_context *entry = find_entry(key, cookie->QuadPart);
    if (entry) {
        old = entry->context;
        entry->context = new_context;
    } else {
        InsertTailList(&key->contexts, &fresh->link);
    }
    linux_unlock(&machine->cm->lock);
    if (entry)
        mm_pool_free(machine, fresh);
    if (old_context)
        *old_context = old;
    return STATUS_SUCCESS;
}
SB_EXPORT(CmSetCallbackObjectContext)

static struct cm_callback *hold_by_cookie(struct cm_state *cm, int64_t cookie)
{
    struct cm_callback *found = NULL;
    linux_lock(&cm->lock);
    for (PLIST_ENTRY link = cm->callbacks.Flink; link != &cm->callbacks; link = link->Flink) {
        struct cm_callback *callback = CONTAINING_RECORD(link, struct cm_callback, link);
        if (callback->cookie == cookie)
            found = callback;
    }
    if (found)
        found->users++;
    linux_unlock(&cm->lock);
    return found;
}

/* The key object goes: each callback that attached a context is told to clean up. */
void cm_forget_contexts(struct cm_key *key)
{
    struct machine *machine = object_header_of(key)->machine;
    while (!IsListEmpty(&key->contexts)) {
        struct cm_context *context =
            CONTAINING_RECORD(RemoveHeadList(&key->contexts), struct cm_context, link);
        struct cm_callback *callback = hold_by_cookie(machine->cm, context->cookie);
        if (callback && context->context) {
            REG_CALLBACK_CONTEXT_CLEANUP_INFORMATION information = {
                .Object = key, .ObjectContext = context->context};
            callback->function(callback->context,
                               (PVOID)(ULONG_PTR)RegNtCallbackObjectContextCleanup, &information);
        }
        if (callback)
            release(machine->cm, callback);
        mm_pool_free(machine, context);
    }
}

static BOOLEAN is_key(PVOID object)
{
    return object && object_header_of(object)->type == &cm_key_type;
}

static NTSTATUS allocate_name(struct cm_key *key, UNICODE_STRING **name)
{
    UNICODE_STRING *copy = ExAllocatePoolWithTag(PagedPool, sizeof(*copy), CM_TAG);
    if (!copy)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = cm_key_path(key, copy);
    if (NT_SUCCESS(status))
        *name = copy;
    else
        ExFreePoolWithTag(copy, CM_TAG);
    return status;
}

/* The name is the caller's, to be given back with CmCallbackReleaseKeyObjectIDEx. */
NTSTATUS NTAPI CmCallbackGetKeyObjectIDEx(PLARGE_INTEGER cookie, PVOID object, PULONG_PTR id,
                                          PCUNICODE_STRING *name, ULONG flags)
{
    if (flags || !is_key(object))
        return STATUS_INVALID_PARAMETER;
    UNICODE_STRING *copy = NULL;
    NTSTATUS status = name ? allocate_name(object, &copy) : STATUS_SUCCESS;
    if (!NT_SUCCESS(status))
        return status;
    if (name)
        *name = copy;
    if (id)
        *id = ((struct cm_key *)object)->node->id;
    return STATUS_SUCCESS;
}
SB_EXPORT(CmCallbackGetKeyObjectIDEx)

VOID NTAPI CmCallbackReleaseKeyObjectIDEx(PCUNICODE_STRING name)
{
    ExFreePoolWithTag(name->Buffer, CM_TAG);
    ExFreePoolWithTag((PVOID)name, CM_TAG);
}
SB_EXPORT(CmCallbackReleaseKeyObjectIDEx)

/* The name is the key object's and stays until that goes. */
static NTSTATUS shared_name(struct cm_key *key, PCUNICODE_STRING *name)
{
    struct cm_state *cm = cm_of(key);
    UNICODE_STRING *copy;
    NTSTATUS status = allocate_name(key, &copy);
    if (!NT_SUCCESS(status))
        return status;
    linux_lock(&cm->lock);
    UNICODE_STRING *first = key->shown_name;
    if (!first)
        key->shown_name = copy;
    linux_unlock(&cm->lock);
    if (first)
        CmCallbackReleaseKeyObjectIDEx(copy);
    *name = key->shown_name;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI CmCallbackGetKeyObjectID(PLARGE_INTEGER cookie, PVOID object, PULONG_PTR id,
                                        PCUNICODE_STRING *name)
{
    if (!is_key(object))
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status = name ? shared_name(object, name) : STATUS_SUCCESS;
    if (NT_SUCCESS(status) && id)
        *id = ((struct cm_key *)object)->node->id;
    return status;
}
SB_EXPORT(CmCallbackGetKeyObjectID)

/* The registry here has no transactions. */
PVOID NTAPI CmGetBoundTransaction(PLARGE_INTEGER cookie, PVOID object)
{
    return NULL;
}
SB_EXPORT(CmGetBoundTransaction)
