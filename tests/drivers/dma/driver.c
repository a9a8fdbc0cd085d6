/* DMA as the driver of a bus master does it. The device is played by the checks: they reach memory
 * by its logical addresses alone. */
#include <ntifs.h>

#include "check.h"
#include "groups.h"

CHECK_DEFINITIONS("dma")

enum { TAG = 0x616D4453, LENGTH = 3 * PAGE_SIZE, START = 0x123, MARK = 0xD1 };

static PDEVICE_OBJECT device;
static PUCHAR buffer; /* LENGTH + PAGE_SIZE bytes, an MDL from START on */
static PMDL mdl;

/* ---- the device ---- */

static void device_copies(PHYSICAL_ADDRESS address, PVOID data, ULONG length, BOOLEAN to_memory)
{
    PVOID mapped = MmMapIoSpace(address, length, MmNonCached);

    CHECK(mapped != NULL);
    if (!mapped)
        return;
    if (to_memory)
        RtlCopyMemory(mapped, data, length);
    else
        RtlCopyMemory(data, mapped, length);
    MmUnmapIoSpace(mapped, length);
}

static UCHAR device_reads(PHYSICAL_ADDRESS address)
{
    UCHAR byte = 0;

    device_copies(address, &byte, 1, FALSE);
    return byte;
}

static void device_writes(PHYSICAL_ADDRESS address, UCHAR byte)
{
    device_copies(address, &byte, 1, TRUE);
}

/* ---- adapters ---- */

/* kind: 's' scatter/gather, 'p' one packet; bits: 32 or 64. */
static PDMA_ADAPTER adapter_of(char kind, ULONG bits, ULONG version, PULONG registers)
{
    DEVICE_DESCRIPTION description;
    PDMA_ADAPTER adapter;

    RtlZeroMemory(&description, sizeof description);
    description.Version = version;
    description.Master = TRUE;
    description.ScatterGather = kind == 's';
    description.Dma32BitAddresses = TRUE;
    description.Dma64BitAddresses = bits == 64;
    description.InterfaceType = PCIBus;
    description.MaximumLength = LENGTH + PAGE_SIZE; /* a chain is longer */
    *registers = 0;
    adapter = IoGetDmaAdapter(NULL, &description, registers);
    CHECK(adapter != NULL && *registers >= LENGTH / PAGE_SIZE + 1);
    return adapter;
}

static void put(PDMA_ADAPTER adapter)
{
    adapter->DmaOperations->PutDmaAdapter(adapter);
}

static void make_buffer(void)
{
    buffer = ExAllocatePoolWithTag(NonPagedPoolNx, LENGTH + PAGE_SIZE, TAG);
    for (ULONG i = 0; i < LENGTH + PAGE_SIZE; i++)
        buffer[i] = (UCHAR)(i / 16);
    mdl = IoAllocateMdl(buffer + START, LENGTH, FALSE, FALSE, NULL);
    MmBuildMdlForNonPagedPool(mdl);
}

static void free_buffer(void)
{
    IoFreeMdl(mdl);
    ExFreePoolWithTag(buffer, TAG);
}

static void check_versions(void)
{
    DEVICE_DESCRIPTION description = {.Version = DEVICE_DESCRIPTION_VERSION};
    ULONG registers;
    PDMA_ADAPTER first = adapter_of('s', 64, DEVICE_DESCRIPTION_VERSION1, &registers);
    PDMA_ADAPTER second = adapter_of('s', 64, DEVICE_DESCRIPTION_VERSION2, &registers);

    /* the adapter's version is always 1; the operations' size tells what there is */
    CHECK(first->Version == 1 && second->Version == 1);
    CHECK(first->DmaOperations->Size == FIELD_OFFSET(DMA_OPERATIONS, CalculateScatterGatherList));
    CHECK(second->DmaOperations->Size >= sizeof(DMA_OPERATIONS));
    CHECK(second->DmaOperations->BuildScatterGatherList != NULL);
    CHECK(first->DmaOperations->GetDmaAlignment(first) >= 1);
    put(second);
    put(first);
    description.Master = TRUE;
    description.Version = 99;
    CHECK(IoGetDmaAdapter(NULL, &description, &registers) == NULL);
}

