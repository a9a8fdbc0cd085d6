/*
 * ZwNotifyChangeKey. The first call on a key object begins the watch; what changes between two
 * calls is not lost: the next one ends at once.
 */
#include "host/cm/cm.h"
#include "host/ke/ke.h"
#include "host/mm/mm.h"

struct cm_watch {
    LIST_ENTRY link;    /* cm_state.watches */
    struct cm_key *key; /* not referenced: the key's end ends its watches */
    PKEVENT event;      /* referenced object body, a synchronous caller's own, or NULL */
    BOOLEAN owns_event;
    PIO_STATUS_BLOCK status_block;
    PWORK_QUEUE_ITEM work_item; /* kernel callers may name one instead of an APC */
    WORK_QUEUE_TYPE queue;
    NTSTATUS status;
};

/* Tells who waits. No lock held; frees the watch. */
static void finish(struct machine *machine, struct cm_watch *watch)
{
    if (watch->status_block) {
        watch->status_block->Status = watch->status;
        watch->status_block->Information = 0;
    }
    if (watch->event)
        KeSetEvent(watch->event, IO_NO_INCREMENT, FALSE);
    if (watch->owns_event)
        ob_dereference(watch->event);
    if (watch->work_item)
        ExQueueWorkItem(watch->work_item, watch->queue);
    mm_pool_free(machine, watch);
}

static void finish_all(struct machine *machine, PLIST_ENTRY ended)
{
    while (!IsListEmpty(ended))
        finish(machine, CONTAINING_RECORD(RemoveHeadList(ended), struct cm_watch, link));
}

/* Lock held: moves the key's watches to ended. */
static void take_watches(struct cm_state *cm, struct cm_key *key, NTSTATUS status,
                         PLIST_ENTRY ended)
{
    for (PLIST_ENTRY link = cm->watches.Flink, next; link != &cm->watches; link = next) {
        struct cm_watch *watch = CONTAINING_RECORD(link, struct cm_watch, link);
        next = link->Flink;
        if (watch->key != key)
            continue;
        RemoveEntryList(link);
        watch->status = status;
        InsertTailList(ended, link);
    }
}

static BOOLEAN concerns(const struct cm_key *key, const struct cm_node *node, ULONG filter)
{
    if (!(key->notify_filter & filter))
        return FALSE;
    if (key->node == node)
        return TRUE;
    for (node = node->parent; key->notify_subtree && node; node = node->parent)
        if (key->node == node)
            return TRUE;
    return FALSE;
}

void cm_changed(struct cm_state *cm, struct cm_node *node, ULONG filter)
{
    LIST_ENTRY ended;
    InitializeListHead(&ended);
    linux_lock(&cm->lock);
    for (PLIST_ENTRY link = cm->watching_keys.Flink; link != &cm->watching_keys;
         link = link->Flink) {
        struct cm_key *key = CONTAINING_RECORD(link, struct cm_key, watching_link);
        if (!concerns(key, node, filter))
            continue;
        key->has_changed = TRUE;
        LIST_ENTRY *last = ended.Blink;
        take_watches(cm, key, STATUS_NOTIFY_ENUM_DIR, &ended);
        if (ended.Blink != last)
            key->has_changed = FALSE; /* somebody was told */
    }
    linux_unlock(&cm->lock);
    finish_all(current_machine(), &ended);
}

void cm_end_watches(struct cm_key *key)
{
    struct cm_state *cm = cm_of(key);
    LIST_ENTRY ended;
    InitializeListHead(&ended);
    linux_lock(&cm->lock);
    if (key->notify_filter) {
        RemoveEntryList(&key->watching_link);
        key->notify_filter = 0;
    }
    take_watches(cm, key, STATUS_NOTIFY_CLEANUP, &ended);
    linux_unlock(&cm->lock);
    finish_all(object_header_of(key)->machine, &ended);
}

