#include "host/linux/host_frame.h"
#include "host/linux/frame_cfi.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool linux_frame_describe(uint64_t address, char *text, size_t capacity)
{
    Dl_info info;
    uint64_t offset;

    if (!dladdr((const void *)(uintptr_t)address, &info) || !info.dli_fname)
        return false;
    frame_cfi_lock();
    const char *function = frame_cfi_function(address, &offset);
    if (function)
        snprintf(text, capacity, "%s!%s+0x%llx", file_name(info.dli_fname), function,
                 (unsigned long long)offset);
    else
        snprintf(text, capacity, "%s+0x%llx", file_name(info.dli_fname),
                 (unsigned long long)(address - (uint64_t)(uintptr_t)info.dli_fbase));
    frame_cfi_unlock();
    return true;
}
