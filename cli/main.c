/* sysbuf: the command line of the host. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <unistd.h>

#include "cli/command.h"

static const struct command {
    const char *name;
    int (*run)(int count, char **arguments);
    bool fixes_addresses;
} commands[] = {
    {.name = "run", .run = run_command},
    {.name = "check", .run = check_command, .fixes_addresses = true},
    {.name = "fuzz", .run = fuzz_command},
    {.name = "stats", .run = stats_command},
    {.name = "info", .run = info_command},
    {.name = "exports", .run = exports_command},
    {.name = "help", .run = help_command},
};

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

/* Addresses of the host stand in reports, which are to be the same each time: Linux is asked not to
 * draw them by lot, once more from the start. Where it refuses nothing else changes. */
static void fix_addresses(char **arguments)
{
    const unsigned long ask = 0xFFFFFFFF;
    int now = personality(ask);

    if (now < 0 || (now & ADDR_NO_RANDOMIZE) ||
        personality((unsigned long)now | ADDR_NO_RANDOMIZE) < 0)
        return;
    execv("/proc/self/exe", arguments);
}

int main(int count, char **arguments)
{
    if (count < 2)
        return command_fail("which command? See 'sysbuf help'");
    const char *name = arguments[1];
    if (strcmp(name, "--version") == 0) {
        puts("sysbuf " SYSBUF_VERSION);
        return EXIT_FINE;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return help_show("sysbuf");
    const struct command *command = find(name);
    if (!command)
        return command_fail("there is no %s %s; see 'sysbuf help'",
                            name[0] == '-' ? "option" : "command", name);
    if (command->fixes_addresses)
        fix_addresses(arguments);
    return command->run(count - 1, arguments + 1);
}
