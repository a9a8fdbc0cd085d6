/* IRPs and devices. See rules.h. */
RULE(RULE_IRP_COMPLETED_PENDING, "irp-completed-pending", SB_VERIFY_IRP, 0xC9, 0x06,
     "IoCompleteRequest was called with STATUS_PENDING in the status block",
     "Driver Verifier stops with DRIVER_VERIFIER_IOMANAGER_VIOLATION.", DOCUMENT_C9)