/* Puts the watch in place; FALSE: there was a change already, it is finished. */
static BOOLEAN arm(struct cm_key *key, struct cm_watch *watch, ULONG filter, BOOLEAN subtree)
{
    struct cm_state *cm = cm_of(key);
    linux_lock(&cm->lock);
    if (!key->notify_filter) {
        key->notify_filter = filter;
        key->notify_subtree = subtree;
        InsertTailList(&cm->watching_keys, &key->watching_link);
    }
    BOOLEAN waits = !key->has_changed;
    key->has_changed = FALSE;
    if (waits)
        InsertTailList(&cm->watches, &watch->link);
    linux_unlock(&cm->lock);
    return waits;
}

static NTSTATUS reference_event(HANDLE handle, struct cm_watch *watch)
{
    if (!handle)
        return STATUS_SUCCESS;
    NTSTATUS status = ObReferenceObjectByHandle(handle, EVENT_MODIFY_STATE,
                                                current_machine()->data_exports->event_object_type,
                                                KernelMode, (PVOID *)&watch->event, NULL);
    watch->owns_event = NT_SUCCESS(status);
    if (watch->owns_event)
        KeClearEvent(watch->event);
    return status;
}

/* Waits for the watch, whose event and status block are the caller's frame. */
static NTSTATUS watch_synchronously(struct cm_key *key, struct cm_watch *watch, ULONG filter,
                                    BOOLEAN subtree, PIO_STATUS_BLOCK status_block)
{
    KEVENT event;
    IO_STATUS_BLOCK result = {.Status = STATUS_NOTIFY_ENUM_DIR};
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    if (watch->owns_event)
        ob_dereference(watch->event);
    watch->owns_event = FALSE;
    watch->event = &event;
    watch->status_block = &result;
    watch->status = STATUS_NOTIFY_ENUM_DIR;
    if (!arm(key, watch, filter, subtree))
        finish(current_machine(), watch);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    *status_block = result;
    return result.Status;
}

static NTSTATUS watch_key(struct cm_key *key, struct cm_watch *watch, ULONG filter, BOOLEAN subtree,
                          PIO_STATUS_BLOCK status_block, BOOLEAN asynchronous)
{
    if (!asynchronous)
        return watch_synchronously(key, watch, filter, subtree, status_block);
    watch->status_block = status_block;
    watch->status = STATUS_NOTIFY_ENUM_DIR;
    if (arm(key, watch, filter, subtree))
        return STATUS_PENDING;
    finish(current_machine(), watch);
    return STATUS_NOTIFY_ENUM_DIR;
}

/* From kernel mode ApcRoutine is a work item and ApcContext the queue it goes to. */
NTSTATUS NTAPI ZwNotifyChangeKey(HANDLE handle, HANDLE event, PIO_APC_ROUTINE apc_routine,
                                 PVOID apc_context, PIO_STATUS_BLOCK status_block, ULONG filter,
                                 BOOLEAN subtree, PVOID buffer, ULONG length, BOOLEAN asynchronous)
{
    struct cm_key *key;
    if (!filter || (filter & ~(ULONG)REG_LEGAL_CHANGE_FILTER))
        return STATUS_INVALID_PARAMETER;
    struct cm_watch *watch = mm_pool_allocate_zero(current_machine(), sizeof(*watch), CM_TAG);
    if (!watch)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = cm_key_reference(handle, KEY_NOTIFY, &key);
    if (!NT_SUCCESS(status))
        goto free_watch;
    watch->key = key;
    watch->work_item = (PWORK_QUEUE_ITEM)apc_routine;
    watch->queue = (WORK_QUEUE_TYPE)(ULONG_PTR)apc_context;
    status = reference_event(event, watch);
    if (!NT_SUCCESS(status)) {
        ob_dereference(key);
        goto free_watch;
    }
    status = watch_key(key, watch, filter, subtree, status_block, asynchronous);
    ob_dereference(key);
    return status;
free_watch:
    mm_pool_free(current_machine(), watch);
    return status;
}
SB_EXPORT(ZwNotifyChangeKey)
