/* Who wants to know of the machine's end, and drivers that want to be called again once others have
 * started. */
#include "host/io/io.h"
#include "host/ke/ke.h"
#include "host/mm/mm.h"

enum { FIRST_CHANCE, LAST_CHANCE };

struct io_shutdown {
    LIST_ENTRY link;
    PDEVICE_OBJECT device; /* referenced */
};

static NTSTATUS enter(PDEVICE_OBJECT device, int chance)
{
    struct io_state *io = current_machine()->io;
    struct io_shutdown *entry = linux_allocate(sizeof(*entry));
    if (!entry)
        return STATUS_INSUFFICIENT_RESOURCES;
    ob_reference(device);
    entry->device = device;
    linux_lock(&io->lock);
    InsertHeadList(&io->shutdown[chance], &entry->link); /* the last to come is told first */
    device->Flags |= DO_SHUTDOWN_REGISTERED;
    linux_unlock(&io->lock);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoRegisterShutdownNotification(PDEVICE_OBJECT device)
{
    return enter(device, FIRST_CHANCE);
}
SB_EXPORT(IoRegisterShutdownNotification)

NTSTATUS NTAPI IoRegisterLastChanceShutdownNotification(PDEVICE_OBJECT device)
{
    return enter(device, LAST_CHANCE);
}
SB_EXPORT(IoRegisterLastChanceShutdownNotification)

/* The first entry of a list, or device's; out of the list, the caller's. */
static struct io_shutdown *take(struct io_state *io, int chance, PDEVICE_OBJECT device)
{
    struct io_shutdown *found = NULL;
    PLIST_ENTRY head = &io->shutdown[chance];
    linux_lock(&io->lock);
    for (PLIST_ENTRY link = head->Flink; link != head && !found; link = link->Flink) {
        struct io_shutdown *entry = CONTAINING_RECORD(link, struct io_shutdown, link);
        if (!device || entry->device == device)
            found = entry;
    }
    if (found) {
        RemoveEntryList(&found->link);
        if (device)
            device->Flags &= ~(ULONG)DO_SHUTDOWN_REGISTERED;
    }
    linux_unlock(&io->lock);
    return found;
}

static void drop(struct io_shutdown *entry)
{
    ob_dereference(entry->device);
    linux_free(entry);
}

VOID NTAPI IoUnregisterShutdownNotification(PDEVICE_OBJECT device)
{
    struct io_state *io = object_header_of(device)->machine->io;
    struct io_shutdown *entry;
    for (int chance = FIRST_CHANCE; chance <= LAST_CHANCE; chance++)
        while ((entry = take(io, chance, device)) != NULL)
            drop(entry);
}
SB_EXPORT(IoUnregisterShutdownNotification)

void io_shutdown(struct machine *machine)
{
    struct io_state *io = machine->io;
    struct io_shutdown *entry;
    io->is_shut_down = TRUE;
    for (int chance = FIRST_CHANCE; chance <= LAST_CHANCE; chance++) {
        while ((entry = take(io, chance, NULL)) != NULL) {
            io_send_minor(entry->device, IRP_MJ_SHUTDOWN, 0, NULL, NULL, NULL);
            drop(entry);
        }
    }
}

/* ---- reinitialisation ---- */
struct io_reinitialize {
    LIST_ENTRY link;
    struct io_driver *driver;
    PDRIVER_REINITIALIZE routine;
    PVOID context;
};

static VOID add_reinitialize(PDRIVER_OBJECT driver, PDRIVER_REINITIALIZE routine, PVOID context,
                             BOOLEAN boot)
{
    struct io_state *io = current_machine()->io;
    struct io_reinitialize *entry = linux_allocate(sizeof(*entry));
    if (!entry)
        return; /* as on NT: the routine is not called */
    entry->driver = (struct io_driver *)driver;
    entry->routine = routine;
    entry->context = context;
    linux_lock(&io->lock);
    InsertTailList(boot ? &io->boot_reinitialize : &io->reinitialize, &entry->link);
    linux_unlock(&io->lock);
}

VOID NTAPI IoRegisterDriverReinitialization(PDRIVER_OBJECT driver, PDRIVER_REINITIALIZE routine,
                                            PVOID context)
{
    add_reinitialize(driver, routine, context, FALSE);
}
SB_EXPORT(IoRegisterDriverReinitialization)

VOID NTAPI IoRegisterBootDriverReinitialization(PDRIVER_OBJECT driver, PDRIVER_REINITIALIZE routine,
                                                PVOID context)
{
    add_reinitialize(driver, routine, context, TRUE);
}
SB_EXPORT(IoRegisterBootDriverReinitialization)

static struct io_reinitialize *take_reinitialize(struct io_state *io, PLIST_ENTRY head,
                                                 struct io_driver *driver)
{
    struct io_reinitialize *found = NULL;
    linux_lock(&io->lock);
    for (PLIST_ENTRY link = head->Flink; link != head && !found; link = link->Flink) {
        struct io_reinitialize *entry = CONTAINING_RECORD(link, struct io_reinitialize, link);
        if (entry->driver == driver)
            found = entry;
    }
    if (found)
        RemoveEntryList(&found->link);
    linux_unlock(&io->lock);
    return found;
}

/* A routine may register again: it is then called once more, with a higher count. */
void io_run_reinitialize(struct io_driver *driver)
{
    struct io_state *io = current_machine()->io;
    PLIST_ENTRY lists[] = {&io->boot_reinitialize, &io->reinitialize};
    struct io_reinitialize *entry;
    for (ULONG i = 0; i < RTL_NUMBER_OF(lists); i++) {
        while ((entry = take_reinitialize(io, lists[i], driver)) != NULL) {
            driver->extension.Count = ++driver->reinitialize_count;
            entry->routine(&driver->driver, entry->context, driver->reinitialize_count);
            linux_free(entry);
        }
    }
}
