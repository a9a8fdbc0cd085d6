/* MDLs, user memory, replies. See rules.h. */
RULE(RULE_REPLY_TOO_LONG, "reply-too-long", SB_VERIFY_REPLY, 0, 0,
     "The request was completed with Information above the caller's output length",
     "The I/O manager copies as many bytes as Information says: kernel memory behind the system "
     "buffer reaches the caller, and the caller's memory behind its buffer is overwritten.",
     VERIFIER_DOCUMENTS "kernel/failure-to-check-the-size-of-buffers")
RULE(RULE_REPLY_UNWRITTEN, "reply-unwritten", SB_VERIFY_REPLY, 0, 0,
     "The reply has bytes that the driver never wrote",
     "The caller is given what was in that memory before: the kernel's data, or another "
     "application's.",
     VERIFIER_DOCUMENTS "kernel/failure-to-initialize-output-buffers")
RULE(RULE_KERNEL_ADDRESS_DISCLOSED, "kernel-address-disclosed", SB_VERIFY_REPLY, 0, 0,
     "The reply has an address of the kernel",
     "The caller learns where the kernel's memory lies, which address space randomization is to "
     "hide.",
     VERIFIER_DOCUMENTS "driversecurity/driver-security-checklist")
RULE(RULE_USER_UNPROBED, "user-memory-unprobed", SB_VERIFY_USER, 0, 0,
     "The driver used an address from its caller that was not probed",
     "The caller can have the driver read or write any memory of the kernel.",
     VERIFIER_DOCUMENTS "kernel/errors-in-referencing-user-space-addresses")
RULE(RULE_USER_BEYOND_PROBE, "user-memory-beyond-probe", SB_VERIFY_USER, 0, 0,
     "The driver used user memory behind the range that it probed",
     "The caller can place the probed part at the end of its memory and have the driver use the "
     "kernel's behind it.",
     VERIFIER_DOCUMENTS "kernel/errors-in-referencing-user-space-addresses")
RULE(RULE_USER_PROBED_EMPTY, "user-memory-probed-empty", SB_VERIFY_USER, 0, 0,
     "The driver probed user memory with length 0 and then used it",
     "A probe of length 0 checks nothing: the caller can have the driver read or write any memory "
     "of the kernel.",
     VERIFIER_DOCUMENTS "ddi/wdm/nf-wdm-probeforread")
RULE(RULE_USER_UNGUARDED, "user-memory-unguarded", SB_VERIFY_USER, 0, 0,
     "The driver used user memory outside of any __try",
     "The system stops when the application takes the memory away or protects it meanwhile.",
     VERIFIER_DOCUMENTS "kernel/errors-in-referencing-user-space-addresses")
RULE(RULE_USER_WRONG_PROCESS, "user-memory-wrong-process", SB_VERIFY_USER, 0, 0,
     "The driver used a user address in a thread of another process",
     "The address means other memory there, or none: the wrong process is read or damaged.",
     VERIFIER_DOCUMENTS "kernel/errors-in-referencing-user-space-addresses")
RULE(RULE_DOUBLE_FETCH, "user-memory-fetched-twice", SB_VERIFY_USER, 0, 0,
     "The driver read the same user memory twice",
     "The application can change the memory in between, so that what was checked is not what is "
     "used.",
     VERIFIER_DOCUMENTS "kernel/errors-in-referencing-user-space-addresses")
RULE(RULE_KERNEL_ADDRESS_PROBED, "kernel-address-probed", SB_VERIFY_USER, 0, 0,
     "The driver probed an address of the kernel's that its caller did not give",
     "ProbeForRead and ProbeForWrite raise an access violation for it, always.",
     VERIFIER_DOCUMENTS "ddi/wdm/nf-wdm-probeforread")
