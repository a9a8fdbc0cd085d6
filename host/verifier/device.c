/* In front of the routines that delete and detach devices; and how AddDevice left them. */
#include <sysbuf/host.h>

#include "host/io/io.h"
#include "host/verifier/interpose.h"
#include "host/verifier/lock.h"
#include "host/verifier/made.h"
#include "host/verifier/watch.h"

static VOID NTAPI watch_IoDeleteDevice(PDEVICE_OBJECT device)
{
    const void *caller = __builtin_return_address(0);
    struct io_device_extension *extension = io_device_extension_of(device);
    ULONG_PTR parameters[3] = {(ULONG_PTR)caller, 0, (ULONG_PTR)device};
    BOOLEAN checks = verifier_checks(SB_VERIFY_IRP);
    if (extension->delete_pending) {
        if (checks)
            verifier_report(RULE_DEVICE_DELETED_TWICE, caller, parameters,
                            "the device object at %p was deleted before", device);
        return; /* it goes with its last reference */
    }
    if (extension->attached_to && checks)
        verifier_report(RULE_DEVICE_DELETED_ATTACHED, caller, parameters,
                        "the device object at %p was deleted while it is attached to the one at %p",
                        device, extension->attached_to);
    verifier_unmade(MADE_DEVICE, (uint64_t)device);
    verifier_locks_forget(device, device->Size); /* the extension's are not used any more */
    IoDeleteDevice(device);
}
SB_WATCH("IoDeleteDevice", watch_IoDeleteDevice)

static VOID NTAPI watch_IoDetachDevice(PDEVICE_OBJECT target)
{
    const void *caller = __builtin_return_address(0);
    ULONG_PTR parameters[3] = {(ULONG_PTR)caller, 0, (ULONG_PTR)target};
    if (!target->AttachedDevice && verifier_checks(SB_VERIFY_IRP)) {
        verifier_report(RULE_DEVICE_DETACHED_NOTHING, caller, parameters,
                        "nothing is attached to the device object at %p", target);
        return;
    }
    IoDetachDevice(target);
}
SB_WATCH("IoDetachDevice", watch_IoDetachDevice)

static void check(PDEVICE_OBJECT device, BOOLEAN added)
{
    const ULONG both = DO_BUFFERED_IO | DO_DIRECT_IO;
    const void *maker = verifier_maker(MADE_DEVICE, (uint64_t)device);
    ULONG_PTR parameters[3] = {0, 0, (ULONG_PTR)device};
    if ((device->Flags & both) == both)
        verifier_report(
            RULE_DEVICE_BOTH_METHODS, maker, parameters,
            "the device object at %p made here has both DO_BUFFERED_IO and DO_DIRECT_IO", device);
    if (added && (device->Flags & DO_DEVICE_INITIALIZING))
        verifier_report(
            RULE_DEVICE_INITIALIZING, maker, parameters,
            "AddDevice returned with DO_DEVICE_INITIALIZING set in the device object at "
            "%p made here",
            device);
}

void verifier_check_devices(PDRIVER_OBJECT driver, BOOLEAN added)
{
    if (!verifier_checks(SB_VERIFY_IRP))
        return;
    for (PDEVICE_OBJECT device = driver->DeviceObject; device; device = device->NextDevice)
        check(device, added);
}
