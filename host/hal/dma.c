/* DMA adapters and their common buffers. */
#include "host/hal/dma.h"
#include "host/io/io.h"
#include "host/mm/mm.h"

enum {
    ADAPTER_TAG = 0x616D4448,
    MOST_REGISTERS = 256, /* of an adapter that copies: 1 MiB */
    BITS_A_ULONG = 32,
    VERSION_1_SIZE = FIELD_OFFSET(DMA_OPERATIONS, CalculateScatterGatherList),
};
#define HIGHEST_24 0xFFFFFFull
#define HIGHEST_32 0xFFFFFFFFull
#define HIGHEST_64 0x7FFFFFFFFFFFFFFFull

static const PHYSICAL_ADDRESS no_address;
static const GUID bus_interface_standard = {
    0x496B8280, 0x6F25, 0x11D0, {0xBE, 0xAF, 0x08, 0x00, 0x2B, 0xE2, 0x09, 0x2F}};

static PHYSICAL_ADDRESS highest_of(const struct dma_adapter *adapter)
{
    return (PHYSICAL_ADDRESS){.QuadPart = (LONGLONG)adapter->highest};
}

/* ---- the operations that need no transfer ---- */

static PVOID NTAPI allocate_common(PDMA_ADAPTER adapter, ULONG length, PPHYSICAL_ADDRESS logical,
                                   BOOLEAN is_cached)
{
    void *buffer = MmAllocateContiguousMemorySpecifyCache(
        length, no_address, highest_of(dma_adapter_of(adapter)), no_address,
        is_cached ? MmCached : MmNonCached);
    if (buffer)
        *logical = MmGetPhysicalAddress(buffer);
    return buffer;
}

static VOID NTAPI free_common(PDMA_ADAPTER adapter, ULONG length, PHYSICAL_ADDRESS logical,
                              PVOID buffer, BOOLEAN is_cached)
{
    MmFreeContiguousMemory(buffer);
}

static ULONG NTAPI alignment(PDMA_ADAPTER adapter)
{
    return 1;
}

/* Of the system's controller, which bus masters do not use. */
static ULONG NTAPI counter(PDMA_ADAPTER adapter)
{
    return 0;
}

static VOID NTAPI put(PDMA_ADAPTER put_adapter)
{
    struct dma_adapter *adapter = dma_adapter_of(put_adapter);
    if (adapter->pages)
        MmFreeContiguousMemory(adapter->pages);
    mm_pool_free(current_machine(), adapter);
}

static const DMA_OPERATIONS operations = {
    .Size = sizeof(DMA_OPERATIONS),
    .PutDmaAdapter = put,
    .AllocateCommonBuffer = allocate_common,
    .FreeCommonBuffer = free_common,
    .AllocateAdapterChannel = dma_allocate_channel,
    .FlushAdapterBuffers = dma_flush_buffers,
    .FreeAdapterChannel = dma_free_channel,
    .FreeMapRegisters = dma_free_registers,
    .MapTransfer = dma_map_transfer,
    .GetDmaAlignment = alignment,
    .ReadDmaCounter = counter,
    .GetScatterGatherList = dma_list_get,
    .PutScatterGatherList = dma_list_put,
    .CalculateScatterGatherList = dma_list_calculate,
    .BuildScatterGatherList = dma_list_build,
    .BuildMdlFromScatterGatherList = dma_list_mdl,
};

/* ---- making one ---- */

static uint64_t highest_reached(const DEVICE_DESCRIPTION *description)
{
    if (description->Dma64BitAddresses)
        return HIGHEST_64;
    return description->Dma32BitAddresses ? HIGHEST_32 : HIGHEST_24;
}

/* Pages for a transfer of the longest kind, which may begin within one. */
static ULONG registers_for(ULONG length)
{
    return (ULONG)(BYTES_TO_PAGES((uint64_t)length) + 1);
}

