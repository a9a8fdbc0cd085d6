#include "host/linux/host_frame.h"

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

    if (!dladdr((const void *)(uintptr_t)address, &info) || !info.dli_fname)
        return false;
    if (info.dli_sname)
        snprintf(text, capacity, "%s!%s+0x%llx", file_name(info.dli_fname), info.dli_sname,
                 (unsigned long long)(address - (uint64_t)(uintptr_t)info.dli_saddr));
    else
        snprintf(text, capacity, "%s+0x%llx", file_name(info.dli_fname),
                 (unsigned long long)(address - (uint64_t)(uintptr_t)info.dli_fbase));
    return true;
}
