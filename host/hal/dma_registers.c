/* Who has an adapter: one routine runs at a time, in the order of the requests. */
#include "host/hal/dma.h"
#include "host/mm/mm.h"

enum { REQUEST_TAG = 0x726D4448 };

/* The lock is held. */
static BOOLEAN take_registers(struct dma_request *request)
{
    struct dma_adapter *adapter = request->adapter;
    if (!adapter->pages || request->count == 0)
        return TRUE;
    request->first = RtlFindClearBitsAndSet(&adapter->used, request->count, 0);
    return request->first != MAXULONG;
}

/* The first that waits, when it may run: it has the channel then. */
static struct dma_request *take_next(struct dma_adapter *adapter)
{
    struct dma_request *request = NULL;
    linux_lock(&adapter->lock);
    if (!adapter->channel && !IsListEmpty(&adapter->waiting)) {
        request = CONTAINING_RECORD(adapter->waiting.Flink, struct dma_request, link);
        if (take_registers(request)) {
            RemoveEntryList(&request->link);
            adapter->channel = request;
            adapter->turn++;
        } else {
            request = NULL;
        }
    }
    linux_unlock(&adapter->lock);
    return request;
}

static void free_registers(struct dma_request *request)
{
    struct dma_adapter *adapter = request->adapter;
    linux_lock(&adapter->lock);
    if (adapter->pages && request->count)
        RtlClearBits(&adapter->used, request->first, request->count);
    if (adapter->channel == request)
        adapter->channel = NULL;
    linux_unlock(&adapter->lock);
}

/* The routine may end with the request gone, and another at its address: its turn tells. */
static void run(struct dma_adapter *adapter, struct dma_request *request)
{
    uint64_t turn = adapter->turn; /* nobody else's while this one has the channel */
    KIRQL irql = KfRaiseIrql(DISPATCH_LEVEL);
    IO_ALLOCATION_ACTION action =
        request->routine(request->device, request->irp, request, request->context);
    KeLowerIrql(irql);
    if (action == KeepObject)
        return;
    if (action == DeallocateObjectKeepRegisters) {
        linux_lock(&adapter->lock);
        if (adapter->channel == request && adapter->turn == turn)
            adapter->channel = NULL;
        linux_unlock(&adapter->lock);
        return;
    }
    free_registers(request);
    if (request->is_owned)
        mm_pool_free(current_machine(), request);
}

static void run_waiting(struct dma_adapter *adapter)
{
    struct dma_request *request;
    while ((request = take_next(adapter)) != NULL)
        run(adapter, request);
}

void dma_request_start(struct dma_request *request)
{
    struct dma_adapter *adapter = request->adapter;
    linux_lock(&adapter->lock);
    InsertTailList(&adapter->waiting, &request->link);
    linux_unlock(&adapter->lock);
    run_waiting(adapter);
}

void dma_request_release(struct dma_request *request)
{
    struct dma_adapter *adapter = request->adapter;
    free_registers(request);
    if (request->is_owned)
        mm_pool_free(current_machine(), request);
    run_waiting(adapter);
}

NTSTATUS NTAPI dma_allocate_channel(PDMA_ADAPTER given, PDEVICE_OBJECT device, ULONG registers,
                                    PDRIVER_CONTROL routine, PVOID context)
{
    struct dma_adapter *adapter = dma_adapter_of(given);
    if (registers > adapter->register_count)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct dma_request *request =
        mm_pool_allocate_zero(current_machine(), dma_request_size(registers), REQUEST_TAG);
    if (!request)
        return STATUS_INSUFFICIENT_RESOURCES;
    request->adapter = adapter;
    request->device = device;
    request->irp = device->CurrentIrp;
    request->routine = routine;
    request->context = context;
    request->count = registers;
    request->is_owned = TRUE;
    dma_request_start(request);
    return STATUS_SUCCESS;
}

/* After KeepObject. */
VOID NTAPI dma_free_channel(PDMA_ADAPTER given)
{
    struct dma_request *request = dma_adapter_of(given)->channel;
    if (request)
        dma_request_release(request);
}

/* After DeallocateObjectKeepRegisters. */
VOID NTAPI dma_free_registers(PDMA_ADAPTER given, PVOID base, ULONG count)
{
    dma_request_release(base);
}
