/* IRQL, locks, deadlocks. See rules.h. */
#define STOPS_C4       "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION."
#define DDI_RULE(name) VERIFIER_DOCUMENTS "devtest/wdm-" name
#define STOPS_D1                                                                               \
    "The system stops with DRIVER_IRQL_NOT_LESS_OR_EQUAL when the memory happens to be paged " \
    "out; with Driver Verifier, always."
#define DOCUMENT_D1 BUG_CHECK_DOCUMENT "0xd1--driver-irql-not-less-or-equal"

/* ---- the IRQL ---- */
RULE(RULE_IRQL_RAISE_LOWERS, "irql-raise-lowers", SB_VERIFY_IRQL, 0xC4, 0x30,
     "KeRaiseIrql was called with an IRQL below the current one, or with none", STOPS_C4,
     DOCUMENT_C4)
RULE(RULE_IRQL_LOWER_RAISES, "irql-lower-raises", SB_VERIFY_IRQL, 0xC4, 0x31,
     "The IRQL was to be lowered to one above the current", STOPS_C4, DOCUMENT_C4)
RULE(RULE_IRQL_DISPATCH_CHANGED, "irql-changed-by-dispatch", SB_VERIFY_IRQL, 0xC9, 0x05,
     "A dispatch routine returned at another IRQL than it was called at",
     "Driver Verifier stops with DRIVER_VERIFIER_IOMANAGER_VIOLATION; without it the system stops "
     "later with IRQL_GT_ZERO_AT_SYSTEM_SERVICE or hangs.",
     DOCUMENT_C9)
RULE(RULE_IRQL_COMPLETION_CHANGED, "irql-changed-by-completion", SB_VERIFY_IRQL, 0xC4, 0xFA,
     "A completion routine returned at another IRQL than it was called at", STOPS_C4, DOCUMENT_C4)
RULE(RULE_IRQL_ROUTINE_CHANGED, "irql-changed-by-routine", SB_VERIFY_IRQL, 0xC8, 0,
     "A routine that the system calls returned at another IRQL than it was called at",
     "The system stops: IRQL_UNEXPECTED_VALUE, WORKER_THREAD_RETURNED_AT_BAD_IRQL or "
     "IRQL_NOT_DISPATCH_LEVEL.",
     BUG_CHECK_DOCUMENT "0xc8--irql-unexpected-value")
RULE(RULE_PAGED_POOL_IRQL, "paged-pool-at-dispatch", SB_VERIFY_IRQL, 0xD1, 0,
     "Paged pool was accessed at DISPATCH_LEVEL or above", STOPS_D1, DOCUMENT_D1)
RULE(RULE_PAGED_SECTION_IRQL, "pageable-section-at-dispatch", SB_VERIFY_IRQL, 0xD1, 0,
     "Pageable code or data of the driver was used at DISPATCH_LEVEL or above", STOPS_D1,
     DOCUMENT_D1)
RULE(RULE_USER_MEMORY_IRQL, "user-memory-at-dispatch", SB_VERIFY_IRQL, 0xD1, 0,
     "User memory that is not locked was accessed at DISPATCH_LEVEL or above", STOPS_D1,
     DOCUMENT_D1)
RULE(RULE_IRQL_TOO_HIGH, "irql-api", SB_VERIFY_IRQL, 0xC4, 0xE5,
     "A kernel routine was called at an IRQL at which it must not be", STOPS_C4, DOCUMENT_C4)
RULE(RULE_IRQL_EX_APC, "irql-ex-apc", SB_VERIFY_IRQL, 0xC4, 0x20007,
     "An executive routine was called above APC_LEVEL", STOPS_C4, DDI_RULE("irqlexapclte3"))
RULE(RULE_IRQL_EX_PASSIVE, "irql-ex-passive", SB_VERIFY_IRQL, 0xC4, 0x20008,
     "An executive routine was called above PASSIVE_LEVEL", STOPS_C4, DDI_RULE("irqlexpassive"))
RULE(RULE_IRQL_IO_APC, "irql-io-apc", SB_VERIFY_IRQL, 0xC4, 0x20009,
     "A routine of the I/O manager was called above APC_LEVEL", STOPS_C4, DDI_RULE("irqlioapclte"))
RULE(RULE_IRQL_IO_PASSIVE, "irql-io-passive", SB_VERIFY_IRQL, 0xC4, 0x2000A,
     "A routine of the I/O manager was called above PASSIVE_LEVEL", STOPS_C4,
     DDI_RULE("irqliopassive1"))