RULE(RULE_USER_TO_SERVICE, "user-memory-to-zw-routine", SB_VERIFY_USER, 0xC4, 0xE3,
     "The driver gave a user address to a Zw routine, which does not check it",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION.", DOCUMENT_C4)
RULE(RULE_USER_TO_KERNEL, "user-memory-to-kernel-routine", SB_VERIFY_USER, 0xC4, 0xE0,
     "The driver gave a user address to a routine that takes kernel memory only",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION.", DOCUMENT_C4)
RULE(RULE_MDL_MAP_IRQL, "mdl-map-irql", SB_VERIFY_MDL, 0xC4, 0x76,
     "MmMapLockedPagesSpecifyCache was called at too high an IRQL",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION.", DOCUMENT_C4)
RULE(RULE_MDL_UNLOCK_IRQL, "mdl-unlock-irql", SB_VERIFY_MDL, 0xC4, 0x78,
     "MmUnlockPages was called above DISPATCH_LEVEL",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION.", DOCUMENT_C4)
RULE(RULE_MDL_UNMAP_IRQL, "mdl-unmap-irql", SB_VERIFY_MDL, 0xC4, 0x79,
     "MmUnmapLockedPages was called at too high an IRQL",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION.", DOCUMENT_C4)
RULE(RULE_MDL_UNLOCK_NOT_LOCKED, "mdl-unlock-not-locked", SB_VERIFY_MDL, 0xC4, 0x7C,
     "MmUnlockPages was called for pages that were never locked",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION.", DOCUMENT_C4)
RULE(RULE_MDL_UNLOCK_NONPAGED, "mdl-unlock-nonpaged", SB_VERIFY_MDL, 0xC4, 0x7D,
     "MmUnlockPages was called for an MDL of nonpaged pool",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION.", DOCUMENT_C4)
RULE(RULE_MDL_BUILD_PAGED, "mdl-build-pageable", SB_VERIFY_MDL, 0xC4, 0x7F,
     "MmBuildMdlForNonPagedPool was called for memory that can be paged out",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION.", DOCUMENT_C4)
RULE(RULE_MDL_MAP_MUST_SUCCEED, "mdl-map-must-succeed", SB_VERIFY_MDL, 0xC4, 0x82,
     "Pages were mapped in a way that may not fail",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION.", DOCUMENT_C4)
RULE(RULE_MDL_MAP_TWICE, "mdl-map-twice", SB_VERIFY_MDL, 0xC4, 0xB2,
     "An MDL was mapped that is mapped already",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION.", DOCUMENT_C4)
RULE(RULE_MDL_MAP_NOT_LOCKED, "mdl-map-not-locked", SB_VERIFY_MDL, 0xC4, 0xB3,
     "An MDL was mapped whose pages are not locked",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION.", DOCUMENT_C4)
RULE(RULE_MDL_LOCK_FLAGS, "mdl-lock-flags", SB_VERIFY_MDL, 0xC4, 0xB0,
     "MmProbeAndLockPages was given an MDL that is locked or built already",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION.", DOCUMENT_C4)
RULE(RULE_MDL_LOCK_MODE, "mdl-lock-access-mode", SB_VERIFY_MDL, 0, 0,
     "A caller's memory was locked with KernelMode",
     "MmProbeAndLockPages then accepts addresses of the kernel: the caller can have the driver "
     "read or write them.",
     VERIFIER_DOCUMENTS "ddi/wdm/nf-wdm-mmprobeandlockpages")
RULE(RULE_MDL_LOCK_UNGUARDED, "mdl-lock-unguarded", SB_VERIFY_MDL, 0, 0,
     "MmProbeAndLockPages was called outside of any __try",
     "The system stops (SYSTEM_SERVICE_EXCEPTION) when the caller's memory is not there.",
     VERIFIER_DOCUMENTS "ddi/wdm/nf-wdm-mmprobeandlockpages")
RULE(RULE_MDL_WRITTEN, "mdl-written-read-only", SB_VERIFY_MDL, 0, 0,
     "Pages that were locked for reading were written",
     "What is written is lost when the page is paged out, or a page that others share is changed.",
     VERIFIER_DOCUMENTS "ddi/wdm/nf-wdm-mmprobeandlockpages")
RULE(RULE_MDL_UNLOCK_PARTIAL, "mdl-unlock-partial", SB_VERIFY_MDL, 0xC4, 0xB4,
     "MmUnlockPages was called for a partial MDL",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION.", DOCUMENT_C4)
RULE(RULE_MDL_UNMAP_NOT_MAPPED, "mdl-unmap-not-mapped", SB_VERIFY_MDL, 0xDA, 0x2,
     "Pages were unmapped that are not mapped", "Windows stops with SYSTEM_PTE_MISUSE.",
     BUG_CHECK_DOCUMENT "0xda--system-pte-misuse")
RULE(RULE_MDL_OF_IRP, "mdl-of-irp", SB_VERIFY_MDL, 0, 0,
     "The driver unlocked or freed the MDL that the I/O manager made for a request",
     "The I/O manager does it again when the request is completed; the system stops or memory is "
     "damaged.",
     VERIFIER_DOCUMENTS "kernel/using-mdls")
RULE(RULE_MDL_FREE_LOCKED, "mdl-free-locked", SB_VERIFY_MDL, 0x76, 0,
     "An MDL was freed whose pages are locked",
     "When the process ends Windows stops with PROCESS_HAS_LOCKED_PAGES.",
     BUG_CHECK_DOCUMENT "0x76--process-has-locked-pages")
RULE(RULE_MDL_FREE_MAPPED, "mdl-free-mapped", SB_VERIFY_MDL, 0xC4, 0xB8,
     "An MDL was freed that is mapped",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION.", DOCUMENT_C4)
RULE(RULE_MDL_LEAKED, "mdl-leaked-at-unload", SB_VERIFY_MDL, 0, 0,
     "The driver was unloaded and left an MDL behind",
     "The memory is lost until the system is restarted.",
     VERIFIER_DOCUMENTS "ddi/wdm/nf-wdm-iofreemdl")
RULE(RULE_MDL_LOCKED_AT_EXIT, "mdl-locked-at-exit", SB_VERIFY_MDL, 0xCB, 0,
     "A process ended while pages of it were locked",
     "Windows stops with DRIVER_LEFT_LOCKED_PAGES_IN_PROCESS.",
     BUG_CHECK_DOCUMENT "0xcb--driver-left-locked-pages-in-process")
