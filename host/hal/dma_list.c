/*
 * Scatter/gather lists. One block holds the list, its elements, and behind them what the host keeps
 * of it with the map registers' request; a driver may bring the block (BuildScatterGatherList).
 */
#include "host/hal/dma.h"
#include "host/mm/mdl.h"

enum { LIST_TAG = 0x6C6D4448 };

struct list_state {
    PSCATTER_GATHER_LIST list;
    BOOLEAN is_allocated;
    BOOLEAN to_device;
    PMDL mdl;
    uint8_t *address;
    ULONG length;
    PDRIVER_LIST_CONTROL routine;
    PVOID context;
    PMDL target; /* made by BuildMdlFromScatterGatherList, or NULL */
    struct dma_request request;
};

/* ---- the parts of a chain of MDLs ---- */

struct part {
    PMDL mdl;
    uint8_t *address;
    ULONG length;
    ULONG left; /* of the whole, this part included */
};

static ULONG bytes_from(PMDL mdl, const uint8_t *address)
{
    return (ULONG)((uint8_t *)MmGetMdlVirtualAddress(mdl) + MmGetMdlByteCount(mdl) - address);
}

static struct part part_of(PMDL mdl, uint8_t *address, ULONG left)
{
    ULONG room = bytes_from(mdl, address);
    return (struct part){mdl, address, room < left ? room : left, left};
}

/* FALSE behind the last; left is then what the chain was short of. */
static BOOLEAN next_part(struct part *part)
{
    ULONG left = part->left - part->length;
    PMDL next = part->mdl->Next;
    if (left && next)
        *part = part_of(next, MmGetMdlVirtualAddress(next), left);
    else
        part->left = left;
    return left && next;
}

/* Map registers for the whole; STATUS_BUFFER_TOO_SMALL when the MDLs end before. */
static NTSTATUS count_registers(PMDL mdl, uint8_t *address, ULONG length, ULONG *registers)
{
    struct part part = part_of(mdl, address, length);
    ULONG count = 0;
    do
        count += (ULONG)ADDRESS_AND_SIZE_TO_SPAN_PAGES(part.address, part.length);
    while (next_part(&part));
    *registers = count;
    return part.left ? STATUS_BUFFER_TOO_SMALL : STATUS_SUCCESS;
}

/* ---- the block ---- */

static SIZE_T elements_size(ULONG registers)
{
    return FIELD_OFFSET(SCATTER_GATHER_LIST, Elements) + registers * sizeof(SCATTER_GATHER_ELEMENT);
}

static SIZE_T block_size(ULONG registers)
{
    return elements_size(registers) + FIELD_OFFSET(struct list_state, request) +
           dma_request_size(registers);
}

static struct list_state *state_of(PSCATTER_GATHER_LIST list)
{
    return (struct list_state *)list->Reserved;
}

/* Without an MDL: the worst that a buffer there can be. */
NTSTATUS NTAPI dma_list_calculate(PDMA_ADAPTER given, PMDL mdl, PVOID address, ULONG length,
                                  PULONG size, PULONG registers)
{
    ULONG count = (ULONG)ADDRESS_AND_SIZE_TO_SPAN_PAGES(address, length);
    NTSTATUS status = mdl ? count_registers(mdl, address, length, &count) : STATUS_SUCCESS;
    if (!NT_SUCCESS(status))
        return status;
    if (count > dma_adapter_of(given)->register_count)
        return STATUS_INSUFFICIENT_RESOURCES;
    *size = (ULONG)block_size(count);
    if (registers)
        *registers = count;
    return STATUS_SUCCESS;
}

/* ---- filling it ---- */

static void append(PSCATTER_GATHER_LIST list, PHYSICAL_ADDRESS address, ULONG length)
{
    ULONG count = list->NumberOfElements;
    PSCATTER_GATHER_ELEMENT last = count ? &list->Elements[count - 1] : NULL;
    if (last && last->Address.QuadPart + last->Length == address.QuadPart) {
        last->Length += length;
        return;
    }
    list->Elements[count] = (SCATTER_GATHER_ELEMENT){.Address = address, .Length = length};
    list->NumberOfElements = count + 1;
}

/* A device that takes one address gets all of it copied unless it lies in one run. */
static BOOLEAN needs_copy(const struct list_state *state)
{
    const struct dma_adapter *adapter = state->request.adapter;
    return !adapter->gathers &&
           (bytes_from(state->mdl, state->address) < state->length ||
            !dma_is_reachable(adapter, state->mdl, state->address, state->length));
}

static void fill(struct list_state *state)
{
    struct part part = part_of(state->mdl, state->address, state->length);
    state->request.copies_all = needs_copy(state);
    do {
        for (ULONG done = 0, length; done < part.length; done += length) {
            length = part.length - done;
            PHYSICAL_ADDRESS address =
                dma_map(&state->request, part.mdl, part.address + done, &length, state->to_device);
            append(state->list, address, length);
        }
    } while (next_part(&part));
}

static IO_ALLOCATION_ACTION NTAPI start(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    struct list_state *state = context;
    fill(state);
    state->routine(device, irp, state->list, state->context);
    return DeallocateObjectKeepRegisters;
}