RULE(RULE_IRQL_IO_DISPATCH, "irql-io-dispatch", SB_VERIFY_IRQL, 0xC4, 0x20022,
     "A routine of the I/O manager was called at another IRQL than DISPATCH_LEVEL, or above it",
     STOPS_C4, DDI_RULE("irqliodispatch"))
RULE(RULE_IRQL_KE_APC, "irql-ke-apc", SB_VERIFY_IRQL, 0xC4, 0x2000F,
     "A kernel routine was called above the highest IRQL for it, APC_LEVEL or PASSIVE_LEVEL",
     STOPS_C4, DDI_RULE("irqlkeapclte1"))
RULE(RULE_IRQL_KE_DISPATCH, "irql-ke-dispatch", SB_VERIFY_IRQL, 0xC4, 0x20011,
     "A kernel routine was called above DISPATCH_LEVEL", STOPS_C4, DDI_RULE("irqlkedispatchlte"))
RULE(RULE_IRQL_KE_SET_EVENT, "irql-set-event", SB_VERIFY_IRQL, 0xC4, 0x80,
     "KeSetEvent was called above DISPATCH_LEVEL", STOPS_C4, DOCUMENT_C4)
RULE(RULE_IRQL_MM_APC, "irql-mm-apc", SB_VERIFY_IRQL, 0xC4, 0x20019,
     "A routine of the memory manager was called above the highest IRQL for it", STOPS_C4,
     DDI_RULE("irqlmmapclte"))
RULE(RULE_IRQL_MM_DISPATCH, "irql-mm-dispatch", SB_VERIFY_IRQL, 0xC4, 0x2001A,
     "A routine of the memory manager was called above DISPATCH_LEVEL", STOPS_C4,
     DDI_RULE("irqlmmdispatch"))
RULE(RULE_IRQL_OB_PASSIVE, "irql-ob-passive", SB_VERIFY_IRQL, 0xC4, 0x2001B,
     "A routine of the object manager was called above PASSIVE_LEVEL", STOPS_C4,
     DDI_RULE("irqlobpassive"))
RULE(RULE_IRQL_PS_PASSIVE, "irql-ps-passive", SB_VERIFY_IRQL, 0xC4, 0x2001C,
     "A routine for processes and threads was called above PASSIVE_LEVEL", STOPS_C4,
     DDI_RULE("irqlpspassive"))
RULE(RULE_IRQL_RTL_PASSIVE, "irql-rtl-passive", SB_VERIFY_IRQL, 0xC4, 0x2001E,
     "A run-time library routine whose code or tables are pageable was called above PASSIVE_LEVEL",
     STOPS_C4, DDI_RULE("irqlrtlpassive"))
RULE(RULE_IRQL_ZW_PASSIVE, "irql-zw-passive", SB_VERIFY_IRQL, 0xC4, 0x2001F,
     "A system service was called above PASSIVE_LEVEL", STOPS_C4, DDI_RULE("irqlzwpassive"))
RULE(RULE_PRINT_UNICODE_IRQL, "print-unicode-irql", SB_VERIFY_IRQL, 0, 0,
     "DbgPrint was called with a format for Unicode text above PASSIVE_LEVEL",
     "The tables that convert the text are pageable: the system stops with "
     "IRQL_NOT_LESS_OR_EQUAL when they are not in memory.",
     VERIFIER_DOCUMENTS "ddi/wdm/nf-wdm-dbgprint")
RULE(RULE_WAIT_AT_DISPATCH, "wait-at-dispatch", SB_VERIFY_IRQL, 0xC4, 0x122,
     "A wait that may block was begun at DISPATCH_LEVEL or above",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION; without it the system stops "
     "with ATTEMPTED_SWITCH_FROM_DPC or IRQL_NOT_LESS_OR_EQUAL.",
     DOCUMENT_C4)
RULE(RULE_WAIT_USER_STACK, "wait-user-mode-stack", SB_VERIFY_LOCKS, 0xC4, 0x123,
     "A wait in user mode is for an object on the kernel stack", STOPS_C4, DOCUMENT_C4)

/* ---- regions ---- */
RULE(RULE_REGION_IRQL_ENTER, "critical-region-enter-irql", SB_VERIFY_IRQL, 0xC4, 0x11A,
     "KeEnterCriticalRegion was called above APC_LEVEL", STOPS_C4, DOCUMENT_C4)
