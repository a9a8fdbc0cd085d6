#include "memory.h"

static const PHYSICAL_ADDRESS none, everything = {.QuadPart = -1};

void check_mdl_pages(void)
{
    PMDL mdl = MmAllocatePagesForMdl(none, everything, none, 3 * PAGE_SIZE - 1);
    CHECK(mdl && MmGetMdlByteCount(mdl) == 3 * PAGE_SIZE && MmGetMdlByteOffset(mdl) == 0);
    CHECK(mdl->MdlFlags & MDL_PAGES_LOCKED);
    UCHAR *pages = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    CHECK(pages != NULL);
    for (ULONG i = 0; i < 3 * PAGE_SIZE; i += 512) {
        CHECK(pages[i] == 0);
        pages[i] = 0xCC;
    }
    MmUnmapLockedPages(pages, mdl);
    pages = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    CHECK(pages[1024] == 0xCC);
    MmUnmapLockedPages(pages, mdl);
    MmFreePagesFromMdl(mdl);
    ExFreePool(mdl);
    CHECK(MmAllocatePagesForMdlEx(none, everything, none, 0, MmCached, 0) == NULL);
}

void check_contiguous(void)
{
    PHYSICAL_ADDRESS low = {.QuadPart = 0xFFFFFFFF}, megabyte = {.QuadPart = 0x100000};
    UCHAR *memory = MmAllocateContiguousMemory(5 * PAGE_SIZE, low);
    LONGLONG base = MmGetPhysicalAddress(memory).QuadPart;
    CHECK(memory && (ULONG_PTR)memory % PAGE_SIZE == 0 && base + 5 * PAGE_SIZE <= 0xFFFFFFFF);
    for (ULONG i = 0; i < 5; i++)
        CHECK(MmGetPhysicalAddress(memory + i * PAGE_SIZE + 7).QuadPart ==
              base + i * PAGE_SIZE + 7);
    MmFreeContiguousMemory(memory);
    memory = MmAllocateContiguousMemorySpecifyCache(16 * PAGE_SIZE, none, low, megabyte, MmCached);
    base = MmGetPhysicalAddress(memory).QuadPart;
    CHECK(memory && base / 0x100000 == (base + 16 * PAGE_SIZE - 1) / 0x100000);
    memory[16 * PAGE_SIZE - 1] = 1;
    MmFreeContiguousMemorySpecifyCache(memory, 16 * PAGE_SIZE, MmCached);
    CHECK(MmAllocateContiguousMemory(PAGE_SIZE, none) == NULL);
}

void check_noncached(void)
{
    UCHAR *memory = MmAllocateNonCachedMemory(3000);
    CHECK(memory && memory[2999] == 0);
    MmFreeNonCachedMemory(memory, 3000);
}

void check_io_space(void)
{
    PHYSICAL_ADDRESS device = {.QuadPart = 0xFEE00000};
    UCHAR *block = ExAllocatePoolWithTag(NonPagedPoolNx, PAGE_SIZE, TAG);
    PHYSICAL_ADDRESS address = MmGetPhysicalAddress(block + 24);
    CHECK(MmGetVirtualForPhysical(address) == block + 24);
    block[24] = 0x5A;
    UCHAR *mapped = MmMapIoSpace(address, 8, MmNonCached);
    CHECK(mapped && mapped != block + 24 && mapped[0] == 0x5A);
    MmUnmapIoSpace(mapped, 8);
    CHECK(MmMapIoSpace(device, PAGE_SIZE, MmNonCached) == NULL);
    ExFreePoolWithTag(block, TAG);
}
