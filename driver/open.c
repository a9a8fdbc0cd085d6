/*
 * The life of an open. FsContext of its file object is ours: struct sb_open_state, which the
 * driver's own context follows. FsContext2 marks an open that succeeded. NT sends CLOSE exactly for
 * those; Wine 8 lets a refused open happen and sends it calls and a CLOSE, which must find nothing
 * to work on. Wine 8 sends no CLEANUP either, so CLOSE does what CLEANUP does once more.
 */
#include "internal.h"

#include <sysbuf/ring_driver.h>

/*
 * A device without a namespace of its own has one name. Accepting \Device\Name\anything would let
 * two names mean one object ("Controlling Device Namespace Access"). And the I/O manager does not
 * count opens relative to an open handle against an exclusive device ("Specifying Exclusive Access
 * to Device Objects"), so those end here.
 */
static NTSTATUS check_name(const struct sb_driver *driver, PFILE_OBJECT file)
{
    if (file == NULL)
        return STATUS_INVALID_PARAMETER;
    if (file->FileName.Length != 0)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (driver->exclusive && file->RelatedFileObject != NULL)
        return STATUS_ACCESS_DENIED;
    return STATUS_SUCCESS;
}

static void enter(struct sb_device *device, struct sb_open_state *state)
{
    KIRQL irql;

    KeAcquireSpinLock(&device->lock, &irql);
    state->open.id = ++device->last_open_id;
    InsertTailList(&device->opens, &state->link);
    KeReleaseSpinLock(&device->lock, irql);
}

static void leave(struct sb_device *device, struct sb_open_state *state)
{
    KIRQL irql;

    KeAcquireSpinLock(&device->lock, &irql);
    RemoveEntryList(&state->link);
    KeReleaseSpinLock(&device->lock, irql);
}

static struct sb_open_state *new_state(struct sb_device *device)
{
    size_t size = sizeof(struct sb_open_state) + device->driver->open_context_size;
    struct sb_open_state *state = sb_allocate(device->driver, size);

    if (state == NULL)
        return NULL;
    RtlZeroMemory(state, size);
    state->device = device;
    state->open.context = device->driver->open_context_size != 0 ? state + 1 : NULL;
    state->open.process_id = (uint32_t)(ULONG_PTR)PsGetCurrentProcessId();
    InitializeListHead(&state->pended);
    InitializeListHead(&state->subscription.questions);
    sb_queue_initialize(&state->subscription.next);
    return state;
}

static NTSTATUS open(struct sb_device *device, PFILE_OBJECT file)
{
    const struct sb_driver *driver = device->driver;
    struct sb_open_state *state = new_state(device);
    NTSTATUS status = STATUS_SUCCESS;

    if (state == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    enter(device, state);
    if (driver->create != NULL)
        status = driver->create(&state->open);
    if (!NT_SUCCESS(status)) {
        leave(device, state);
        sb_free(driver, state);
        return status;
    }
    file->FsContext = state;
    file->FsContext2 = (void *)(ULONG_PTR)driver;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI sb_dispatch_create(PDEVICE_OBJECT device_object, PIRP irp)
{
    struct sb_device *device = sb_device_of(device_object);
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    NTSTATUS status;

    status = check_name(device->driver, file);
    if (NT_SUCCESS(status))
        status = open(device, file);
    sb_count(device, NT_SUCCESS(status) ? SB_COUNTER_OPENS : SB_COUNTER_OPENS_REFUSED);
    return sb_complete(irp, status, 0);
}

/* The last handle has gone: no call waits on the open from now on. */
static void end_waiting(struct sb_open_state *state)
{
    LIST_ENTRY list;
    KIRQL irql;

    InitializeListHead(&list);
    KeAcquireSpinLock(&state->device->lock, &irql);
    state->closing = TRUE;
    sb_pended_take_all_locked(state, NULL, &list);
    KeReleaseSpinLock(&state->device->lock, irql);
    sb_notify_end(state);
    sb_pended_cancel_all(state->device, &list);
}

/* The open's ring ends with its last handle; or at CLOSE, where no CLEANUP has come or the ring was
   still being opened then. */
static void end_ring(PDEVICE_OBJECT device, PFILE_OBJECT file)
{
    const struct sb_ring_service *service = sb_device_driver(device)->ring;

    if (service != NULL && file != NULL)
        service->channel->file_has_gone(device->DeviceExtension, file);
}

NTSTATUS NTAPI sb_dispatch_cleanup(PDEVICE_OBJECT device, PIRP irp)
{
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    struct sb_open_state *state = sb_open_of(sb_device_driver(device), file);

    end_ring(device, file);
    if (state != NULL)
        end_waiting(state);
    return sb_complete(irp, STATUS_SUCCESS, 0);
}

NTSTATUS NTAPI sb_dispatch_close(PDEVICE_OBJECT device_object, PIRP irp)
{
    struct sb_device *device = sb_device_of(device_object);
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    struct sb_open_state *state = sb_open_of(device->driver, file);

    if (state == NULL)
        return sb_complete(irp, STATUS_SUCCESS, 0);
    end_ring(device_object, file);
    end_waiting(state);
    file->FsContext2 = NULL;
    file->FsContext = NULL;
    if (device->driver->close != NULL)
        device->driver->close(state->open.context);
    leave(device, state);
    sb_free(device->driver, state);
    sb_count(device, SB_COUNTER_CLOSES);
    return sb_complete(irp, STATUS_SUCCESS, 0);
}
