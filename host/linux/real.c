/* Floating-point text through libc. */
#include "host/linux/real.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

/* newlocale fails only for want of memory; uselocale(0) then leaves the thread's locale alone. */
static void make_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static locale_t enter_c_locale(void)
{
    pthread_once(&c_locale_once, make_c_locale);
    return uselocale(c_locale);
}

size_t linux_format_real(char text[LINUX_REAL_CHARACTERS], double value, char conversion,
                         int precision, bool alternate)
{
    char format[] = {'%', '#', '.', '*', conversion, '\0'};
    char *plain = format + 1;
    locale_t before = enter_c_locale();
    int length;

    if (!alternate)
        *plain = '%';
    length =
        snprintf(text, LINUX_REAL_CHARACTERS, alternate ? format : plain, precision, fabs(value));
    uselocale(before);
    return length < 0 ? 0 : (size_t)length;
}

size_t linux_parse_real(const char *text, double *value)
{
    locale_t before = enter_c_locale();
    char *end;

    *value = strtod(text, &end);
    uselocale(before);
    return (size_t)(end - text);
}
