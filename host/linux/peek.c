#include <sys/uio.h>
#include <unistd.h>

#include "host/linux/linux.h"
#include "host/linux/peek.h"

static bool is_readable_page(uint64_t address)
{
    const void *page = (const void *)(uintptr_t)address;
    return linux_page_protection(page) != LINUX_NO_ACCESS && !linux_page_is_watched(page);
}

/* On the calling thread's stack above here, or on one or two pages of the arenas. */
static bool is_there(uint64_t address, size_t length)
{
    uint64_t low, high, here = (uint64_t)(uintptr_t)__builtin_frame_address(0);
    linux_stack_bounds(&low, &high);
    if (address >= here && here >= low && address < high && length <= high - address)
        return true;
    return length <= LINUX_PAGE_SIZE && is_readable_page(address) &&
           is_readable_page(address + length - 1);
}

/* The guard is for pages that go at that moment. */
size_t linux_peek(uint64_t address, void *buffer, size_t length)
{
    if (length && is_there(address, length) &&
        linux_copy_guarded(buffer, (const void *)(uintptr_t)address, length))
        return length;
    struct iovec local = {buffer, length};
    struct iovec remote = {(void *)(uintptr_t)address, length};

    ssize_t read = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
    return read < 0 ? 0 : (size_t)read;
}
