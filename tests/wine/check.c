#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <windows.h>

/* The kernel could say the same thing 4225 times over. */
#define PRINTED_AT_MOST 20

static volatile LONG checks;
static volatile LONG failures;

bool check(bool holds, const char *file, int line, const char *format, ...)
{
    va_list values;

    InterlockedIncrement(&checks);
    if (holds || InterlockedIncrement(&failures) > PRINTED_AT_MOST)
        return holds;
    printf("%s:%d: FAILED: ", strrchr(file, '/') != NULL ? strrchr(file, '/') + 1 : file, line);
    va_start(values, format);
    vprintf(format, values);
    va_end(values);
    printf("\n");
    fflush(stdout);
    return false;
}

static bool is_wine_8(void)
{
    union {
        FARPROC address;
        const char *(CDECL *version)(void);
    } get = {GetProcAddress(GetModuleHandleA("ntdll.dll"), "wine_get_version")};

    return get.address != NULL && strncmp(get.version(), "8.", 2) == 0;
}

void check_gap(bool closed, const char *what)
{
    if (!closed)
        printf("not shown by Wine: %s\n", what);
    else if (is_wine_8())
        printf("GAP CLOSED, assert it from now on: %s\n", what);
    else
        printf("shown by this Wine, though not by 8: %s\n", what);
    CHECK(!closed || !is_wine_8(), "the gap '%s' has closed", what);
}

int check_result(void)
{
    printf("%ld checks, %ld failed\n", checks, failures);
    fflush(stdout);
    return checks != 0 && failures == 0 ? 0 : 1;
}

int check_main(int argc, char **argv, const struct test *tests, unsigned count)
{
    unsigned index;

    for (index = 0; argc >= 2 && index < count; index++)
        if (strcmp(tests[index].name, argv[1]) == 0) {
            tests[index].run();
            return check_result();
        }
    printf("there is no test '%s'\n", argc >= 2 ? argv[1] : "");
    return 2;
}