static void check_common_buffer(void)
{
    ULONG registers;
    PDMA_ADAPTER adapter = adapter_of('s', 32, DEVICE_DESCRIPTION_VERSION, &registers);
    PHYSICAL_ADDRESS logical = {.QuadPart = 0};
    PUCHAR common =
        adapter->DmaOperations->AllocateCommonBuffer(adapter, 2 * PAGE_SIZE, &logical, TRUE);
    PHYSICAL_ADDRESS second = {.QuadPart = logical.QuadPart + PAGE_SIZE + 5};

    CHECK(common != NULL && logical.QuadPart != 0);
    CHECK(logical.QuadPart + 2 * PAGE_SIZE <= 0x100000000LL);
    common[PAGE_SIZE + 5] = MARK;
    CHECK(device_reads(second) == MARK);
    device_writes(second, MARK + 1);
    CHECK(common[PAGE_SIZE + 5] == MARK + 1);
    adapter->DmaOperations->FreeCommonBuffer(adapter, 2 * PAGE_SIZE, logical, common, TRUE);
    put(adapter);
}

/* ---- packets: AllocateAdapterChannel, MapTransfer, FlushAdapterBuffers ---- */

static PVOID map_registers;
static LONG granted;
static KIRQL granted_irql;
static PVOID granted_context;
static PIRP granted_irp;

static IO_ALLOCATION_ACTION NTAPI keep_registers(PDEVICE_OBJECT for_device, PIRP irp, PVOID base,
                                                 PVOID context)
{
    CHECK(for_device == device);
    granted++;
    granted_irql = KeGetCurrentIrql();
    granted_context = context;
    granted_irp = irp;
    map_registers = base;
    return DeallocateObjectKeepRegisters;
}

static NTSTATUS allocate(PDMA_ADAPTER adapter, ULONG count, PDRIVER_CONTROL control, PVOID context)
{
    KIRQL irql;
    NTSTATUS status;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    status =
        adapter->DmaOperations->AllocateAdapterChannel(adapter, device, count, control, context);
    KeLowerIrql(irql);
    return status;
}

/* A device of one address: the whole length is one run. */
static void check_packet(void)
{
    ULONG registers, length = LENGTH;
    PDMA_ADAPTER adapter = adapter_of('p', 32, DEVICE_DESCRIPTION_VERSION, &registers);
    PDMA_OPERATIONS dma = adapter->DmaOperations;
    PUCHAR start = MmGetMdlVirtualAddress(mdl);
    PHYSICAL_ADDRESS address, middle;

    granted = 0;
    device->CurrentIrp = (PIRP)&granted;
    CHECK_STATUS(STATUS_SUCCESS,
                 allocate(adapter, LENGTH / PAGE_SIZE + 1, keep_registers, &length));
    CHECK(granted == 1 && granted_irql == DISPATCH_LEVEL && granted_context == &length);
    CHECK(granted_irp == (PIRP)&granted);
    device->CurrentIrp = NULL;

    address = dma->MapTransfer(adapter, mdl, map_registers, start, &length, TRUE);
    CHECK(length == LENGTH && address.QuadPart + LENGTH <= 0x100000000LL);
    middle.QuadPart = address.QuadPart + 2 * PAGE_SIZE;
    CHECK(device_reads(address) == start[0] && device_reads(middle) == start[2 * PAGE_SIZE]);
    CHECK(dma->FlushAdapterBuffers(adapter, mdl, map_registers, start, LENGTH, TRUE));

    address = dma->MapTransfer(adapter, mdl, map_registers, start, &length, FALSE);
    middle.QuadPart = address.QuadPart + PAGE_SIZE + 1;
    device_writes(middle, MARK);
    CHECK(dma->FlushAdapterBuffers(adapter, mdl, map_registers, start, LENGTH, FALSE));
    CHECK(start[PAGE_SIZE + 1] == MARK);
    dma->FreeMapRegisters(adapter, map_registers, LENGTH / PAGE_SIZE + 1);
    CHECK(dma->ReadDmaCounter(adapter) == 0);
    CHECK_STATUS(STATUS_INSUFFICIENT_RESOURCES,
                 allocate(adapter, registers + 1, keep_registers, NULL));
    CHECK(granted == 1);
    put(adapter);
}