static BOOLEAN add_registers(struct dma_adapter *adapter)
{
    if (adapter->register_count > MOST_REGISTERS)
        adapter->register_count = MOST_REGISTERS;
    adapter->pages =
        MmAllocateContiguousMemory(adapter->register_count * PAGE_SIZE, highest_of(adapter));
    return adapter->pages != NULL;
}

static PDMA_ADAPTER create(const DEVICE_DESCRIPTION *description, PULONG register_count)
{
    const SIZE_T bits = MOST_REGISTERS / BITS_A_ULONG * sizeof(ULONG);
    struct dma_adapter *adapter =
        mm_pool_allocate_zero(current_machine(), sizeof(*adapter) + bits, ADAPTER_TAG);
    if (!adapter)
        return NULL;
    adapter->adapter.Version = 1;
    adapter->adapter.Size = sizeof(DMA_ADAPTER);
    adapter->adapter.DmaOperations = &adapter->operations;
    adapter->operations = operations;
    if (description->Version < DEVICE_DESCRIPTION_VERSION2) /* what follows is not offered */
        __builtin_memset((char *)&adapter->operations + VERSION_1_SIZE, 0,
                         sizeof(DMA_OPERATIONS) - VERSION_1_SIZE);
    if (description->Version < DEVICE_DESCRIPTION_VERSION2)
        adapter->operations.Size = VERSION_1_SIZE;
    adapter->gathers = description->ScatterGather;
    adapter->highest = highest_reached(description);
    adapter->register_count = registers_for(description->MaximumLength);
    adapter->used_bits = (ULONG *)(adapter + 1);
    RtlInitializeBitMap(&adapter->used, adapter->used_bits, MOST_REGISTERS);
    InitializeListHead(&adapter->waiting);
    if ((!adapter->gathers || adapter->highest != HIGHEST_64) && !add_registers(adapter)) {
        mm_pool_free(current_machine(), adapter);
        return NULL;
    }
    if (adapter->pages) /* those there are not are in use for good */
        RtlSetBits(&adapter->used, adapter->register_count,
                   MOST_REGISTERS - adapter->register_count);
    *register_count = adapter->register_count;
    return &adapter->adapter;
}

static void ask_for_bus(PIO_STACK_LOCATION stack, void *context)
{
    stack->Parameters.QueryInterface.InterfaceType = &bus_interface_standard;
    stack->Parameters.QueryInterface.Size = sizeof(BUS_INTERFACE_STANDARD);
    stack->Parameters.QueryInterface.Version = 1;
    stack->Parameters.QueryInterface.Interface = context;
    stack->Parameters.QueryInterface.InterfaceSpecificData = NULL;
}

/* The device's bus driver may make adapters of its own. */
static BOOLEAN get_from_bus(PDEVICE_OBJECT device, PDEVICE_DESCRIPTION description,
                            PULONG register_count, PDMA_ADAPTER *adapter)
{
    BUS_INTERFACE_STANDARD bus = {0};
    if (!device || !NT_SUCCESS(io_send_minor(device, IRP_MJ_PNP, IRP_MN_QUERY_INTERFACE,
                                             ask_for_bus, &bus, NULL)))
        return FALSE;
    BOOLEAN has = bus.GetDmaAdapter != NULL;
    if (has)
        *adapter = bus.GetDmaAdapter(bus.Context, description, register_count);
    if (bus.InterfaceDereference)
        bus.InterfaceDereference(bus.Context);
    return has;
}

/* There is no DMA controller: devices master the bus. Version 3 of the operations is not there,
 * which the result tells, as documented. */
PDMA_ADAPTER NTAPI IoGetDmaAdapter(PDEVICE_OBJECT device, PDEVICE_DESCRIPTION description,
                                   PULONG register_count)
{
    PDMA_ADAPTER adapter;
    if (description->Version > DEVICE_DESCRIPTION_VERSION2)
        return NULL;
    if (get_from_bus(device, description, register_count, &adapter))
        return adapter;
    return description->Master ? create(description, register_count) : NULL;
}
SB_EXPORT(IoGetDmaAdapter)