/* list: the driver's memory of size bytes; NULL: the list gets memory of its own. */
static NTSTATUS build(struct dma_adapter *adapter, PDEVICE_OBJECT device, PSCATTER_GATHER_LIST list,
                      ULONG size, const struct list_state *wanted)
{
    ULONG needed, registers;
    NTSTATUS status = dma_list_calculate(&adapter->adapter, wanted->mdl, wanted->address,
                                         wanted->length, &needed, &registers);
    if (!NT_SUCCESS(status))
        return status;
    if (list && size < needed)
        return STATUS_BUFFER_TOO_SMALL;
    BOOLEAN is_allocated = list == NULL;
    if (is_allocated)
        list = mm_pool_allocate(current_machine(), NonPagedPoolNx, needed, LIST_TAG);
    if (!list)
        return STATUS_INSUFFICIENT_RESOURCES;
    struct list_state *state = (struct list_state *)((char *)list + elements_size(registers));
    *state = *wanted;
    state->list = list;
    state->is_allocated = is_allocated;
    list->NumberOfElements = 0;
    list->Reserved = (ULONG_PTR)state;
    state->request = (struct dma_request){.adapter = adapter,
                                          .device = device,
                                          .irp = device->CurrentIrp,
                                          .routine = start,
                                          .context = state,
                                          .count = registers};
    dma_request_start(&state->request);
    return STATUS_SUCCESS;
}

static struct list_state wanted_list(PMDL mdl, PVOID address, ULONG length,
                                     PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN to_device)
{
    return (struct list_state){.to_device = to_device,
                               .mdl = mdl,
                               .address = address,
                               .length = length,
                               .routine = routine,
                               .context = context};
}

NTSTATUS NTAPI dma_list_build(PDMA_ADAPTER given, PDEVICE_OBJECT device, PMDL mdl, PVOID address,
                              ULONG length, PDRIVER_LIST_CONTROL routine, PVOID context,
                              BOOLEAN to_device, PVOID buffer, ULONG size)
{
    struct list_state wanted = wanted_list(mdl, address, length, routine, context, to_device);
    return buffer ? build(dma_adapter_of(given), device, buffer, size, &wanted)
                  : STATUS_BUFFER_TOO_SMALL;
}

NTSTATUS NTAPI dma_list_get(PDMA_ADAPTER given, PDEVICE_OBJECT device, PMDL mdl, PVOID address,
                            ULONG length, PDRIVER_LIST_CONTROL routine, PVOID context,
                            BOOLEAN to_device)
{
    struct list_state wanted = wanted_list(mdl, address, length, routine, context, to_device);
    return build(dma_adapter_of(given), device, NULL, 0, &wanted);
}

VOID NTAPI dma_list_put(PDMA_ADAPTER given, PSCATTER_GATHER_LIST list, BOOLEAN to_device)
{
    struct list_state *state = state_of(list);
    struct part part = part_of(state->mdl, state->address, state->length);
    do
        dma_flush(&state->request, part.mdl, part.address, part.length, to_device);
    while (next_part(&part));
    if (state->target)
        IoFreeMdl(state->target);
    BOOLEAN is_allocated = state->is_allocated;
    dma_request_release(&state->request);
    if (is_allocated)
        mm_pool_free(current_machine(), list);
}

/* ---- BuildMdlFromScatterGatherList ---- */

/* One MDL can say it when only the first element begins, and only the last ends, within a page. */
static BOOLEAN fits_one_mdl(PSCATTER_GATHER_LIST list)
{
    for (ULONG i = 0; i < list->NumberOfElements; i++) {
        PSCATTER_GATHER_ELEMENT element = &list->Elements[i];
        BOOLEAN is_last = i == list->NumberOfElements - 1;
        if ((i && element->Address.LowPart % PAGE_SIZE) ||
            (!is_last && (element->Address.LowPart + element->Length) % PAGE_SIZE))
            return FALSE;
    }
    return TRUE;
}

static void enter_frames(PMDL mdl, PSCATTER_GATHER_LIST list)
{
    PPFN_NUMBER frame = mm_mdl_frames(mdl);
    for (ULONG i = 0; i < list->NumberOfElements; i++) {
        uint64_t start = (uint64_t)list->Elements[i].Address.QuadPart;
        uint64_t end = start + list->Elements[i].Length;
        for (uint64_t at = start / PAGE_SIZE; at * PAGE_SIZE < end; at++)
            *frame++ = at;
    }
}

NTSTATUS NTAPI dma_list_mdl(PDMA_ADAPTER given, PSCATTER_GATHER_LIST list, PMDL original,
                            PMDL *target)
{
    struct list_state *state = state_of(list);
    if (!original)
        return STATUS_INVALID_PARAMETER;
    if (state->target)
        return STATUS_NONE_MAPPED;
    if (state->request.copy_count == 0) {
        *target = original;
        return STATUS_SUCCESS;
    }
    if (!fits_one_mdl(list))
        return STATUS_NOT_SUPPORTED;
    ULONG offset = list->Elements[0].Address.LowPart % PAGE_SIZE;
    PMDL mdl = IoAllocateMdl((PVOID)(ULONG_PTR)offset, state->length, FALSE, FALSE, NULL);
    if (!mdl)
        return STATUS_INSUFFICIENT_RESOURCES;
    enter_frames(mdl, list);
    mdl->MdlFlags |= MDL_PAGES_LOCKED;
    state->target = mdl;
    *target = mdl;
    return STATUS_SUCCESS;
}
