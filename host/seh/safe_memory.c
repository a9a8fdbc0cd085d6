#include "host/nt.h"
#include "host/seh/safe_memory.h"
#include "host/linux/peek.h"

bool seh_read(const struct seh_memory *memory, uint64_t address, void *buffer, size_t length)
{
    if (memory->low <= address && address < memory->high && length <= memory->high - address) {
        __builtin_memcpy(buffer, (const void *)address, length);
        return true;
    }
    return linux_peek(address, buffer, length) == length;
}

size_t seh_read_some(uint64_t address, void *buffer, size_t length)
{
    return linux_peek(address, buffer, length);
}
