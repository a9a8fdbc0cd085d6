/* Pool, special pool, faults, low resources. See rules.h. */
RULE(RULE_POOL_ZERO_BYTES, "pool-zero-bytes", SB_VERIFY_POOL, 0xC4, 0x00,
     "The driver allocated zero bytes of pool",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION; without it a minimal block is "
     "wasted.",
     DOCUMENT_C4)
RULE(RULE_POOL_PAGED_IRQL, "pool-paged-irql", SB_VERIFY_POOL, 0xC4, 0x01,
     "Paged pool was allocated above APC_LEVEL",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION; without it the machine "
     "deadlocks or stops whenever memory must be paged in.",
     DOCUMENT_C4)
RULE(RULE_POOL_NONPAGED_IRQL, "pool-nonpaged-irql", SB_VERIFY_POOL, 0xC4, 0x02,
     "Nonpaged pool was allocated above DISPATCH_LEVEL",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION; without it the pool's lock is "
     "taken at the wrong IRQL and the machine deadlocks.",
     DOCUMENT_C4)
RULE(RULE_POOL_FREE_PAGED_IRQL, "pool-free-paged-irql", SB_VERIFY_POOL, 0xC4, 0x11,
     "Paged pool was freed above APC_LEVEL",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION.", DOCUMENT_C4)
RULE(RULE_POOL_FREE_NONPAGED_IRQL, "pool-free-nonpaged-irql", SB_VERIFY_POOL, 0xC4, 0x12,
     "Nonpaged pool was freed above DISPATCH_LEVEL",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION.", DOCUMENT_C4)
RULE(RULE_POOL_BAD_FREE, "pool-bad-free", SB_VERIFY_POOL, 0xC4, 0x10,
     "An address was freed that is no pool block",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION, the pool itself with "
     "BAD_POOL_CALLER.",
     DOCUMENT_C4)
RULE(RULE_POOL_DOUBLE_FREE, "pool-double-free", SB_VERIFY_POOL, 0xC4, 0x13,
     "A pool block was freed twice",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION, the pool itself with "
     "BAD_POOL_CALLER; or somebody else's block is freed.",
     DOCUMENT_C4)
RULE(
    RULE_POOL_FREE_TIMER, "pool-free-active-timer", SB_VERIFY_POOL, 0xC4, 0x15,
    "A pool block was freed with an active timer in it",
    "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION; without it the clock interrupt "
    "follows the freed timer.",
    DOCUMENT_C4)
RULE(RULE_POOL_FREE_LOOKASIDE, "pool-free-lookaside", SB_VERIFY_POOL, 0xC4, 0xCC,
     "A pool block was freed with a lookaside list in it that was not deleted",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION; without it the system's list "
     "of lookaside lists leads into freed memory.",
     DOCUMENT_C4)
RULE(RULE_POOL_FREE_RESOURCE, "pool-free-resource", SB_VERIFY_POOL, 0xC4, 0xD2,
     "A pool block was freed with an ERESOURCE in it that was not deleted",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION; without it the system's list "
     "of resources leads into freed memory.",
     DOCUMENT_C4)
RULE(RULE_POOL_FREE_IRP, "pool-free-irp", SB_VERIFY_POOL, 0xC4, 0x105,
     "An IRP was freed with ExFreePool",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION. IoFreeIrp frees IRPs.",
     DOCUMENT_C4)
RULE(RULE_POOL_TAG, "pool-tag-mismatch", SB_VERIFY_POOL, 0xC2, 0x0A,
     "A pool block was freed with another tag than it was allocated with",
     "The pool stops with BAD_POOL_CALLER.", BUG_CHECK_DOCUMENT "0xc2--bad-pool-caller")
RULE(RULE_POOL_LEAK, "pool-leak", SB_VERIFY_POOL, 0xC4, 0x62,
     "The driver was unloaded without freeing its pool",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION; without it the memory is lost "
     "until the next start.",
     DOCUMENT_C4)
RULE(RULE_POOL_OVERRUN, "pool-overrun", SB_VERIFY_POOL, 0xCD, 0,
     "Memory beyond the end of a pool block was accessed",
     "With special pool Windows stops with PAGE_FAULT_BEYOND_END_OF_ALLOCATION, or with "
     "DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION (0xD6) when the driver's own instruction does it; "
     "without it the neighbour's memory is read or destroyed.",
     BUG_CHECK_DOCUMENT "0xcd--page-fault-beyond-end-of-allocation")
RULE(RULE_POOL_UNDERRUN, "pool-underrun", SB_VERIFY_POOL, 0xCD, 0,
     "Memory before the start of a pool block was accessed",
     "With special pool (verify start) Windows stops with PAGE_FAULT_BEYOND_END_OF_ALLOCATION; "
     "without it the block's header or the neighbour's memory is read or destroyed.",
     BUG_CHECK_DOCUMENT "0xcd--page-fault-beyond-end-of-allocation")
RULE(RULE_POOL_OVERRUN_FREED, "pool-overrun-at-free", SB_VERIFY_POOL, 0xC1, 0x24,
     "A pool block was freed, and bytes behind its end had been overwritten",
     "With special pool Windows stops with SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION.",
     BUG_CHECK_DOCUMENT "0xc1--special-pool-detected-memory-corruption")
RULE(RULE_POOL_UNDERRUN_FREED, "pool-underrun-at-free", SB_VERIFY_POOL, 0xC1, 0x23,
     "A pool block was freed, and bytes before its start had been overwritten",
     "With special pool Windows stops with SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION.",
     BUG_CHECK_DOCUMENT "0xc1--special-pool-detected-memory-corruption")
RULE(RULE_USE_AFTER_FREE, "use-after-free", SB_VERIFY_POOL, 0xCC, 0, "Freed memory was accessed",
     "With special pool Windows stops with PAGE_FAULT_IN_FREED_SPECIAL_POOL, or with "
     "DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL (0xD5) when the driver's own instruction does it; "
     "without it another owner's memory is read or destroyed.",
     BUG_CHECK_DOCUMENT "0xcc--page-fault-in-freed-special-pool")
RULE(RULE_NULL_DEREFERENCE, "null-dereference", SB_VERIFY_POOL, 0x7E, 0xC0000005,
     "The driver accessed memory through a null pointer",
     "An access violation: SYSTEM_THREAD_EXCEPTION_NOT_HANDLED or SYSTEM_SERVICE_EXCEPTION, unless "
     "a handler hides it; at DISPATCH_LEVEL DRIVER_IRQL_NOT_LESS_OR_EQUAL.",
     BUG_CHECK_DOCUMENT "0x7e--system-thread-exception-not-handled")
RULE(
    RULE_UNINITIALIZED_POINTER, "uninitialized-pointer", SB_VERIFY_POOL, 0x7E, 0xC0000005,
    "The driver used a pointer from memory that it had not initialised",
    "Whatever the memory held before is used as an address: memory of others is read or destroyed, "
    "or the machine stops.",
    VERIFIER_DOCUMENTS "kernel/failure-to-initialize-output-buffers")
RULE(RULE_REQUEST_POINTER, "request-pointer", SB_VERIFY_POOL, 0x50, 0,
     "The driver used an address that the caller put into the request",
     "The caller reads or writes any memory of the kernel; an address that is not mapped stops the "
     "machine with PAGE_FAULT_IN_NONPAGED_AREA.",
     VERIFIER_DOCUMENTS "kernel/failure-to-validate-variable-length-buffers")
RULE(RULE_INVALID_ADDRESS, "invalid-address", SB_VERIFY_POOL, 0x50, 0,
     "The driver accessed an address of the kernel where nothing is",
     "PAGE_FAULT_IN_NONPAGED_AREA: no handler is asked.",
     BUG_CHECK_DOCUMENT "0x50--page-fault-in-nonpaged-area")
RULE(RULE_READ_ONLY, "write-to-read-only", SB_VERIFY_POOL, 0xBE, 0,
     "The driver wrote to memory that is read only", "ATTEMPTED_WRITE_TO_READONLY_MEMORY.",
     BUG_CHECK_DOCUMENT "0xbe--attempted-write-to-readonly-memory")
RULE(RULE_DISCARDED, "discarded-section", SB_VERIFY_POOL, 0x50, 0,
     "The driver used code or data of a section that was discarded after DriverEntry",
     "PAGE_FAULT_IN_NONPAGED_AREA, or whatever lies there by then is used.",
     BUG_CHECK_DOCUMENT "0x50--page-fault-in-nonpaged-area")
RULE(RULE_WILD_CALL, "wild-call", SB_VERIFY_POOL, 0xFC, 0,
     "The driver called an address that is no code",
     "ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY, PAGE_FAULT_IN_NONPAGED_AREA or an access violation; "
     "where the caller chooses what lies there, the caller's code runs in the kernel.",
     BUG_CHECK_DOCUMENT "0xfc--attempted-execute-of-noexecute-memory")
RULE(RULE_COPY_OVERLAPS, "copy-overlaps", SB_VERIFY_POOL, 0xC4, 0xF0,
     "memcpy was called with source and destination that overlap",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION; without it the copy may be "
     "damaged.",
     DOCUMENT_C4)
RULE(
    RULE_STACK_OVERRUN, "stack-overrun", SB_VERIFY_POOL, 0x139, 2,
    "A buffer on the stack was overrun up to the return address",
    "KERNEL_SECURITY_CHECK_FAILURE where the compiler guards the function (/GS); else the function "
    "returns to an address that the caller chose.",
    BUG_CHECK_DOCUMENT "0x139--kernel-security-check-failure")
RULE(RULE_STACK_OVERFLOW, "stack-overflow", SB_VERIFY_POOL, 0x7F, 8,
     "The kernel stack is exhausted",
     "UNEXPECTED_KERNEL_MODE_TRAP with a double fault. A kernel stack has 24 KiB on x64.",
     BUG_CHECK_DOCUMENT "0x7f--unexpected-kernel-mode-trap")
RULE(RULE_LIST_CORRUPT, "list-corrupted", SB_VERIFY_POOL, 0x139, 3,
     "A doubly linked list is corrupted: an entry was removed twice or overwritten",
     "KERNEL_SECURITY_CHECK_FAILURE.", BUG_CHECK_DOCUMENT "0x139--kernel-security-check-failure")
RULE(RULE_FAST_FAIL, "fast-fail", SB_VERIFY_POOL, 0x139, 0,
     "The driver's own check ended in __fastfail", "KERNEL_SECURITY_CHECK_FAILURE.",
     BUG_CHECK_DOCUMENT "0x139--kernel-security-check-failure")
RULE(
    RULE_UNHANDLED_EXCEPTION, "unhandled-exception", SB_VERIFY_POOL, 0x7E, 0,
    "The driver raised an exception that nobody handles",
    "SYSTEM_THREAD_EXCEPTION_NOT_HANDLED, SYSTEM_SERVICE_EXCEPTION or KMODE_EXCEPTION_NOT_HANDLED.",
    BUG_CHECK_DOCUMENT "0x7e--system-thread-exception-not-handled")
