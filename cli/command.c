#include "cli/command.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/script/script.h"

int command_fail(const char *format, ...)
{
    va_list arguments;

    fflush(stdout);
    fputs("sysbuf: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    putc('\n', stderr);
    return EXIT_UNUSABLE;
}

int command_bad_option(const char *command, char **arguments, int option)
{
    const char *word = arguments[optind - 1];
    char letter[3] = {'-', (char)optopt, 0};

    if (option == ':')
        return command_fail("%s needs a value; see 'sysbuf %s --help'",
                            optopt && optopt < 128 ? letter : word, command);
    if (optopt >= 128) /* a long option that takes no value got one */
        return command_fail("%s takes no value; see 'sysbuf %s --help'", word, command);
    return command_fail("there is no option %s; see 'sysbuf %s --help'", optopt ? letter : word,
                        command);
}

bool command_number(const char *option, const char *text, uint64_t least, uint64_t most,
                    uint64_t *value)
{
    if (text[0] != '-' && script_number(text, strlen(text), value) && *value >= least &&
        *value <= most)
        return true;
    command_fail("%s is a number from %" PRIu64 " to %" PRIu64 ", not '%s'", option, least, most,
                 text);
    return false;
}

bool command_count(const char *option, const char *text, unsigned least, unsigned most,
                   unsigned *value)
{
    uint64_t number;

    if (!command_number(option, text, least, most, &number))
        return false;
    *value = (unsigned)number;
    return true;
}

bool command_folder(const char *option, const char *path, const char **value)
{
    struct stat status;

    if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode)) {
        command_fail("%s: %s is no directory", option, path);
        return false;
    }
    *value = path;
    return true;
}

bool command_size(const char *option, const char *text, uint64_t *value)
{
    static const char units[] = "KMG";
    size_t length = strlen(text);
    const char *unit = length > 1 ? strchr(units, text[length - 1]) : NULL;
    unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;

    if (text[0] != '-' && script_number(text, length - (unit != NULL), value) &&
        *value <= UINT64_MAX >> shift) {
        *value <<= shift;
        return true;
    }
    command_fail("%s is a number of bytes as in 65536, 64K, 16M or 1G, not '%s'", option, text);
    return false;
}
