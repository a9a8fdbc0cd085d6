#include <mydevice/console.h>

#include <stdarg.h>

char **console_arguments(int *argc, char **argv)
{
    (void)argc;
    return argv;
}

int console_print(FILE *stream, const char *format, ...)
{
    va_list values;
    int written;

    va_start(values, format);
    written = vfprintf(stream, format, values);
    va_end(values);
    return written < 0 || fflush(stream) != 0 ? -1 : 0;
}
