/* sysbuf info on any bytes: the loader's reading of headers and tables, the resources, the
 * signature, and both ways to print. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/info/report.h"

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
