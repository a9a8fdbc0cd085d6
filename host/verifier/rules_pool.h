/* Pool, special pool, faults, low resources. See rules.h. */
RULE(RULE_POOL_ZERO_BYTES, "pool-zero-bytes", SB_VERIFY_POOL, 0xC4, 0x00,
     "The driver allocated zero bytes of pool",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION; without it a minimal block is "
     "wasted.",
     DOCUMENT_C4)
