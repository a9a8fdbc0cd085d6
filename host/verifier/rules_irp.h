/* IRPs and devices. See rules.h. */
#define STOPS_C9 "Driver Verifier stops with DRIVER_VERIFIER_IOMANAGER_VIOLATION."

RULE(RULE_IRP_FREED_BAD, "irp-freed-bad", SB_VERIFY_IRP, 0xC9, 0x01,
     "IoFreeIrp was given what is no IRP, or none any more",
     "Driver Verifier stops with DRIVER_VERIFIER_IOMANAGER_VIOLATION; without it the system stops "
     "with MULTIPLE_IRP_COMPLETE_REQUESTS.",
     DOCUMENT_C9)
RULE(RULE_IRP_FREED_THREADED, "irp-freed-threaded", SB_VERIFY_IRP, 0xC9, 0x02,
     "IoFreeIrp was given an IRP that is still associated with a thread", STOPS_C9, DOCUMENT_C9)
RULE(RULE_IRP_BAD_TYPE, "irp-sent-bad", SB_VERIFY_IRP, 0xC9, 0x03,
     "IoCallDriver was given what is no IRP", STOPS_C9, DOCUMENT_C9)
RULE(RULE_IRP_BAD_DEVICE, "irp-sent-to-invalid-device", SB_VERIFY_IRP, 0xC9, 0x04,
     "IoCallDriver was given an invalid device object", STOPS_C9, DOCUMENT_C9)
RULE(RULE_IRP_NO_DEVICE, "irp-sent-to-no-device", SB_VERIFY_IRP, 0xC9, 0x204,
     "IoCallDriver was given NULL as the device object", STOPS_C9, DOCUMENT_C9)
RULE(RULE_IRP_SENT_HIGH, "irp-sent-irql", SB_VERIFY_IRP, 0xC9, 0x10,
     "IoCallDriver was called above DISPATCH_LEVEL", STOPS_C9, DOCUMENT_C9)
RULE(RULE_IRP_SENT_CANCELABLE, "irp-sent-with-cancel-routine", SB_VERIFY_IRP, 0xC9, 0x203,
     "An IRP was sent on without setting its cancel routine to NULL", STOPS_C9, DOCUMENT_C9)
RULE(RULE_IRP_COPIED_ROUTINE, "irp-completion-routine-copied", SB_VERIFY_IRP, 0xC9, 0x207,
     "A stack location was copied by hand, with the completion routine of the driver above",
     "Driver Verifier stops with DRIVER_VERIFIER_IOMANAGER_VIOLATION; without it the routine runs "
     "twice.",
     DOCUMENT_C9)
RULE(RULE_IRP_USER_ADDRESS, "irp-kernel-mode-user-address", SB_VERIFY_IRP, 0xC4, 0xE2,
     "An IRP of the kernel's own was sent with a user address in it",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION; without it lower drivers use "
     "the address unchecked.",
     DOCUMENT_C4)
RULE(RULE_IRP_NO_LOCATION, "irp-no-stack-location", SB_VERIFY_IRP, 0x35, 0,
     "An IRP was sent on although it has no stack location left",
     "The system stops with NO_MORE_IRP_STACK_LOCATIONS.",
     BUG_CHECK_DOCUMENT "0x35--no-more-irp-stack-locations")
RULE(RULE_IRP_COMPLETED_PENDING, "irp-completed-pending", SB_VERIFY_IRP, 0xC9, 0x06,
     "IoCompleteRequest was called with STATUS_PENDING in the status block", STOPS_C9, DOCUMENT_C9)
RULE(RULE_IRP_COMPLETED_GARBAGE, "irp-completed-garbage-status", SB_VERIFY_IRP, 0xC9, 0x21B,
     "IoCompleteRequest was called with a status that is none", STOPS_C9, DOCUMENT_C9)
RULE(RULE_IRP_COMPLETED_CANCELABLE, "irp-completed-with-cancel-routine", SB_VERIFY_IRP, 0xC9, 0x07,
     "IoCompleteRequest was called while the cancel routine was still set",
     "Driver Verifier stops with DRIVER_VERIFIER_IOMANAGER_VIOLATION; without it a cancellation "
     "that comes meanwhile completes the request twice.",
     DOCUMENT_C9)
RULE(RULE_IRP_COMPLETED_HIGH, "irp-completed-irql", SB_VERIFY_IRP, 0xC9, 0x0E,
     "IoCompleteRequest was called above DISPATCH_LEVEL", STOPS_C9, DOCUMENT_C9)
RULE(RULE_IRP_COMPLETED_LOCKED, "irp-completed-holding-spin-lock", SB_VERIFY_IRP, 0, 0,
     "IoCompleteRequest was called with a spin lock held",
     "A completion routine that comes back to the driver deadlocks.",
     VERIFIER_DOCUMENTS "ddi/wdm/nf-wdm-iocompleterequest")
RULE(RULE_IRP_COMPLETED_TWICE, "irp-completed-twice", SB_VERIFY_IRP, 0x44, 0,
     "IoCompleteRequest was called for an IRP that is completed already",
     "The system stops with MULTIPLE_IRP_COMPLETE_REQUESTS, or another request is completed.",
     BUG_CHECK_DOCUMENT "0x44--multiple-irp-complete-requests")
