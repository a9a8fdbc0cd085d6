/* sysbuf info on any bytes: the loader's reading of headers and tables, the resources, the
 * signature, and both ways to print. */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/info/report.h"

/* What the files under test need of the rest of the host. */
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static FILE *nowhere;
    struct info_report report = {.path = "image.sys", .bytes = data, .length = size};
    char error[256] = "";

    if (!nowhere) {
        nowhere = freopen("/dev/null", "w", stdout);
        if (!nowhere)
            abort();
    }
    if (info_gather(&report, error, sizeof error) < 0) {
        if (error[0] == 0)
            abort(); /* a refusal says why */
    } else {
        info_print(&report);
        info_print_json(&report);
    }
    info_release(&report);
    return 0;
}
