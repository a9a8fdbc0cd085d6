#include <mydevice/console.h>
#include <mydevice/contract.h>
#include <mydevice/runtime.h>

#include <string.h>
#include <time.h>

static enum sb_error trace_requests(const char *path, const char *trace)
{
    enum sb_error error = sb_trace_requests(path);

    if (error != SB_OK)
        console_print(stderr, "mydevice: --trace: %s: %s\n", trace,
                      strerror((int)sb_system_error()));
    return error;
}

enum sb_error runtime_begin(const char *path, const char *trace)
{
    enum sb_error error;

    if (path == NULL)
        return SB_OK;
    if (trace != NULL) {
        error = trace_requests(trace, trace);
        if (error != SB_OK)
            return error;
    }
    error = sb_service_install(MYDEVICE_SERVICE, path);
    if (error == SB_OK)
        error = sb_service_start(MYDEVICE_SERVICE);
    if (error != SB_OK)
        console_print(stderr, "mydevice: %s: %s\n", path, sb_error_text(error));
    return error;
}

enum sb_error runtime_end(const char *trace)
{
    return trace != NULL ? trace_requests(NULL, trace) : SB_OK;
}

const char *runtime_install_advice(void)
{
    return "There is no driver here; name the one to run, as in "
           "'mydevice --host mydevice.sys demo'.";
}

void runtime_pause(unsigned milliseconds)
{
    const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};

    nanosleep(&time, NULL);
}
