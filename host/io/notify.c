/* IoRegisterPlugPlayNotification: device interfaces that come and go, devices that are open. */
#include "host/io/pnp.h"
#include "host/ke/ke.h"

struct io_notification {
    LIST_ENTRY link; /* io_state.notifications, host memory */
    IO_NOTIFICATION_EVENT_CATEGORY category;
    GUID class;            /* of interfaces */
    PFILE_OBJECT file;     /* on a target device; referenced */
    PDEVICE_OBJECT target; /* that device's physical one; only compared */
    PDRIVER_OBJECT driver; /* referenced */
    PDRIVER_NOTIFICATION_CALLBACK_ROUTINE routine;
    PVOID context;
};

static const GUID arrival = {
    0xcb3a4004, 0x46f0, 0x11d0, {0xb0, 0x8f, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3f}};
static const GUID removal = {
    0xcb3a4005, 0x46f0, 0x11d0, {0xb0, 0x8f, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3f}};

static void tell(const struct io_notification *to, const GUID *class, PUNICODE_STRING link,
                 BOOLEAN arrived)
{
    DEVICE_INTERFACE_CHANGE_NOTIFICATION change = {.Version = 1,
                                                   .Size = sizeof(change),
                                                   .Event = arrived ? arrival : removal,
                                                   .InterfaceClassGuid = *class,
                                                   .SymbolicLinkName = link};
    to->routine(&change, to->context);
}

/* What a registration must be about. */
struct subject {
    const GUID *class;
    PDEVICE_OBJECT target; /* NULL: the class's interfaces */
};

static BOOLEAN is_about(const struct io_notification *entry, const struct subject *subject)
{
    if (subject->target)
        return entry->category == EventCategoryTargetDeviceChange &&
               entry->target == subject->target;
    return entry->category == EventCategoryDeviceInterfaceChange &&
           __builtin_memcmp(&entry->class, subject->class, sizeof(GUID)) == 0;
}

/* The index-th registration about the subject, copied, its driver and file referenced. */
static BOOLEAN copy_nth(struct io_state *io, const struct subject *subject, ULONG index,
                        struct io_notification *copy)
{
    BOOLEAN found = FALSE;
    linux_lock(&io->lock);
    for (PLIST_ENTRY link = io->notifications.Flink; link != &io->notifications && !found;
         link = link->Flink) {
        struct io_notification *entry = CONTAINING_RECORD(link, struct io_notification, link);
        if (!is_about(entry, subject) || index-- > 0)
            continue;
        *copy = *entry;
        ob_reference(copy->driver);
        if (copy->file)
            ob_reference(copy->file);
        found = TRUE;
    }
    linux_unlock(&io->lock);
    return found;
}

static void let_go(const struct io_notification *entry)
{
    ob_dereference(entry->driver);
    if (entry->file)
        ob_dereference(entry->file);
}

void io_notify_interface(const GUID *class, PUNICODE_STRING link, BOOLEAN arrived)
{
    struct subject subject = {.class = class};
    struct io_notification entry;
    for (ULONG i = 0; copy_nth(current_machine()->io, &subject, i, &entry); i++) {
        tell(&entry, class, link, arrived);
        let_go(&entry);
    }
}

NTSTATUS io_notify_target(PDEVICE_OBJECT device, PVOID notification)
{
    struct subject subject = {.target = device};
    struct io_notification entry;
    NTSTATUS status = STATUS_SUCCESS;
    for (ULONG i = 0; copy_nth(current_machine()->io, &subject, i, &entry); i++) {
        ((PTARGET_DEVICE_REMOVAL_NOTIFICATION)notification)->FileObject = entry.file;
        NTSTATUS answer = entry.routine(notification, entry.context);
        if (!NT_SUCCESS(answer))
            status = answer;
        let_go(&entry);
    }
    return status;
}

static void tell_existing(PUNICODE_STRING link, void *context)
{
    const struct io_notification *entry = context;
    tell(entry, &entry->class, link, TRUE);
}

/* What the caller wants to hear of, as the category says. */
static NTSTATUS set_subject(struct io_notification *entry, PVOID data)
{
    if (entry->category == EventCategoryDeviceInterfaceChange) {
        entry->class = *(const GUID *)data;
    } else if (entry->category == EventCategoryTargetDeviceChange) {
        PDEVICE_OBJECT lowest = ((PFILE_OBJECT)data)->DeviceObject;
        while (io_device_extension_of(lowest)->attached_to)
            lowest = io_device_extension_of(lowest)->attached_to;
        if (!io_node_of(lowest))
            return STATUS_INVALID_DEVICE_REQUEST;
        entry->target = lowest;
        entry->file = data;
        ob_reference(data);
    } else if (entry->category != EventCategoryHardwareProfileChange) {
        return STATUS_NOT_SUPPORTED;
    }
    return STATUS_SUCCESS;
}

/* Hardware profiles never change here: such a registration is kept and never called. */
NTSTATUS NTAPI IoRegisterPlugPlayNotification(IO_NOTIFICATION_EVENT_CATEGORY category, ULONG flags,
                                              PVOID data, PDRIVER_OBJECT driver,
                                              PDRIVER_NOTIFICATION_CALLBACK_ROUTINE routine,
                                              PVOID context, PVOID *registered)
{
    struct io_state *io = current_machine()->io;
    struct io_notification *entry = linux_allocate(sizeof(*entry));
    if (!entry)
        return STATUS_INSUFFICIENT_RESOURCES;
    entry->category = category;
    NTSTATUS status = set_subject(entry, data);
    if (!NT_SUCCESS(status)) {
        linux_free(entry);
        return status;
    }
    entry->driver = driver;
    entry->routine = routine;
    entry->context = context;
    ob_reference(driver);
    linux_lock(&io->lock);
    InsertTailList(&io->notifications, &entry->link);
    linux_unlock(&io->lock);
    *registered = entry;
    if (category == EventCategoryDeviceInterfaceChange &&
        (flags & PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES))
        io_interfaces_visit(&entry->class, tell_existing, entry);
    return STATUS_SUCCESS;
}
SB_EXPORT(IoRegisterPlugPlayNotification)

NTSTATUS NTAPI IoUnregisterPlugPlayNotification(PVOID registered)
{
    struct io_state *io = current_machine()->io;
    struct io_notification *entry = registered;
    linux_lock(&io->lock);
    RemoveEntryList(&entry->link);
    linux_unlock(&io->lock);
    let_go(entry);
    linux_free(entry);
    return STATUS_SUCCESS;
}
SB_EXPORT(IoUnregisterPlugPlayNotification)
SB_EXPORT_AS("IoUnregisterPlugPlayNotificationEx", IoUnregisterPlugPlayNotification)