/* A part of the buffer in the middle, and a transfer in two operations. */
static void check_parts(void)
{
    ULONG registers, length = 0x100, second = 0x80;
    PDMA_ADAPTER adapter = adapter_of('p', 32, DEVICE_DESCRIPTION_VERSION, &registers);
    PDMA_OPERATIONS dma = adapter->DmaOperations;
    PUCHAR start = (PUCHAR)MmGetMdlVirtualAddress(mdl) + PAGE_SIZE - 0x40;
    UCHAR before = start[-1], behind = start[0x180];
    PHYSICAL_ADDRESS address;

    CHECK_STATUS(STATUS_SUCCESS, allocate(adapter, 2, keep_registers, NULL));
    address = dma->MapTransfer(adapter, mdl, map_registers, start, &length, FALSE);
    for (ULONG i = 0; i < 0x100; i++, address.QuadPart++)
        device_writes(address, MARK);
    CHECK(dma->FlushAdapterBuffers(adapter, mdl, map_registers, start, 0x100, FALSE));
    address = dma->MapTransfer(adapter, mdl, map_registers, start + 0x100, &second, FALSE);
    for (ULONG i = 0; i < 0x80; i++, address.QuadPart++)
        device_writes(address, MARK + 1);
    CHECK(dma->FlushAdapterBuffers(adapter, mdl, map_registers, start + 0x100, 0x80, FALSE));
    CHECK(start[-1] == before && start[0] == MARK && start[0xFF] == MARK);
    CHECK(start[0x100] == MARK + 1 && start[0x17F] == MARK + 1 && start[0x180] == behind);
    dma->FreeMapRegisters(adapter, map_registers, 2);
    put(adapter);
}

static PVOID kept[2];
static LONG kept_count;

static IO_ALLOCATION_ACTION NTAPI keep_all(PDEVICE_OBJECT for_device, PIRP irp, PVOID base,
                                           PVOID context)
{
    (void)for_device, (void)irp;
    kept[kept_count++] = base;
    return context ? KeepObject : DeallocateObjectKeepRegisters;
}

/* Registers that are in use are waited for; who keeps the adapter keeps the next one out. */
static void check_waiting(void)
{
    ULONG registers;
    PDMA_ADAPTER adapter = adapter_of('p', 32, DEVICE_DESCRIPTION_VERSION, &registers);
    PDMA_OPERATIONS dma = adapter->DmaOperations;

    kept_count = 0;
    CHECK_STATUS(STATUS_SUCCESS, allocate(adapter, registers, keep_all, NULL));
    CHECK_STATUS(STATUS_SUCCESS, allocate(adapter, 1, keep_all, NULL));
    CHECK(kept_count == 1);
    dma->FreeMapRegisters(adapter, kept[0], registers);
    CHECK(kept_count == 2);
    dma->FreeMapRegisters(adapter, kept[1], 1);

    kept_count = 0;
    CHECK_STATUS(STATUS_SUCCESS, allocate(adapter, 1, keep_all, adapter));
    CHECK_STATUS(STATUS_SUCCESS, allocate(adapter, 1, keep_all, NULL));
    CHECK(kept_count == 1);
    dma->FreeAdapterChannel(adapter);
    CHECK(kept_count == 2);
    dma->FreeMapRegisters(adapter, kept[1], 1);
    put(adapter);
}

/* ---- scatter/gather ---- */

static PSCATTER_GATHER_LIST given_list;
static LONG listed;

static VOID NTAPI take_list(PDEVICE_OBJECT for_device, PIRP irp, PSCATTER_GATHER_LIST list,
                            PVOID context)
{
    (void)irp;
    CHECK(for_device == device && context == &listed);
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
    given_list = list;
    listed++;
}

static NTSTATUS get_list(PDMA_ADAPTER adapter, PMDL of, ULONG length, BOOLEAN to_device)
{
    KIRQL irql;
    NTSTATUS status;

    given_list = NULL;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    status = adapter->DmaOperations->GetScatterGatherList(
        adapter, device, of, MmGetMdlVirtualAddress(of), length, take_list, &listed, to_device);
    KeLowerIrql(irql);
    return status;
}

