/* IRQL, locks, deadlocks. See rules.h. */
RULE(RULE_IRQL_RAISE_LOWERS, "irql-raise-lowers", SB_VERIFY_IRQL, 0xC4, 0x30,
     "KeRaiseIrql was called with an IRQL below the current one",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION.", DOCUMENT_C4)
