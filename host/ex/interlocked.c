/* Lists and numbers under a spin lock of the driver's; callable at any IRQL. */
#include "host/ex/ex.h"

void ex_spin_acquire(PKSPIN_LOCK lock)
{
    ULONG_PTR owner = (ULONG_PTR)current_thread(), free = 0;
    ULONG turns = 0;
    schedule_choice(current_machine());
    while (!__atomic_compare_exchange_n(lock, &free, owner, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED)) {
        schedule_spin_on(lock, (uint32_t)free, &turns);
        free = 0;
    }
}

void ex_spin_release(PKSPIN_LOCK lock)
{
    __atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}

#undef ExInterlockedInsertHeadList
PLIST_ENTRY FASTCALL ExInterlockedInsertHeadList(PLIST_ENTRY head, PLIST_ENTRY entry,
                                                 PKSPIN_LOCK lock)
{
    ex_spin_acquire(lock);
    PLIST_ENTRY first = IsListEmpty(head) ? NULL : head->Flink;
    InsertHeadList(head, entry);
    ex_spin_release(lock);
    return first;
}
SB_EXPORT(ExInterlockedInsertHeadList)

#undef ExInterlockedInsertTailList
PLIST_ENTRY FASTCALL ExInterlockedInsertTailList(PLIST_ENTRY head, PLIST_ENTRY entry,
                                                 PKSPIN_LOCK lock)
{
    ex_spin_acquire(lock);
    PLIST_ENTRY last = IsListEmpty(head) ? NULL : head->Blink;
    InsertTailList(head, entry);
    ex_spin_release(lock);
    return last;
}
SB_EXPORT(ExInterlockedInsertTailList)

#undef ExInterlockedRemoveHeadList
PLIST_ENTRY FASTCALL ExInterlockedRemoveHeadList(PLIST_ENTRY head, PKSPIN_LOCK lock)
{
    ex_spin_acquire(lock);
    PLIST_ENTRY entry = IsListEmpty(head) ? NULL : RemoveHeadList(head);
    ex_spin_release(lock);
    return entry;
}
SB_EXPORT(ExInterlockedRemoveHeadList)

#undef ExInterlockedPopEntryList
PSINGLE_LIST_ENTRY FASTCALL ExInterlockedPopEntryList(PSINGLE_LIST_ENTRY head, PKSPIN_LOCK lock)
{
    ex_spin_acquire(lock);
    PSINGLE_LIST_ENTRY entry = head->Next;
    if (entry)
        head->Next = entry->Next;
    ex_spin_release(lock);
    return entry;
}
SB_EXPORT(ExInterlockedPopEntryList)

#undef ExInterlockedPushEntryList
PSINGLE_LIST_ENTRY FASTCALL ExInterlockedPushEntryList(PSINGLE_LIST_ENTRY head,
                                                       PSINGLE_LIST_ENTRY entry, PKSPIN_LOCK lock)
{
    ex_spin_acquire(lock);
    PSINGLE_LIST_ENTRY before = head->Next;
    entry->Next = before;
    head->Next = entry;
    ex_spin_release(lock);
    return before;
}
SB_EXPORT(ExInterlockedPushEntryList)

LARGE_INTEGER NTAPI ExInterlockedAddLargeInteger(PLARGE_INTEGER addend, LARGE_INTEGER increment,
                                                 PKSPIN_LOCK lock)
{
    ex_spin_acquire(lock);
    LARGE_INTEGER before = *addend;
    addend->QuadPart = (LONGLONG)((ULONGLONG)before.QuadPart + (ULONGLONG)increment.QuadPart);
    ex_spin_release(lock);
    return before;
}
SB_EXPORT(ExInterlockedAddLargeInteger)

#undef ExInterlockedAddUlong
ULONG FASTCALL ExInterlockedAddUlong(PULONG addend, ULONG increment, PKSPIN_LOCK lock)
{
    ex_spin_acquire(lock);
    ULONG before = *addend;
    *addend = before + increment;
    ex_spin_release(lock);
    return before;
}
SB_EXPORT(ExInterlockedAddUlong)
