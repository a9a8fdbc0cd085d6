/*
 * Routines that drivers register with the kernel itself: for a bug check, for a processor that
 * comes, for an NMI. Lock: ke_state.callback_lock.
 */
#include "host/ke/schedule.h"

enum { CALLBACK_TAG = 0x6B6C6243, HIGH = 15 };

struct callback {
    LIST_ENTRY link;
    PVOID routine, context;
};

BOOLEAN NTAPI KeRegisterBugCheckCallback(PKBUGCHECK_CALLBACK_RECORD record,
                                         PKBUGCHECK_CALLBACK_ROUTINE routine, PVOID buffer,
                                         ULONG length, PUCHAR component)
{
    struct ke_state *ke = current_machine()->ke;
    linux_lock(&ke->callback_lock);
    BOOLEAN inserted = record->State == BufferEmpty;
    if (inserted) {
        record->CallbackRoutine = routine;
        record->Buffer = buffer;
        record->Length = length;
        record->Component = component;
        record->Checksum = (ULONG_PTR)routine + (ULONG_PTR)buffer + length + (ULONG_PTR)component;
        record->State = BufferInserted;
        InsertHeadList(&ke->bug_check_callbacks, &record->Entry);
    }
    linux_unlock(&ke->callback_lock);
    return inserted;
}
SB_EXPORT(KeRegisterBugCheckCallback)

BOOLEAN NTAPI KeDeregisterBugCheckCallback(PKBUGCHECK_CALLBACK_RECORD record)
{
    struct ke_state *ke = current_machine()->ke;
    linux_lock(&ke->callback_lock);
    BOOLEAN was_inserted = record->State == BufferInserted;
    if (was_inserted) {
        RemoveEntryList(&record->Entry);
        record->State = BufferEmpty;
    }
    linux_unlock(&ke->callback_lock);
    return was_inserted;
}
SB_EXPORT(KeDeregisterBugCheckCallback)

BOOLEAN NTAPI KeRegisterBugCheckReasonCallback(PKBUGCHECK_REASON_CALLBACK_RECORD record,
                                               PKBUGCHECK_REASON_CALLBACK_ROUTINE routine,
                                               KBUGCHECK_CALLBACK_REASON reason, PUCHAR component)
{
    struct ke_state *ke = current_machine()->ke;
    linux_lock(&ke->callback_lock);
    BOOLEAN inserted = record->State == BufferEmpty;
    if (inserted) {
        record->CallbackRoutine = routine;
        record->Reason = reason;
        record->Component = component;
        record->Checksum = (ULONG_PTR)routine + (ULONG_PTR)reason + (ULONG_PTR)component;
        record->State = BufferInserted;
        InsertHeadList(&ke->bug_check_reason_callbacks, &record->Entry);
    }
    linux_unlock(&ke->callback_lock);
    return inserted;
}
SB_EXPORT(KeRegisterBugCheckReasonCallback)

BOOLEAN NTAPI KeDeregisterBugCheckReasonCallback(PKBUGCHECK_REASON_CALLBACK_RECORD record)
{
    struct ke_state *ke = current_machine()->ke;
    linux_lock(&ke->callback_lock);
    BOOLEAN was_inserted = record->State == BufferInserted;
    if (was_inserted) {
        RemoveEntryList(&record->Entry);
        record->State = BufferEmpty;
    }
    linux_unlock(&ke->callback_lock);
    return was_inserted;
}
SB_EXPORT(KeDeregisterBugCheckReasonCallback)

/* The machine has stopped; the last registered is called first, at HIGH_LEVEL. */
void ke_run_bug_check_callbacks(struct machine *machine)
{
    LIST_ENTRY *list = &machine->ke->bug_check_callbacks;
    current_kpcr()->irql = HIGH;
    while (!IsListEmpty(list)) {
        PKBUGCHECK_CALLBACK_RECORD record =
            CONTAINING_RECORD(RemoveHeadList(list), KBUGCHECK_CALLBACK_RECORD, Entry);
        record->State = BufferStarted;
        record->CallbackRoutine(record->Buffer, record->Length);
        record->State = BufferFinished;
    }
    ke_run_dump_callbacks(machine);
}

static struct callback *add(LIST_ENTRY *list, PVOID routine, PVOID context)
{
    struct ke_state *ke = current_machine()->ke;
    struct callback *callback =
        ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*callback), CALLBACK_TAG);
    if (!callback)
        return NULL;
    callback->routine = routine;
    callback->context = context;
    linux_lock(&ke->callback_lock);
    InsertTailList(list, &callback->link);
    linux_unlock(&ke->callback_lock);
    return callback;
}

static BOOLEAN remove(LIST_ENTRY *list, PVOID handle)
{
    struct ke_state *ke = current_machine()->ke;
    struct callback *found = NULL;
    linux_lock(&ke->callback_lock);
    for (PLIST_ENTRY link = list->Flink; link != list && !found; link = link->Flink)
        if (CONTAINING_RECORD(link, struct callback, link) == handle)
            found = handle;
    if (found)
        RemoveEntryList(&found->link);
    linux_unlock(&ke->callback_lock);
    if (found)
        ExFreePoolWithTag(found, CALLBACK_TAG);
    return found != NULL;
}

/* No NMI ever comes here. */
PVOID NTAPI KeRegisterNmiCallback(PNMI_CALLBACK routine, PVOID context)
{
    return add(&current_machine()->ke->nmi_callbacks, (PVOID)routine, context);
}
SB_EXPORT(KeRegisterNmiCallback)

NTSTATUS NTAPI KeDeregisterNmiCallback(PVOID handle)
{
    return remove(&current_machine()->ke->nmi_callbacks, handle) ? STATUS_SUCCESS
                                                                 : STATUS_INVALID_HANDLE;
}
SB_EXPORT(KeDeregisterNmiCallback)

/* The processors that are there, on request; none comes later. */
static void tell_existing(PPROCESSOR_CALLBACK_FUNCTION routine, PVOID context,
                          KE_PROCESSOR_CHANGE_NOTIFY_STATE state, PNTSTATUS status)
{
    struct machine *machine = current_machine();
    for (ULONG i = 0; i < machine->processors && NT_SUCCESS(*status); i++) {
        KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT change = {
            .State = state, .NtNumber = i, .ProcNumber = {.Number = (UCHAR)i}};
        routine(context, &change, status);
    }
}

PVOID NTAPI nt_KeRegisterProcessorChangeCallback(PPROCESSOR_CALLBACK_FUNCTION routine,
                                                 PVOID context, ULONG flags)
{
    NTSTATUS status = STATUS_SUCCESS;
    if (flags & KE_PROCESSOR_CHANGE_ADD_EXISTING) {
        tell_existing(routine, context, KeProcessorAddStartNotify, &status);
        if (!NT_SUCCESS(status)) {
            tell_existing(routine, context, KeProcessorAddFailureNotify, &(NTSTATUS){0});
            return NULL;
        }
        tell_existing(routine, context, KeProcessorAddCompleteNotify, &status);
    }
    return add(&current_machine()->ke->processor_callbacks, (PVOID)routine, context);
}
SB_EXPORT_AS("KeRegisterProcessorChangeCallback", nt_KeRegisterProcessorChangeCallback)

VOID NTAPI nt_KeDeregisterProcessorChangeCallback(PVOID handle)
{
    remove(&current_machine()->ke->processor_callbacks, handle);
}
SB_EXPORT_AS("KeDeregisterProcessorChangeCallback", nt_KeDeregisterProcessorChangeCallback)
