/* IoRegisterPlugPlayNotification: device interfaces that come and go. */
#include "host/io/pnp.h"
#include "host/ke/ke.h"

struct io_notification {
    LIST_ENTRY link; /* io_state.notifications, host memory */
    IO_NOTIFICATION_EVENT_CATEGORY category;
    GUID class;
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

/* The index-th registration for the class, copied, its driver referenced. */
static BOOLEAN copy_nth(struct io_state *io, const GUID *class, ULONG index,
                        struct io_notification *copy)
{
    BOOLEAN found = FALSE;
    linux_lock(&io->lock);
    for (PLIST_ENTRY link = io->notifications.Flink; link != &io->notifications && !found;
         link = link->Flink) {
        struct io_notification *entry = CONTAINING_RECORD(link, struct io_notification, link);
        if (entry->category != EventCategoryDeviceInterfaceChange ||
            __builtin_memcmp(&entry->class, class, sizeof(*class)) != 0 || index-- > 0)
            continue;
        *copy = *entry;
        ob_reference(copy->driver);
        found = TRUE;
    }
    linux_unlock(&io->lock);
    return found;
}

void io_notify_interface(const GUID *class, PUNICODE_STRING link, BOOLEAN arrived)
{
    struct io_notification entry;
    for (ULONG i = 0; copy_nth(current_machine()->io, class, i, &entry); i++) {
        tell(&entry, class, link, arrived);
        ob_dereference(entry.driver);
    }
}

static void tell_existing(PUNICODE_STRING link, void *context)
{
    const struct io_notification *entry = context;
    tell(entry, &entry->class, link, TRUE);
}

/* Hardware profiles never change here: such a registration is kept and never called. */
NTSTATUS NTAPI IoRegisterPlugPlayNotification(IO_NOTIFICATION_EVENT_CATEGORY category, ULONG flags,
                                              PVOID data, PDRIVER_OBJECT driver,
                                              PDRIVER_NOTIFICATION_CALLBACK_ROUTINE routine,
                                              PVOID context, PVOID *registered)
{
    struct io_state *io = current_machine()->io;
    if (category != EventCategoryDeviceInterfaceChange &&
        category != EventCategoryHardwareProfileChange)
        return STATUS_NOT_SUPPORTED;
    struct io_notification *entry = linux_allocate(sizeof(*entry));
    if (!entry)
        return STATUS_INSUFFICIENT_RESOURCES;
    entry->category = category;
    if (category == EventCategoryDeviceInterfaceChange)
        entry->class = *(const GUID *)data;
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
    ob_dereference(entry->driver);
    linux_free(entry);
    return STATUS_SUCCESS;
}
SB_EXPORT(IoUnregisterPlugPlayNotification)
SB_EXPORT_AS("IoUnregisterPlugPlayNotificationEx", IoUnregisterPlugPlayNotification)
