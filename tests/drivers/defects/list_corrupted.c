/* Removes an entry that is no longer in its list. */
#include "defect.h"

static LIST_ENTRY head;
static LIST_ENTRY entries[2];

static DEFECT_NOINLINE void take(PLIST_ENTRY entry)
{
    PLIST_ENTRY next = entry->Flink, previous = entry->Blink;
    if (next->Blink != entry || previous->Flink != entry)
        __asm__ volatile("movl $3, %%ecx; int $0x29" ::: "ecx"); /* MISTAKE: list-corrupted */
    previous->Flink = next;
    next->Blink = previous;
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    InitializeListHead(&head);
    InsertTailList(&head, &entries[0]);
    InsertTailList(&head, &entries[1]);
    take(&entries[0]);
    take(&entries[DEFECT ? 0 : 1]);
    return complete(irp, STATUS_SUCCESS, 0);
}
