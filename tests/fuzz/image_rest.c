/* What the loader's reading of images needs of the rest of the host, for fuzzers of it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

struct loader_error {
    char *text;
    size_t size, used;
};
void __attribute__((ms_abi)) loader_error_add(struct loader_error *error, const char *format, ...);
void __attribute__((ms_abi)) loader_error_add(struct loader_error *error, const char *format, ...)
{
    if (error && error->size)
        snprintf(error->text, error->size, "%s", format);
}

/* One export, so that the table has a beginning and an end (host/export.h). */
static const struct {
    const char *module, *name, *component;
    const void *address;
    size_t data_offset;
} entry __attribute__((used, section("sb_exports"), aligned(8))) = {
    "ntoskrnl.exe", "IoCreateDevice", "io", &loader_error_add, 0};

_Bool host_module_exists(const char *module);
_Bool host_module_exists(const char *module)
{
    return module[0] == 'n';
}
