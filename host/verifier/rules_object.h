/* Objects, handles, what is left at unload. See rules.h. */
RULE(RULE_DEVICE_LEFT, "device-left-at-unload", SB_VERIFY_UNLOAD, 0, 0,
     "The driver left a device object when it was unloaded",
     "The driver object stays, so the driver cannot be loaded again before a restart.",
     VERIFIER_DOCUMENTS "kernel/writing-an-unload-routine")
RULE(RULE_OBJECT_DEREFERENCED, "object-dereferenced-too-often", SB_VERIFY_OBJECTS, 0xC4, 0x3F,
     "An object was referenced or dereferenced without a reference to it",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION; without it the object is "
     "freed while others use it.",
     DOCUMENT_C4)
RULE(RULE_OBJECT_USED_FREED, "object-used-after-free", SB_VERIFY_OBJECTS, 0, 0,
     "An object was used after its last reference was gone",
     "Whatever is in that memory now is taken for the object.",
     VERIFIER_DOCUMENTS "kernel/life-cycle-of-an-object")
RULE(RULE_OBJECT_LEAKED, "object-reference-leaked", SB_VERIFY_OBJECTS, 0, 0,
     "The driver was unloaded with references to an object",
     "The object stays until the system is restarted.",
     VERIFIER_DOCUMENTS "kernel/life-cycle-of-an-object")
RULE(RULE_HANDLE_NOT_KERNEL, "handle-not-kernel", SB_VERIFY_OBJECTS, 0, 0,
     "The driver made a handle for itself in a process's table",
     "The application can close the handle or have it mean another object, which the driver then "
     "uses unchecked.",
     VERIFIER_DOCUMENTS "kernel/object-handles")
RULE(RULE_HANDLE_USER_AS_KERNEL, "handle-user-as-kernel", SB_VERIFY_OBJECTS, 0xC4, 0xF6,
     "A handle of an application was used with KernelMode",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION.", DOCUMENT_C4)
RULE(RULE_HANDLE_KERNEL_AS_USER, "handle-kernel-as-user", SB_VERIFY_OBJECTS, 0xC4, 0xF7,
     "A kernel handle was used with UserMode",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION.", DOCUMENT_C4)
RULE(RULE_HANDLE_NULL, "handle-null", SB_VERIFY_OBJECTS, 0xC4, 0xF5,
     "A NULL handle was used with KernelMode",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION.", DOCUMENT_C4)
RULE(RULE_HANDLE_BAD, "handle-bad", SB_VERIFY_OBJECTS, 0xC4, 0x3C,
     "A handle was used with KernelMode that is not open",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION.", DOCUMENT_C4)
RULE(RULE_HANDLE_CLOSE_INVALID, "handle-close-invalid", SB_VERIFY_OBJECTS, 0x93, 0,
     "A handle was closed that is not open",
     "Windows stops with INVALID_KERNEL_HANDLE, or another owner's handle is closed.",
     BUG_CHECK_DOCUMENT "0x93--invalid-kernel-handle")
RULE(RULE_HANDLE_ANY_TYPE, "handle-type-unchecked", SB_VERIFY_OBJECTS, 0, 0,
     "A handle from an application was taken for an object of any type",
     "The application chooses what kind of object the driver works on.",
     VERIFIER_DOCUMENTS "ddi/wdm/nf-wdm-obreferenceobjectbyhandle")
RULE(RULE_INITIALIZED_AGAIN, "initialized-again", SB_VERIFY_OBJECTS, 0xC4, 0xD0,
     "A resource or lookaside list was initialised a second time",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION (0xCA for lookaside lists); "
     "without it the system's list of them is damaged.",
     DOCUMENT_C4)
RULE(RULE_DELETED_UNINITIALIZED, "deleted-uninitialized", SB_VERIFY_OBJECTS, 0xC4, 0xD1,
     "A resource or lookaside list was deleted that is not initialised",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION (0xCB for lookaside lists); "
     "without it the system's list of them is damaged.",
     DOCUMENT_C4)
RULE(RULE_NAME_MALFORMED, "name-malformed", SB_VERIFY_OBJECTS, 0xC4, 0xE4,
     "A malformed UNICODE_STRING was given to a Zw routine",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION.", DOCUMENT_C4)
RULE(RULE_OPENED_FOR_CALLER, "opened-for-caller", SB_VERIFY_OBJECTS, 0, 0,
     "The driver opened with the kernel's rights what an ordinary user's request names",
     "The user reads, changes or ends by way of the driver what is closed to it.",
     VERIFIER_DOCUMENTS "kernel/object-handles")
RULE(RULE_DRIVE_OF_CALLER, "drive-of-caller", SB_VERIFY_OBJECTS, 0, 0,
     "The driver changes a file with the kernel's rights, by a drive letter of an ordinary user's",
     "The user has the letter lead elsewhere, and the driver change a file there.",
     VERIFIER_DOCUMENTS "kernel/object-handles")
RULE(RULE_HANDLE_LEAKED, "handle-leaked-at-unload", SB_VERIFY_OBJECTS, 0, 0,
     "The driver was unloaded and left a kernel handle open",
     "The handle and its object stay until the system is restarted.",
     VERIFIER_DOCUMENTS "kernel/object-handles")