RULE(RULE_REGION_IRQL_LEAVE, "critical-region-leave-irql", SB_VERIFY_IRQL, 0xC4, 0x11B,
     "KeLeaveCriticalRegion was called above APC_LEVEL", STOPS_C4, DOCUMENT_C4)
RULE(RULE_REGION_NOT_ENTERED, "critical-region-not-entered", SB_VERIFY_IRQL, 0xC4, 0x3E,
     "A critical or guarded region was left by a thread that was in none", STOPS_C4, DOCUMENT_C4)
RULE(RULE_REGION_LEFT_OPEN, "critical-region-left-open", SB_VERIFY_IRQL, 0xC4, 0xC5,
     "A routine returned with another APC disable count than it was called with",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION; without it the system stops "
     "with APC_INDEX_MISMATCH when the thread returns to user mode.",
     DOCUMENT_C4)

/* ---- locks ---- */
RULE(RULE_SPIN_ACQUIRE_LOW, "spin-lock-acquired-below-dispatch", SB_VERIFY_IRQL, 0xC4, 0x40,
     "KeAcquireSpinLockAtDpcLevel or kin was called below DISPATCH_LEVEL", STOPS_C4, DOCUMENT_C4)
RULE(RULE_SPIN_ACQUIRE_HIGH, "spin-lock-acquired-above-dispatch", SB_VERIFY_IRQL, 0xC4, 0x42,
     "KeAcquireSpinLock was called above DISPATCH_LEVEL", STOPS_C4, DOCUMENT_C4)
RULE(RULE_SPIN_RELEASE_IRQL, "spin-lock-released-irql", SB_VERIFY_IRQL, 0xC4, 0x32,
     "KeReleaseSpinLock was called at another IRQL than DISPATCH_LEVEL", STOPS_C4, DOCUMENT_C4)
RULE(RULE_SPIN_RELEASE_LOW, "spin-lock-released-below-dispatch", SB_VERIFY_IRQL, 0xC4, 0x41,
     "KeReleaseSpinLockFromDpcLevel was called below DISPATCH_LEVEL", STOPS_C4, DOCUMENT_C4)
RULE(RULE_SPIN_HELD_LOW, "spin-lock-held-below-dispatch", SB_VERIFY_LOCKS, 0xC4, 0x40009,
     "The IRQL was lowered below DISPATCH_LEVEL while a spin lock was held",
     "A DPC or another thread on the same processor that wants the lock spins for ever.",
     DDI_RULE("spinlock"))
RULE(RULE_QUEUED_HANDLE_BUSY, "queued-spin-lock-handle-in-use", SB_VERIFY_LOCKS, 0xC4, 0x40006,
     "A lock queue handle was used for a second spin lock before the first was released", STOPS_C4,
     DDI_RULE("queuedspinlock"))
RULE(RULE_FAST_MUTEX_ACQUIRE_IRQL, "fast-mutex-acquired-irql", SB_VERIFY_IRQL, 0xC4, 0x33,
     "A fast mutex was acquired above APC_LEVEL", STOPS_C4, DOCUMENT_C4)
RULE(RULE_FAST_MUTEX_RELEASE_IRQL, "fast-mutex-released-irql", SB_VERIFY_IRQL, 0xC4, 0x34,
     "A fast mutex was released at another IRQL than APC_LEVEL", STOPS_C4, DOCUMENT_C4)
RULE(RULE_FAST_MUTEX_UNSAFE_ACQUIRE, "fast-mutex-unsafe-acquired-apc", SB_VERIFY_IRQL, 0xC4, 0x39,
     "ExAcquireFastMutexUnsafe was called while APCs were not held back", STOPS_C4, DOCUMENT_C4)
RULE(RULE_FAST_MUTEX_UNSAFE_RELEASE, "fast-mutex-unsafe-released-apc", SB_VERIFY_IRQL, 0xC4, 0x3A,
     "ExReleaseFastMutexUnsafe was called while APCs were not held back", STOPS_C4, DOCUMENT_C4)
RULE(RULE_RESOURCE_ACQUIRE_APC, "resource-acquired-apc", SB_VERIFY_IRQL, 0xC4, 0x37,
     "An ERESOURCE was acquired while normal kernel APCs were not held back", STOPS_C4, DOCUMENT_C4)
