/* What the load configuration asks of the loader: the /GS cookie and control flow guard. */
#include "host/loader/loader.h"

static const uint64_t default_cookie = 0x00002B992DDFA232;

/* Control flow guard calls through pointers that the loader sets: the check is given the target in
 * rcx, the dispatchers go to the one in rax. As NT without its hypervisor, the host checks nothing.
 * All registers pass through. */
extern const char loader_guard_check[] __attribute__((visibility("hidden")));
extern const char loader_guard_dispatch[] __attribute__((visibility("hidden")));
__asm__(".text\n"
        ".hidden loader_guard_check\n.globl loader_guard_check\n"
        "loader_guard_check:\n\tret\n"
        ".hidden loader_guard_dispatch\n.globl loader_guard_dispatch\n"
        "loader_guard_dispatch:\n\tjmp *%rax\n");

static uint8_t *slot_of(const struct loaded_image *image, uint64_t address)
{
    return address ? pe_slot(&image->pe, address - (uint64_t)image->base, sizeof(uint64_t)) : NULL;
}

/* Only the linker's value is replaced: a driver may have its own. */
static void set_cookie(struct loaded_image *image, uint64_t address)
{
    uint8_t *slot = slot_of(image, address);
    uint64_t cookie;
    if (!slot)
        return;
    __builtin_memcpy(&cookie, slot, sizeof(cookie));
    if (cookie != 0 && cookie != default_cookie)
        return;
    cookie = 0;
    linux_random(&cookie, 6); /* the top 16 bits are zero, so that no string runs over it */
    if (cookie == 0 || cookie == default_cookie)
        cookie = default_cookie + 1;
    __builtin_memcpy(slot, &cookie, sizeof(cookie));
}

static void set_code_pointer(struct loaded_image *image, uint64_t address, const void *code)
{
    uint8_t *slot = slot_of(image, address);
    uint64_t value = (uint64_t)code;
    if (slot)
        __builtin_memcpy(slot, &value, sizeof(value));
}

NTSTATUS image_initialize_guards(struct loaded_image *image, struct loader_error *error)
{
    struct pe_load_config config;
    if (!pe_load_config(&image->pe, &config))
        return STATUS_SUCCESS;
    if (config.hybrid_metadata) {
        loader_error_add(error, "built for ARM64EC; the host runs x64 drivers only");
        return STATUS_INVALID_IMAGE_FORMAT;
    }
    set_cookie(image, config.cookie);
    if (config.guard_flags & PE_GUARD_INSTRUMENTED) {
        set_code_pointer(image, config.guard_check, loader_guard_check);
        set_code_pointer(image, config.guard_dispatch, loader_guard_dispatch);
        set_code_pointer(image, config.xfg_check, loader_guard_check);
        set_code_pointer(image, config.xfg_dispatch, loader_guard_dispatch);
        set_code_pointer(image, config.xfg_table, loader_guard_dispatch);
    }
    return STATUS_SUCCESS;
}
