/* For programs of other engines: settings by environment, and a crash as engines know it. */
#include <stdio.h>
#include <stdlib.h>

#include <sysbuf/fuzz.h>

bool sb_fuzz_open_for_engine(const char *driver, bool is_traced, struct sb_fuzz **fuzz)
{
    const char *verify = getenv("SYSBUF_VERIFY");
    struct sb_fuzz_options options = {
        .driver = driver ? driver : getenv("SYSBUF_DRIVER"),
        .verify = verify ? (uint32_t)strtoul(verify, NULL, 0) : SB_VERIFY_ALL,
        .is_traced = is_traced,
    };
    char error[600] = "SYSBUF_DRIVER names no driver";
    if (options.driver && sb_fuzz_open(&options, fuzz, error, sizeof(error)))
        return true;
    fprintf(stderr, "sysbuf: %s\n", error);
    return false;
}

void sb_fuzz_abort(const struct sb_fuzz_crash *crash)
{
    const char *folder = getenv("SYSBUF_CRASHES");
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s.script", folder ? folder : ".", crash->identity);
    FILE *file = fopen(path, "we");
    if (file && crash->script)
        fputs(crash->script, file);
    if (file)
        fclose(file);
    fprintf(stderr, "sysbuf: %s\n%s\nsysbuf: script for sysbuf run: %s\n", crash->title,
            crash->report ? crash->report : "", path);
    abort();
}
