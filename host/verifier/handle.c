/* Handles: whose they are, and whose drivers take them for. */
#include <sysbuf/host.h>

#include "host/loader/loader.h"
#include "host/ps/ps.h"
#include "host/verifier/imports.h"
#include "host/verifier/object_state.h"

static BOOLEAN is_on(void)
{
    return verifier_objects() && verifier_checks(SB_VERIFY_OBJECTS);
}

static const void *key_of(const struct _EPROCESS *process, HANDLE handle)
{
    return (const void *)(process->unique << 32 | ((uint64_t)handle & 0x7FFFFFFCull));
}

/* The innermost driver that led here, by its return address; 0: an application did. */
static uint64_t calling_driver(void)
{
    uint64_t frame;
    return verifier_stack(&frame, 1) ? frame : 0;
}

void verifier_handle_created(struct _EPROCESS *process, HANDLE handle, void *object)
{
    struct verifier_objects *objects = verifier_objects();
    uint64_t caller = is_on() ? calling_driver() : 0;
    struct handle_record *record = caller ? linux_allocate(sizeof(*record)) : NULL;
    if (!record)
        return;
    *record = (struct handle_record){process, handle, caller,
                                     object_header_of(object)->type == &ps_thread_type, FALSE};
    linux_lock(&objects->lock);
    linux_free(verifier_table_remove(&objects->handles, key_of(process, handle)));
    if (!verifier_table_set(&objects->handles, key_of(process, handle), record))
        linux_free(record);
    linux_unlock(&objects->lock);
}

void verifier_handle_closed(struct _EPROCESS *process, HANDLE handle)
{
    struct verifier_objects *objects = verifier_objects();
    if (!is_on())
        return;
    linux_lock(&objects->lock);
    linux_free(verifier_table_remove(&objects->handles, key_of(process, handle)));
    linux_unlock(&objects->lock);
}

/* The record of a handle that is to be reported now: the first time. */
static BOOLEAN find_record(struct _EPROCESS *owner, HANDLE handle, struct handle_record *found)
{
    struct verifier_objects *objects = verifier_objects();
    linux_lock(&objects->lock);
    struct handle_record *record = verifier_table_find(&objects->handles, key_of(owner, handle));
    if (record) {
        *found = *record;
        record->is_reported = TRUE;
    }
    linux_unlock(&objects->lock);
    return record != NULL;
}

/* A handle of the application's table, used as the kernel's. */
static void check_user_handle(const struct verifier_handle_use *use, uint64_t caller)
{
    struct handle_record record;
    ULONG_PTR parameters[] = {(ULONG_PTR)use->handle, (ULONG_PTR)use->owner, 0};
    if (find_record(use->owner, use->handle, &record)) {
        if (!record.is_reported && !record.is_of_thread)
            verifier_report(RULE_HANDLE_NOT_KERNEL, (void *)record.caller, parameters,
                            "handle 0x%llx was made here without OBJ_KERNEL_HANDLE in a process's "
                            "context, and the driver uses it itself: the application can close or "
                            "replace it",
                            use->handle);
        return;
    }
    verifier_report(RULE_HANDLE_USER_AS_KERNEL, (void *)caller, parameters,
                    "handle 0x%llx is the application's and was %s with KernelMode: no access "
                    "was checked",
                    use->handle, use->closes ? "closed" : "used");
}

static void check_invalid(const struct verifier_handle_use *use, uint64_t caller)
{
    ULONG_PTR parameters[] = {(ULONG_PTR)use->handle, 0, 0};
    if (use->closes && use->handle)
        verifier_report(RULE_HANDLE_CLOSE_INVALID, (void *)caller, parameters,
                        "handle 0x%llx was closed, which is not open (any more)", use->handle);
    else if (!use->closes && !use->handle)
        verifier_report(RULE_HANDLE_NULL, (void *)caller, parameters,
                        "a NULL handle was used with KernelMode");
    else if (!use->closes)
        verifier_report(RULE_HANDLE_BAD, (void *)caller, parameters,
                        "handle 0x%llx was used with KernelMode and is not open", use->handle);
}

void verifier_handle_used(const struct verifier_handle_use *use)
{
    struct handle_record record;
    if (!is_on())
        return;
    BOOLEAN is_kernel = use->owner == use->owner->machine->ps->system_process;
    if (use->mode == KernelMode && is_kernel && NT_SUCCESS(use->status))
        return;
    if (use->mode != KernelMode && !is_kernel)
        return; /* an application's own, as it should be */
    uint64_t caller = calling_driver();
    if (!caller)
        return;
    if (use->mode != KernelMode) {
        if (!is_kernel || !find_record(use->owner, use->handle, &record) || record.is_reported)
            return;
        verifier_report(
            RULE_HANDLE_KERNEL_AS_USER, (void *)caller, (ULONG_PTR[]){(ULONG_PTR)use->handle, 0, 0},
            "the driver's own kernel handle 0x%llx was used with UserMode", use->handle);
    } else if (use->status == STATUS_INVALID_HANDLE) {
        check_invalid(use, caller);
    } else if (!is_kernel) {
        check_user_handle(use, caller);
    }
}

/* Drivers for any kind of object find out the type afterwards; of its own handle a driver knows it.
 */
void verifier_handle_any_type(HANDLE handle, KPROCESSOR_MODE mode, void *caller)
{
    uint64_t driver = (uint64_t)caller;
    struct handle_record record;
    if (!is_on() || (LONG_PTR)handle < 0 || !loader_find(current_machine(), driver) ||
        verifier_imports(driver, "ObGetObjectType") ||
        verifier_imports(driver, "ObQueryNameString") ||
        find_record(current_thread()->Tcb.process, handle, &record))
        return;
    verifier_report(RULE_HANDLE_ANY_TYPE, caller,
                    (ULONG_PTR[]){(ULONG_PTR)handle, (ULONG_PTR)mode, 0},
                    "ObReferenceObjectByHandle was called without an object type for the "
                    "application's handle 0x%llx: the object may be of any",
                    handle);
}

static BOOLEAN take_left(const struct _EPROCESS *process, const uint8_t *base, SIZE_T size,
                         struct handle_record *left)
{
    struct verifier_objects *objects = verifier_objects();
    struct handle_record *record;
    SIZE_T position = 0;
    BOOLEAN found = FALSE;
    linux_lock(&objects->lock);
    while (!found && (record = verifier_table_next(&objects->handles, &position)) != NULL) {
        found =
            process ? record->process == process : verifier_is_inside(record->caller, base, size);
        if (!found)
            continue;
        *left = *record;
        verifier_table_remove(&objects->handles, key_of(record->process, record->handle));
        linux_free(record);
    }
    linux_unlock(&objects->lock);
    return found;
}

void verifier_handle_report_left(const uint8_t *base, SIZE_T size)
{
    struct handle_record left;
    while (take_left(NULL, base, size, &left))
        if ((LONG_PTR)left.handle < 0)
            verifier_report(RULE_HANDLE_LEAKED, (void *)left.caller,
                            (ULONG_PTR[]){(ULONG_PTR)left.handle, 0, 0},
                            "the driver was unloaded and left open the kernel handle 0x%llx that "
                            "it made here",
                            left.handle);
}

void verifier_handle_process_exit(struct _EPROCESS *process)
{
    struct handle_record left;
    while (is_on() && take_left(process, NULL, 0, &left))
        ;
}
