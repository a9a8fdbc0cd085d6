/* What is left when a driver is gone. See rules.h. */
#define DOCUMENT_UNLOAD VERIFIER_DOCUMENTS "kernel/writing-an-unload-routine"
#define STOPS_CE                                                                                 \
    "The system stops with DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS when it calls " \
    "the driver's code, which is gone."
#define DOCUMENT_CE BUG_CHECK_DOCUMENT "0xce--driver-unloaded-without-cancelling-pending-operations"
#define LEFT_RULE(name, identifier, what) \
    RULE(name, identifier, SB_VERIFY_UNLOAD, 0xCE, 0, what, STOPS_CE, DOCUMENT_CE)

RULE(
    RULE_LEFT_LINK, "symbolic-link-left-at-unload", SB_VERIFY_UNLOAD, 0, 0,
    "The driver left a symbolic link when it was unloaded",
    "The name leads nowhere, and loading the driver again fails with STATUS_OBJECT_NAME_COLLISION.",
    DOCUMENT_UNLOAD)
LEFT_RULE(RULE_LEFT_PROCESS_NOTIFY, "process-notify-left-at-unload",
          "The driver left a process notify routine when it was unloaded")
LEFT_RULE(RULE_LEFT_THREAD_NOTIFY, "thread-notify-left-at-unload",
          "The driver left a thread notify routine when it was unloaded")
LEFT_RULE(RULE_LEFT_IMAGE_NOTIFY, "image-notify-left-at-unload",
          "The driver left a load-image notify routine when it was unloaded")
LEFT_RULE(RULE_LEFT_REGISTRY_CALLBACK, "registry-callback-left-at-unload",
          "The driver left a registry callback when it was unloaded")
LEFT_RULE(RULE_LEFT_OBJECT_CALLBACK, "object-callback-left-at-unload",
          "The driver left object callbacks when it was unloaded")
LEFT_RULE(RULE_LEFT_CALLBACK, "callback-left-at-unload",
          "The driver left a callback routine registered when it was unloaded")
LEFT_RULE(RULE_LEFT_PNP_NOTIFY, "pnp-notification-left-at-unload",
          "The driver left a plug and play notification when it was unloaded")
LEFT_RULE(RULE_LEFT_POWER_SETTING, "power-setting-callback-left-at-unload",
          "The driver left a power setting callback when it was unloaded")
LEFT_RULE(RULE_LEFT_BUG_CHECK, "bug-check-callback-left-at-unload",
          "The driver left a bug check callback when it was unloaded")
RULE(RULE_LEFT_ETW, "etw-registration-left-at-unload", SB_VERIFY_UNLOAD, 0xC4, 0xDD,
     "The driver was unloaded without EtwUnregister",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION.", DOCUMENT_C4)
RULE(RULE_LEFT_WMI, "wmi-registration-left-at-unload", SB_VERIFY_UNLOAD, 0xC4, 0xDA,
     "The driver was unloaded without deregistering from WMI",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION.", DOCUMENT_C4)
RULE(RULE_LEFT_LOOKASIDE, "lookaside-list-left-at-unload", SB_VERIFY_UNLOAD, 0, 0,
     "The driver left a lookaside list when it was unloaded",
     "The system's list of lookaside lists leads into memory that is gone.",
     VERIFIER_DOCUMENTS "kernel/using-lookaside-lists")
RULE(RULE_LEFT_RESOURCE, "resource-left-at-unload", SB_VERIFY_UNLOAD, 0, 0,
     "The driver left a resource (ERESOURCE) when it was unloaded",
     "The system's list of resources leads into memory that is gone.",
     VERIFIER_DOCUMENTS "ddi/wdm/nf-wdm-exdeleteresourcelite")
LEFT_RULE(RULE_LEFT_TIMER, "timer-left-at-unload",
          "The driver left a timer running when it was unloaded")
LEFT_RULE(RULE_LEFT_DPC, "dpc-left-at-unload", "The driver left a DPC queued when it was unloaded")
LEFT_RULE(RULE_LEFT_WORK, "work-item-left-at-unload",
          "The driver left a work item queued or running when it was unloaded")
LEFT_RULE(RULE_LEFT_THREAD, "thread-left-at-unload",
          "The driver left a system thread running when it was unloaded")
LEFT_RULE(RULE_LEFT_ROUTINE, "completion-routine-left-at-unload",
          "The driver left an IRP with a completion routine of its own when it was unloaded")
RULE(RULE_LEFT_IRP, "irp-left-at-unload", SB_VERIFY_UNLOAD, 0, 0,
     "The driver left an IRP that it allocated when it was unloaded", "The memory is lost.",
     VERIFIER_DOCUMENTS "ddi/wdm/nf-wdm-iofreeirp")
