#include <mydevice/console.h>
#include <mydevice/runtime.h>

#include <windows.h>

enum sb_error runtime_begin(const char *path, const char *trace)
{
    (void)trace; /* it is not without --host */
    if (path == NULL)
        return SB_OK;
    console_print(stderr, "mydevice: --host runs a driver on Linux; on Windows, use "
                          "'mydevice install PATH' and 'mydevice start'.\n");
    return SB_ERROR_ARGUMENT;
}

enum sb_error runtime_end(const char *trace)
{
    (void)trace;
    return SB_OK;
}

const char *runtime_install_advice(void)
{
    return "The driver is not installed; run, as an administrator, 'mydevice install PATH' with "
           "the path of mydevice.sys, then 'mydevice start'.";
}

void runtime_pause(unsigned milliseconds)
{
    Sleep(milliseconds);
}
