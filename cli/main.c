/* sysbuf: the command line of the host. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

static const struct command {
    const char *name;
    int (*run)(int count, char **arguments);
} commands[] = {
    {"run", run_command},   {"check", check_command},     {"fuzz", fuzz_command},
    {"info", info_command}, {"exports", exports_command}, {"help", help_command},
};

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
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
    return command->run(count - 1, arguments + 1);
}
