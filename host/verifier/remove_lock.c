/* In front of remove locks: each release has the tag of an acquisition. */
#include <sysbuf/host.h>

#include "host/verifier/interpose.h"
#include "host/verifier/table.h"
#include "host/verifier/watch.h"

/* An acquisition that was not released. */
struct tag {
    struct tag *next;
    const void *value;
};

/* Of one remove lock. */
struct tags {
    struct tag *first;
    BOOLEAN is_unknown; /* memory was short: nothing is said of it */
};

struct verifier_remove_locks {
    struct linux_lock lock; /* a leaf */
    struct verifier_table tags;
};

static struct verifier_remove_locks *remove_locks(void)
{
    return verifier_state()->remove_locks;
}

static void drop_all(struct tags *tags)
{
    while (tags && tags->first) {
        struct tag *tag = tags->first;
        tags->first = tag->next;
        linux_free(tag);
    }
}

static void begin(const void *lock)
{
    struct verifier_remove_locks *locks = remove_locks();
    struct tags *made = linux_allocate(sizeof(*made));
    linux_lock(&locks->lock);
    struct tags *old = verifier_table_remove(&locks->tags, lock);
    drop_all(old);
    linux_free(old);
    if (made && !verifier_table_set(&locks->tags, lock, made))
        linux_free(made);
    linux_unlock(&locks->lock);
}

static void acquired(const void *lock, const void *value)
{
    struct verifier_remove_locks *locks = remove_locks();
    struct tag *tag = linux_allocate(sizeof(*tag));
    linux_lock(&locks->lock);
    struct tags *tags = verifier_table_find(&locks->tags, lock);
    if (tags && tag) {
        *tag = (struct tag){tags->first, value};
        tags->first = tag;
        tag = NULL;
    } else if (tags) {
        tags->is_unknown = TRUE;
    }
    linux_unlock(&locks->lock);
    linux_free(tag);
}

/* FALSE: nobody acquired it with that tag. */
static BOOLEAN take(const void *lock, const void *value)
{
    struct verifier_remove_locks *locks = remove_locks();
    linux_lock(&locks->lock);
    struct tags *tags = verifier_table_find(&locks->tags, lock);
    struct tag **link = tags ? &tags->first : NULL, *found = NULL;
    while (link && *link && (*link)->value != value)
        link = &(*link)->next;
    if (link && (found = *link) != NULL)
        *link = found->next;
    BOOLEAN is_fine = found || !tags || tags->is_unknown;
    linux_unlock(&locks->lock);
    linux_free(found);
    return is_fine;
}

static void released(const void *lock, const void *tag, const char *routine, const void *caller)
{
    ULONG_PTR parameters[3] = {(ULONG_PTR)lock, (ULONG_PTR)tag};
    if (!take(lock, tag) && verifier_checks(SB_VERIFY_IRP))
        verifier_report(RULE_REMOVE_LOCK_TAG, caller, parameters,
                        "%s was given the tag %p, with which nobody holds the remove lock at %p",
                        routine, tag, lock);
}

static VOID NTAPI watch_IoInitializeRemoveLockEx(PIO_REMOVE_LOCK lock, ULONG tag, ULONG minutes,
                                                 ULONG high_watermark, ULONG size)
{
    begin(lock);
    IoInitializeRemoveLockEx(lock, tag, minutes, high_watermark, size);
}
SB_WATCH("IoInitializeRemoveLockEx", watch_IoInitializeRemoveLockEx)

static NTSTATUS NTAPI watch_IoAcquireRemoveLockEx(PIO_REMOVE_LOCK lock, PVOID tag, PCSTR file,
                                                  ULONG line, ULONG size)
{
    NTSTATUS status = IoAcquireRemoveLockEx(lock, tag, file, line, size);
    if (NT_SUCCESS(status))
        acquired(lock, tag);
    return status;
}
SB_WATCH("IoAcquireRemoveLockEx", watch_IoAcquireRemoveLockEx)

static VOID NTAPI watch_IoReleaseRemoveLockEx(PIO_REMOVE_LOCK lock, PVOID tag, ULONG size)
{
    released(lock, tag, "IoReleaseRemoveLock", __builtin_return_address(0));
    IoReleaseRemoveLockEx(lock, tag, size);
}
SB_WATCH("IoReleaseRemoveLockEx", watch_IoReleaseRemoveLockEx)

static VOID NTAPI watch_IoReleaseRemoveLockAndWaitEx(PIO_REMOVE_LOCK lock, PVOID tag, ULONG size)
{
    released(lock, tag, "IoReleaseRemoveLockAndWait", __builtin_return_address(0));
    IoReleaseRemoveLockAndWaitEx(lock, tag, size);
}
SB_WATCH("IoReleaseRemoveLockAndWaitEx", watch_IoReleaseRemoveLockAndWaitEx)

NTSTATUS verifier_remove_locks_initialize(struct verifier_state *state)
{
    state->remove_locks = linux_allocate(sizeof(*state->remove_locks));
    return state->remove_locks ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

void verifier_remove_locks_destroy(struct verifier_state *state)
{
    struct tags *tags;
    SIZE_T position = 0;
    if (!state->remove_locks)
        return;
    while ((tags = verifier_table_next(&state->remove_locks->tags, &position)) != NULL) {
        drop_all(tags);
        linux_free(tags);
    }
    verifier_table_destroy(&state->remove_locks->tags);
    linux_free(state->remove_locks);
    state->remove_locks = NULL;
}