static ULONG list_length(void)
{
    ULONG length = 0;

    for (ULONG i = 0; i < given_list->NumberOfElements; i++)
        length += given_list->Elements[i].Length;
    return length;
}

/* The logical address of a byte of the transfer. */
static PHYSICAL_ADDRESS at(ULONG offset)
{
    PHYSICAL_ADDRESS address = {.QuadPart = 0};

    for (ULONG i = 0; i < given_list->NumberOfElements; i++) {
        if (offset < given_list->Elements[i].Length) {
            address.QuadPart = given_list->Elements[i].Address.QuadPart + offset;
            break;
        }
        offset -= given_list->Elements[i].Length;
    }
    CHECK(address.QuadPart != 0);
    return address;
}

static void transfer_by_list(PDMA_ADAPTER adapter, PMDL of, ULONG length)
{
    PUCHAR data = MmGetSystemAddressForMdlSafe(of, NormalPagePriority);

    CHECK_STATUS(STATUS_SUCCESS, get_list(adapter, of, length, TRUE));
    CHECK(list_length() == length);
    CHECK(device_reads(at(0)) == data[0]);
    adapter->DmaOperations->PutScatterGatherList(adapter, given_list, TRUE);

    CHECK_STATUS(STATUS_SUCCESS, get_list(adapter, of, length, FALSE));
    device_writes(at(7), MARK + 2);
    adapter->DmaOperations->PutScatterGatherList(adapter, given_list, FALSE);
    CHECK(data[7] == MARK + 2);
}

static void check_lists(void)
{
    static const struct {
        char kind;
        ULONG bits;
    } kinds[] = {{'s', 64}, {'s', 32}, {'p', 64}, {'p', 32}};

    for (ULONG i = 0; i < RTL_NUMBER_OF(kinds); i++) {
        ULONG registers;
        PDMA_ADAPTER adapter =
            adapter_of(kinds[i].kind, kinds[i].bits, DEVICE_DESCRIPTION_VERSION, &registers);

        transfer_by_list(adapter, mdl, LENGTH);
        if (kinds[i].kind == 'p')
            CHECK(given_list != NULL);
        CHECK_STATUS(STATUS_BUFFER_TOO_SMALL, get_list(adapter, mdl, LENGTH + 1, TRUE));
        put(adapter);
    }
}

/* Pages that a 32-bit device cannot reach: a thread's stack lies above 4 GiB here. */
static void check_out_of_reach(void)
{
    ULONG registers;
    PDMA_ADAPTER adapter = adapter_of('s', 32, DEVICE_DESCRIPTION_VERSION, &registers);
    UCHAR stack[0x200] = {1, 2, 3};
    PMDL locked = IoAllocateMdl(stack, sizeof stack, FALSE, FALSE, NULL);

    MmProbeAndLockPages(locked, KernelMode, IoModifyAccess);
    CHECK(MmGetMdlPfnArray(locked)[0] >= 0x100000);
    CHECK_STATUS(STATUS_SUCCESS, get_list(adapter, locked, sizeof stack, TRUE));
    CHECK(at(0).QuadPart + (LONGLONG)sizeof stack <= 0x100000000LL);
    CHECK(device_reads(at(2)) == 3);
    adapter->DmaOperations->PutScatterGatherList(adapter, given_list, TRUE);
    CHECK_STATUS(STATUS_SUCCESS, get_list(adapter, locked, sizeof stack, FALSE));
    device_writes(at(0x1FF), MARK);
    adapter->DmaOperations->PutScatterGatherList(adapter, given_list, FALSE);
    CHECK(*(volatile UCHAR *)&stack[0x1FF] == MARK);
    MmUnlockPages(locked);
    IoFreeMdl(locked);
    put(adapter);
}

