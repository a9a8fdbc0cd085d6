/* From a buffer to addresses for the device, and back. */
#include "host/hal/dma.h"
#include "host/ke/bug_codes.h"
#include "host/mm/mdl.h"

/* address is the MDL's own: an index, whoever's address space it was once valid in. */
static uint64_t physical(PMDL mdl, const uint8_t *address)
{
    SIZE_T page = (SIZE_T)(address - (uint8_t *)mdl->StartVa) / PAGE_SIZE;
    return mm_mdl_frames(mdl)[page] * PAGE_SIZE + BYTE_OFFSET(address);
}

/* How many bytes from address on are one run that the device reaches. */
static ULONG run_length(const struct dma_adapter *adapter, PMDL mdl, uint8_t *address, ULONG length)
{
    uint64_t expected = physical(mdl, address);
    ULONG run = 0;
    while (run < length) {
        ULONG part = PAGE_SIZE - BYTE_OFFSET(address + run);
        uint64_t start = physical(mdl, address + run);
        if (start != expected || start + part - 1 > adapter->highest)
            break;
        run += part;
        expected += part;
    }
    return run < length ? run : length;
}

BOOLEAN dma_is_reachable(const struct dma_adapter *adapter, PMDL mdl, uint8_t *address,
                         ULONG length)
{
    return run_length(adapter, mdl, address, length) == length;
}

static uint8_t *registers_of(const struct dma_request *request)
{
    return request->adapter->pages + (SIZE_T)request->first * PAGE_SIZE;
}

static void copy(const struct dma_request *request, const struct dma_copy *part, BOOLEAN to_device)
{
    BOOLEAN is_mapped =
        (part->mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)) != 0;
    uint8_t *buffer = MmGetSystemAddressForMdlSafe(part->mdl, HighPagePriority);
    if (!buffer)
        KeBugCheckEx(HAL_MEMORY_ALLOCATION, (ULONG_PTR)part->length, 0, 0, 0);
    uint8_t *data = buffer + (part->address - (uint8_t *)MmGetMdlVirtualAddress(part->mdl));
    uint8_t *pages = registers_of(request) + part->offset;
    if (to_device)
        __builtin_memcpy(pages, data, part->length);
    else
        __builtin_memcpy(data, pages, part->length);
    if (!is_mapped)
        MmUnmapLockedPages(buffer, part->mdl);
}

/* Into the registers, behind what is there; the first part keeps its place within a page. */
static PHYSICAL_ADDRESS map_copied(struct dma_request *request, PMDL mdl, uint8_t *address,
                                   ULONG *length, BOOLEAN to_device)
{
    ULONG offset = request->used ? request->used : BYTE_OFFSET(address);
    ULONG room = request->count * PAGE_SIZE - offset;
    if (*length > room || request->copy_count == request->count)
        *length = request->copy_count == request->count ? 0 : room;
    struct dma_copy part = {mdl, address, *length, offset};
    if (*length) {
        request->copies[request->copy_count++] = part;
        request->used = offset + *length;
        if (to_device)
            copy(request, &part, TRUE);
    }
    return MmGetPhysicalAddress(registers_of(request) + offset);
}

PHYSICAL_ADDRESS dma_map(struct dma_request *request, PMDL mdl, uint8_t *address, ULONG *length,
                         BOOLEAN to_device)
{
    const struct dma_adapter *adapter = request->adapter;
    ULONG run = request->copies_all ? 0 : run_length(adapter, mdl, address, *length);
    BOOLEAN is_direct = adapter->gathers ? run != 0 : run == *length;
    if (!is_direct)
        return map_copied(request, mdl, address, length, to_device);
    *length = run;
    return (PHYSICAL_ADDRESS){.QuadPart = (LONGLONG)physical(mdl, address)};
}

/* The part of a copy that [address, address + length) covers. */
static BOOLEAN clip(struct dma_copy *part, uint8_t *address, ULONG length)
{
    uint8_t *start = part->address > address ? part->address : address;
    uint8_t *end = part->address + part->length;
    if (end > address + length)
        end = address + length;
    if (start >= end)
        return FALSE;
    part->offset += (ULONG)(start - part->address);
    part->address = start;
    part->length = (ULONG)(end - start);
    return TRUE;
}

void dma_flush(struct dma_request *request, PMDL mdl, uint8_t *address, ULONG length,
               BOOLEAN to_device)
{
    for (ULONG i = 0; i < request->copy_count && !to_device; i++) {
        struct dma_copy part = request->copies[i];
        if (part.mdl == mdl && clip(&part, address, length))
            copy(request, &part, FALSE);
    }
}

PHYSICAL_ADDRESS NTAPI dma_map_transfer(PDMA_ADAPTER adapter, PMDL mdl, PVOID base, PVOID address,
                                        PULONG length, BOOLEAN to_device)
{
    return dma_map(base, mdl, address, length, to_device);
}

BOOLEAN NTAPI dma_flush_buffers(PDMA_ADAPTER adapter, PMDL mdl, PVOID base, PVOID address,
                                ULONG length, BOOLEAN to_device)
{
    struct dma_request *request = base;
    dma_flush(request, mdl, address, length, to_device);
    request->copy_count = 0; /* the next part of the transfer begins anew */
    request->used = 0;
    return TRUE;
}
