/* Work items: a routine run by a system worker thread, with its device referenced meanwhile. */
#include "host/io/io.h"
#include "host/ke/ke.h"
#include "host/mm/mm.h"

enum { WORK_ITEM_TAG = 0x20776F49 };

struct _IO_WORKITEM {
    WORK_QUEUE_ITEM item;
    PVOID object; /* device or driver; referenced while queued */
    PVOID routine;
    PVOID context;
    BOOLEAN extended; /* the routine takes the work item too */
};

static VOID NTAPI run(PVOID parameter)
{
    struct _IO_WORKITEM work = *(PIO_WORKITEM)parameter; /* the routine may free it */
    if (work.extended)
        ((PIO_WORKITEM_ROUTINE_EX)work.routine)(work.object, work.context, parameter);
    else
        ((PIO_WORKITEM_ROUTINE)work.routine)(work.object, work.context);
    ob_dereference(work.object);
}

ULONG NTAPI IoSizeofWorkItem(VOID)
{
    return sizeof(struct _IO_WORKITEM);
}
SB_EXPORT(IoSizeofWorkItem)

VOID NTAPI IoInitializeWorkItem(PVOID object, PIO_WORKITEM work)
{
    RtlZeroMemory(work, sizeof(*work));
    work->object = object;
    ExInitializeWorkItem(&work->item, run, work);
}
SB_EXPORT(IoInitializeWorkItem)

VOID NTAPI IoUninitializeWorkItem(PIO_WORKITEM work)
{
    work->object = NULL; /* nothing else was taken */
}
SB_EXPORT(IoUninitializeWorkItem)

PIO_WORKITEM NTAPI IoAllocateWorkItem(PDEVICE_OBJECT device)
{
    PIO_WORKITEM work =
        mm_pool_allocate(current_machine(), NonPagedPoolNx, sizeof(*work), WORK_ITEM_TAG);
    if (work)
        IoInitializeWorkItem(device, work);
    return work;
}
SB_EXPORT(IoAllocateWorkItem)

VOID NTAPI IoFreeWorkItem(PIO_WORKITEM work)
{
    mm_pool_free(current_machine(), work);
}
SB_EXPORT(IoFreeWorkItem)

static void queue(PIO_WORKITEM work, PVOID routine, BOOLEAN extended, WORK_QUEUE_TYPE type,
                  PVOID context)
{
    work->routine = routine;
    work->extended = extended;
    work->context = context;
    ob_reference(work->object);
    ExQueueWorkItem(&work->item, type);
}

VOID NTAPI IoQueueWorkItem(PIO_WORKITEM work, PIO_WORKITEM_ROUTINE routine, WORK_QUEUE_TYPE type,
                           PVOID context)
{
    queue(work, routine, FALSE, type, context);
}
SB_EXPORT(IoQueueWorkItem)

VOID NTAPI IoQueueWorkItemEx(PIO_WORKITEM work, PIO_WORKITEM_ROUTINE_EX routine,
                             WORK_QUEUE_TYPE type, PVOID context)
{
    queue(work, routine, TRUE, type, context);
}
SB_EXPORT(IoQueueWorkItemEx)