/* Chained MDLs are one transfer; for a device of one address in one run. */
static void check_chain(char kind)
{
    ULONG registers;
    PDMA_ADAPTER adapter = adapter_of(kind, 32, DEVICE_DESCRIPTION_VERSION, &registers);
    PUCHAR second = ExAllocatePoolWithTag(NonPagedPoolNx, 0x200, TAG);
    PMDL next = IoAllocateMdl(second, 0x200, FALSE, FALSE, NULL);

    MmBuildMdlForNonPagedPool(next);
    second[0x10] = 0x5A;
    mdl->Next = next;
    CHECK_STATUS(STATUS_SUCCESS, get_list(adapter, mdl, LENGTH + 0x200, TRUE));
    CHECK(list_length() == LENGTH + 0x200);
    CHECK(kind == 's' || given_list->NumberOfElements == 1);
    CHECK(device_reads(at(LENGTH + 0x10)) == 0x5A);
    CHECK(device_reads(at(0)) == buffer[START]);
    adapter->DmaOperations->PutScatterGatherList(adapter, given_list, TRUE);

    CHECK_STATUS(STATUS_SUCCESS, get_list(adapter, mdl, LENGTH + 0x200, FALSE));
    device_writes(at(LENGTH + 1), MARK);
    adapter->DmaOperations->PutScatterGatherList(adapter, given_list, FALSE);
    CHECK(second[1] == MARK);
    mdl->Next = NULL;
    IoFreeMdl(next);
    ExFreePoolWithTag(second, TAG);
    put(adapter);
}

static void check_chains(void)
{
    check_chain('s');
    check_chain('p');
}

/* Version 2: the driver brings the memory of the list. */
static void check_built(void)
{
    ULONG registers, size = 0, needed = 0;
    PDMA_ADAPTER adapter = adapter_of('p', 32, DEVICE_DESCRIPTION_VERSION2, &registers);
    PDMA_OPERATIONS dma = adapter->DmaOperations;
    PVOID start = MmGetMdlVirtualAddress(mdl), block;
    PMDL target = NULL, again = NULL;
    KIRQL irql;

    CHECK_STATUS(STATUS_SUCCESS,
                 dma->CalculateScatterGatherList(adapter, mdl, start, LENGTH, &size, &needed));
    CHECK(needed == ADDRESS_AND_SIZE_TO_SPAN_PAGES(start, LENGTH));
    CHECK(size >= sizeof(SCATTER_GATHER_LIST));
    block = ExAllocatePoolWithTag(NonPagedPoolNx, size, TAG);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    CHECK_STATUS(STATUS_BUFFER_TOO_SMALL,
                 dma->BuildScatterGatherList(adapter, device, mdl, start, LENGTH, take_list,
                                             &listed, TRUE, block, size - 1));
    CHECK_STATUS(STATUS_SUCCESS,
                 dma->BuildScatterGatherList(adapter, device, mdl, start, LENGTH, take_list,
                                             &listed, TRUE, block, size));
    CHECK((PVOID)given_list == block && list_length() == LENGTH);
    CHECK_STATUS(STATUS_INVALID_PARAMETER,
                 dma->BuildMdlFromScatterGatherList(adapter, given_list, NULL, &target));
    CHECK_STATUS(STATUS_SUCCESS,
                 dma->BuildMdlFromScatterGatherList(adapter, given_list, mdl, &target));
    CHECK(target != NULL && MmGetMdlByteCount(target) == LENGTH);
    CHECK(MmGetMdlPfnArray(target)[0] ==
          (PFN_NUMBER)(given_list->Elements[0].Address.QuadPart / PAGE_SIZE));
    if (target != mdl)
        CHECK_STATUS(STATUS_NONE_MAPPED,
                     dma->BuildMdlFromScatterGatherList(adapter, given_list, mdl, &again));
    dma->PutScatterGatherList(adapter, given_list, TRUE);
    KeLowerIrql(irql);
    ExFreePoolWithTag(block, TAG);
    put(adapter);
}

static struct check_group groups[] = {
    CHECK_GROUP(versions),     CHECK_GROUP(common_buffer), CHECK_GROUP(packet),
    CHECK_GROUP(parts),        CHECK_GROUP(waiting),       CHECK_GROUP(lists),
    CHECK_GROUP(out_of_reach), CHECK_GROUP(chains),        CHECK_GROUP(built),
};

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    IoDeleteDevice(driver->DeviceObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    NTSTATUS status = IoCreateDevice(driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);

    if (!NT_SUCCESS(status))
        return status;
    driver->DriverUnload = unload;
    make_buffer();
    run_groups(path, groups, RTL_NUMBER_OF(groups));
    free_buffer();
    status = groups_result();
    if (!NT_SUCCESS(status))
        IoDeleteDevice(device);
    return status;
}