RULE(RULE_IRP_USED_AFTER, "irp-used-after-completion", SB_VERIFY_IRP, 0xC9, 0x205,
     "An IRP was used after it was completed or freed",
     "Driver Verifier stops with DRIVER_VERIFIER_IOMANAGER_VIOLATION; without it the memory may be "
     "another request's by then.",
     DOCUMENT_C9)
RULE(RULE_IRP_FREED_IN_USE, "irp-freed-in-use", SB_VERIFY_IRP, 0xC9, 0x20B,
     "IoFreeIrp was given an IRP that is still in use", STOPS_C9, DOCUMENT_C9)
RULE(RULE_IRP_STATUS_DIFFERS, "irp-status-differs", SB_VERIFY_IRP, 0xC9, 0x224,
     "A dispatch routine returned another status than it completed the request with", STOPS_C9,
     DOCUMENT_C9)
RULE(RULE_IRP_GARBAGE_ANSWER, "irp-returned-garbage-status", SB_VERIFY_IRP, 0xC9, 0x225,
     "A dispatch routine returned a status that is none (0xFFFFFFFF)", STOPS_C9, DOCUMENT_C9)
RULE(RULE_IRP_UNFINISHED, "irp-neither-completed-nor-pending", SB_VERIFY_IRP, 0xC9, 0x226,
     "A dispatch routine returned without completing the request, sending it on or pending it",
     "Driver Verifier stops with DRIVER_VERIFIER_IOMANAGER_VIOLATION; without it the request never "
     "ends, and its process cannot either.",
     DOCUMENT_C9)
RULE(RULE_IRP_PENDING_NOT_MARKED, "irp-pending-not-marked", SB_VERIFY_IRP, 0xC9, 0x23D,
     "A dispatch routine returned STATUS_PENDING for a request that was not marked pending",
     "Driver Verifier stops with DRIVER_VERIFIER_IOMANAGER_VIOLATION; without it the caller is "
     "never "
     "told of the end.",
     DOCUMENT_C9)
RULE(RULE_IRP_MARKED_NOT_RETURNED, "irp-marked-pending-not-returned", SB_VERIFY_IRP, 0xC9, 0x23E,
     "A request was marked pending and its dispatch routine did not return STATUS_PENDING",
     "Driver Verifier stops with DRIVER_VERIFIER_IOMANAGER_VIOLATION; without it the caller may be "
     "told twice.",
     DOCUMENT_C9)
RULE(RULE_IRP_CANCEL_TIMEOUT, "irp-cancel-timeout", SB_VERIFY_IRP, 0xC4, 0x135,
     "A cancelled request was not completed in time",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION; without it the process cannot "
     "end while the request is pending.",
     DOCUMENT_C4)
RULE(RULE_REMOVE_LOCK_TAG, "remove-lock-tag", SB_VERIFY_IRP, 0xC4, 0xD5,
     "A remove lock was released with a tag with which it was not acquired",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION (0xD6 where the release also "
     "waits).",
     DOCUMENT_C4)
RULE(RULE_DEVICE_DELETED_TWICE, "device-deleted-twice", SB_VERIFY_IRP, 0xC9, 0x240,
     "IoDeleteDevice was called for a device that is deleted already", STOPS_C9, DOCUMENT_C9)
RULE(RULE_DEVICE_DELETED_ATTACHED, "device-deleted-attached", SB_VERIFY_IRP, 0xC9, 0x201,
     "A device was deleted while it was attached to another", STOPS_C9, DOCUMENT_C9)
RULE(RULE_DEVICE_DETACHED_NOTHING, "device-detached-from-nothing", SB_VERIFY_IRP, 0xC9, 0x202,
     "IoDetachDevice was called for a device that nothing is attached to", STOPS_C9, DOCUMENT_C9)
RULE(RULE_DEVICE_BOTH_METHODS, "device-buffered-and-direct", SB_VERIFY_IRP, 0xC9, 0x245,
     "A device has both DO_BUFFERED_IO and DO_DIRECT_IO", STOPS_C9, DOCUMENT_C9)
RULE(RULE_DEVICE_INITIALIZING, "device-left-initializing", SB_VERIFY_IRP, 0xC9, 0x243,
     "AddDevice left DO_DEVICE_INITIALIZING set",
     "Driver Verifier stops with DRIVER_VERIFIER_IOMANAGER_VIOLATION; without it the device cannot "
     "be opened.",
     DOCUMENT_C9)
RULE(RULE_REQUEST_STUCK, "request-stuck", SB_VERIFY_IRP, 0, 0,
     "A routine of the driver does not return",
     "The thread hangs for ever, and with it whoever waits for it; above PASSIVE_LEVEL the system "
     "stops with DPC_WATCHDOG_VIOLATION.",
     BUG_CHECK_DOCUMENT "0x133-dpc-watchdog-violation")
RULE(RULE_UNLOAD_STUCK, "unload-stuck", SB_VERIFY_UNLOAD, 0, 0, "DriverUnload does not return",
     "The service control manager waits for ever; the driver cannot be replaced before a restart.",
     VERIFIER_DOCUMENTS "kernel/writing-an-unload-routine")
