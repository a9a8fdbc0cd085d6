/*
 * WMI registration: the driver is asked which data blocks it has (IRP_MN_REGINFO_EX), as Windows
 * does after IoWMIRegistrationControl. Nothing here reads the blocks afterwards.
 */
#include "host/io/io.h"
#include "host/ke/ke.h"
#include "host/mm/mm.h"

enum { WMI_TAG = 0x696D5749, FIRST_SIZE = 4096, SIZE_LIMIT = 1024 * 1024 };
enum { REGISTER = 1, DEREGISTER, REREGISTER, UPDATE_GUIDS };

struct question {
    WORK_QUEUE_ITEM item;
    PDEVICE_OBJECT device; /* referenced */
    BOOLEAN update;
    ULONG size;
    void *buffer;
};

static void fill(PIO_STACK_LOCATION stack, void *context)
{
    enum { WMI_UPDATE = 1 };
    const struct question *question = context;
    stack->Parameters.WMI.ProviderId = (ULONG_PTR)question->device;
    stack->Parameters.WMI.DataPath = (PVOID)(ULONG_PTR)(question->update ? WMI_UPDATE : 0);
    stack->Parameters.WMI.BufferSize = question->size;
    stack->Parameters.WMI.Buffer = question->buffer;
}

/* Once, and once more with the size the driver asked for. */
static void ask(struct question *question)
{
    struct machine *machine = current_machine();
    for (int turn = 0; turn < 2; turn++) {
        ULONG_PTR information = 0;
        question->buffer = mm_pool_allocate_zero(machine, question->size, WMI_TAG);
        if (!question->buffer)
            return;
        NTSTATUS status = io_send_minor(question->device, IRP_MJ_SYSTEM_CONTROL, IRP_MN_REGINFO_EX,
                                        fill, question, &information);
        ULONG wanted = *(PULONG)question->buffer;
        BOOLEAN again = (status == STATUS_BUFFER_TOO_SMALL ||
                         (NT_SUCCESS(status) && information == sizeof(ULONG))) &&
                        wanted > question->size && wanted <= SIZE_LIMIT;
        mm_pool_free(machine, question->buffer);
        if (!again)
            return;
        question->size = wanted;
    }
}

static VOID NTAPI ask_later(PVOID context)
{
    struct question *question = context;
    ask(question);
    ob_dereference(question->device);
    mm_pool_free(current_machine(), question);
}

NTSTATUS NTAPI IoWMIRegistrationControl(PDEVICE_OBJECT device, ULONG action)
{
    if (action == DEREGISTER)
        return STATUS_SUCCESS; /* what is not read needs no end */
    if (action != REGISTER && action != REREGISTER && action != UPDATE_GUIDS)
        return STATUS_INVALID_PARAMETER;
    struct question *question =
        mm_pool_allocate_zero(current_machine(), sizeof(*question), WMI_TAG);
    if (!question)
        return STATUS_INSUFFICIENT_RESOURCES;
    ob_reference(device);
    question->device = device;
    question->update = action == UPDATE_GUIDS;
    question->size = FIRST_SIZE;
    ExInitializeWorkItem(&question->item, ask_later, question);
    ExQueueWorkItem(&question->item, DelayedWorkQueue);
    return STATUS_SUCCESS;
}
SB_EXPORT(IoWMIRegistrationControl)
