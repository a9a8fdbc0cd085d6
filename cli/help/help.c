/* sysbuf help: the manual's pages, and lists that the program itself is the source of. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/help/topics.h"
#include "cli/names.h"

static int list_topics(void)
{
    puts("sysbuf COMMAND [OPTION...] [ARGUMENT...]\n\nsysbuf help TOPIC, where TOPIC is one of:");
    for (size_t i = 0; i < help_topic_count; i++)
        printf("  %-10s %s\n", help_topics[i].name, help_topics[i].summary);
    puts("  statuses   the names of NTSTATUS values\n"
         "  bugchecks  the names of bug check codes");
    return EXIT_FINE;
}

static int list_codes(const struct code_name *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        printf("0x%08X  %s\n", (unsigned)names[i].code, names[i].name);
    return EXIT_FINE;
}

int help_show(const char *topic)
{
    for (size_t i = 0; i < help_topic_count; i++) {
        if (strcmp(help_topics[i].name, topic) == 0) {
            for (const char *const *line = help_topics[i].lines; *line; line++)
                puts(*line);
            return EXIT_FINE;
        }
    }
    if (strcmp(topic, "statuses") == 0)
        return list_codes(status_names, status_names_count);
    if (strcmp(topic, "bugchecks") == 0)
        return list_codes(bug_check_names, bug_check_names_count);
    return command_fail("there is no help on %s; 'sysbuf help' lists the topics", topic);
}

int help_command(int count, char **arguments)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(count, arguments, ":h", options, NULL)) != -1)
        if (option != 'h')
            return command_bad_option("help", arguments, option);
    if (count - optind > 1)
        return command_fail("help takes one topic; 'sysbuf help' lists them");
    return count == optind ? list_topics() : help_show(arguments[optind]);
}
