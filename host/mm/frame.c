/* Page frame numbers: one for each page of the arenas, and a stand-in for memory outside them. */
#include "host/linux/peek.h"
#include "host/mm/mm.h"

static const PFN_NUMBER direct_frame = 1ull << 36; /* beyond all frames; physical bit 48 */

static BOOLEAN is_arena(const void *address)
{
    uint64_t at = (uint64_t)address;
    return (at >= LINUX_USER_BASE && at < LINUX_USER_END) ||
           (at >= LINUX_KERNEL_BASE && at < LINUX_KERNEL_END);
}

static BOOLEAN is_readable(const void *address)
{
    uint8_t byte;
    return linux_peek((uint64_t)address, &byte, 1) == 1;
}

PFN_NUMBER mm_frame_of(const void *address)
{
    if (is_arena(address))
        return linux_page_frame(address);
    if ((uint64_t)address >> 47 || !is_readable(address))
        return 0;
    return direct_frame | (uint64_t)address / LINUX_PAGE_SIZE;
}

BOOLEAN mm_frame_is_direct(PFN_NUMBER frame, void **address)
{
    *address = (void *)((frame & ~direct_frame) * LINUX_PAGE_SIZE);
    return (frame & direct_frame) != 0;
}

BOOLEAN mm_page_allows(const void *address, BOOLEAN write)
{
    if (!is_arena(address))
        return !((uint64_t)address >> 47) && is_readable(address);
    enum linux_protection protection = linux_page_protection(address);
    if (write)
        return protection == LINUX_READ_WRITE || protection == LINUX_READ_WRITE_EXECUTE;
    return protection != LINUX_NO_ACCESS;
}
