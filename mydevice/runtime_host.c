#include <mydevice/console.h>
#include <mydevice/contract.h>
#include <mydevice/runtime.h>

#include <time.h>

enum sb_error runtime_begin(const char *path)
{
    enum sb_error error;

    if (path == NULL)
        return SB_OK;
    error = sb_service_install(MYDEVICE_SERVICE, path);
    if (error == SB_OK)
        error = sb_service_start(MYDEVICE_SERVICE);
    if (error != SB_OK)
        console_print(stderr, "mydevice: %s: %s\n", path, sb_error_text(error));
    return error;
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