RULE(RULE_RESOURCE_RELEASE_APC, "resource-released-apc", SB_VERIFY_IRQL, 0xC4, 0x38,
     "An ERESOURCE was released while normal kernel APCs were not held back", STOPS_C4, DOCUMENT_C4)
RULE(RULE_PUSH_LOCK_ACQUIRE_APC, "push-lock-acquired-apc", SB_VERIFY_IRQL, 0xC4, 0xEA,
     "A push lock was acquired while APCs were not held back", STOPS_C4, DOCUMENT_C4)
RULE(RULE_PUSH_LOCK_RELEASE_APC, "push-lock-released-apc", SB_VERIFY_IRQL, 0xC4, 0xEB,
     "A push lock was released while APCs were not held back", STOPS_C4, DOCUMENT_C4)
RULE(RULE_LOCK_SELF_DEADLOCK, "lock-self-deadlock", SB_VERIFY_LOCKS, 0xC4, 0x1000,
     "A thread took a lock that it holds already and that is not recursive",
     "Driver Verifier stops with DRIVER_VERIFIER_DETECTED_VIOLATION; without it the thread hangs.",
     DOCUMENT_C4)
RULE(RULE_LOCK_ORDER, "lock-order", SB_VERIFY_LOCKS, 0xC4, 0x1001,
     "Locks are taken in different orders, so that threads can wait for each other for ever",
     "Driver Verifier's deadlock detection stops with DRIVER_VERIFIER_DETECTED_VIOLATION.",
     DOCUMENT_C4)
RULE(RULE_LOCK_UNINITIALIZED, "lock-uninitialized", SB_VERIFY_LOCKS, 0xC4, 0x1002,
     "A lock was taken that was never initialised, or was overwritten", STOPS_C4, DOCUMENT_C4)
RULE(RULE_OBJECT_PAGEABLE, "synchronization-object-pageable", SB_VERIFY_LOCKS, 0xC4, 0xE1,
     "An object that threads synchronise by is in paged pool", STOPS_C4, DOCUMENT_C4)
RULE(RULE_OBJECT_UNINITIALIZED, "wait-object-uninitialized", SB_VERIFY_LOCKS, 0xC4, 0xE1,
     "A wait or signal was given what is no synchronisation object", STOPS_C4, DOCUMENT_C4)
RULE(RULE_LOCK_WRONG_THREAD, "lock-released-by-other-thread", SB_VERIFY_LOCKS, 0xC4, 0x1004,
     "A lock was released by another thread than the one that holds it", STOPS_C4, DOCUMENT_C4)
RULE(RULE_LOCK_OVERWRITTEN, "lock-initialized-while-held", SB_VERIFY_LOCKS, 0xC4, 0x1005,
     "A lock was initialised or overwritten while it was held", STOPS_C4, DOCUMENT_C4)
RULE(RULE_LOCK_NOT_HELD, "lock-released-not-held", SB_VERIFY_LOCKS, 0xC4, 0x1007,
     "A lock was released that nobody holds", STOPS_C4, DOCUMENT_C4)
RULE(RULE_LOCK_KIND, "lock-kind-mismatch", SB_VERIFY_LOCKS, 0xC4, 0x1009,
     "A lock was released by a routine for another kind of lock", STOPS_C4, DOCUMENT_C4)
RULE(RULE_LOCK_THREAD_END, "lock-held-at-thread-end", SB_VERIFY_LOCKS, 0xC4, 0x100A,
     "A thread ended while it held a lock", STOPS_C4, DOCUMENT_C4)
RULE(RULE_LOCK_FREED_HELD, "lock-freed-held", SB_VERIFY_LOCKS, 0xC4, 0x100B,
     "A lock was deleted, or its memory freed, while it was held", STOPS_C4, DOCUMENT_C4)
RULE(RULE_LOCK_LEFT_HELD, "lock-left-held", SB_VERIFY_LOCKS, 0xC4, 0x40009,
     "A routine returned without releasing a lock that it took",
     "The next to want the lock hangs; a spin lock or fast mutex also leaves the IRQL raised, with "
     "which the system stops.",
     DDI_RULE("spinlock"))
RULE(RULE_CANCEL_LOCK_KEPT, "cancel-spin-lock-kept", SB_VERIFY_LOCKS, 0, 0,
     "A cancel routine returned without releasing the cancel spin lock",
     "The system hangs at the next cancellation, at DISPATCH_LEVEL.",
     VERIFIER_DOCUMENTS "kernel/implementing-a-cancel-routine")
