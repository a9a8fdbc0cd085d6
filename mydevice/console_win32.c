#include <mydevice/console.h>

#include <fcntl.h>
#include <io.h>
#include <stdarg.h>
#include <stdlib.h>
#include <windows.h>
#include <shellapi.h>

#define TEXT_CAPACITY 4096

static char *narrow(const wchar_t *wide)
{
    int length = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
    char *text = length > 0 ? calloc((size_t)length, 1) : NULL;

    if (text != NULL)
        WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, length, NULL, NULL);
    return text;
}

char **console_arguments(int *argc, char **argv)
{
    wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), argc);
    char **narrowed;
    int index;

    (void)argv; /* in the system's code page, in which not every path can be written */
    if (wide == NULL)
        return NULL;
    narrowed = calloc((size_t)*argc + 1, sizeof(*narrowed));
    for (index = 0; narrowed != NULL && index < *argc; index++) {
        narrowed[index] = narrow(wide[index]);
        if (narrowed[index] == NULL)
            narrowed = NULL; /* out of memory: the program ends, the system takes it all back */
    }
    LocalFree(wide);
    return narrowed;
}

static int write_to_console(HANDLE console, const char *text)
{
    wchar_t wide[TEXT_CAPACITY];
    int length = MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, TEXT_CAPACITY);
    DWORD written;

    if (length <= 0)
        return -1;
    return WriteConsoleW(console, wide, (DWORD)length - 1, &written, NULL) ? 0 : -1;
}

int console_print(FILE *stream, const char *format, ...)
{
    HANDLE handle = (HANDLE)_get_osfhandle(_fileno(stream));
    char text[TEXT_CAPACITY];
    va_list values;
    DWORD mode;

    va_start(values, format);
    vsnprintf(text, sizeof(text), format, values);
    va_end(values);
    if (GetConsoleMode(handle, &mode))
        return write_to_console(handle, text);
    _setmode(_fileno(stream), _O_BINARY);
    return fputs(text, stream) < 0 || fflush(stream) != 0 ? -1 : 0;
}
