/* An instrumented image announces itself; its global variables. */
#include "host/loader/loader.h"
#include "host/sanitizer/sanitizer.h"

/* The linker may pad between the records of two files. */
static BOOLEAN is_record(const struct sanitizer_global *global)
{
    return global->address != 0;
}

static void forbid_redzone(const struct sanitizer_global *global)
{
    uint64_t end = global->address + global->size;
    uint64_t redzone_end = global->address + global->size_with_redzone;
    linux_shadow_forbid((void *)(end & ~7ull), redzone_end - (end & ~7ull), SHADOW_GLOBAL);
    linux_shadow_allow((void *)global->address, global->size);
}

/* Called by the image's entry point, in front of DriverEntry. STATUS_REVISION_MISMATCH: it was
 * built for another version of the host. STATUS_INSUFFICIENT_RESOURCES: no room for the shadow. */
NTSTATUS NTAPI SbSanitizerStart(const struct sanitizer_image *description);
NTSTATUS NTAPI SbSanitizerStart(const struct sanitizer_image *description)
{
    struct loaded_image *image =
        loader_find(current_machine(), (uint64_t)__builtin_return_address(0));
    if (!image)
        return STATUS_INVALID_PARAMETER;
    if (description->version != SANITIZER_VERSION)
        return STATUS_REVISION_MISMATCH;
    if (!linux_shadow_open())
        return STATUS_INSUFFICIENT_RESOURCES;
    *description->shadow = (uint64_t)linux_shadow_base;
    image->globals = description->globals;
    image->globals_end = description->globals_end;
    for (const struct sanitizer_global *each = image->globals; each < image->globals_end; each++)
        if (is_record(each))
            forbid_redzone(each);
    return STATUS_SUCCESS;
}
SANITIZER_EXPORT("SbSanitizerStart", SbSanitizerStart)

const struct sanitizer_global *sanitizer_find_global(uint64_t address)
{
    const struct loaded_image *image = loader_find(current_machine(), address);
    if (!image)
        return NULL;
    for (const struct sanitizer_global *each = image->globals; each < image->globals_end; each++)
        if (is_record(each) && address - each->address < each->size_with_redzone)
            return each;
    return NULL;
}
