#include "cli/check/options.h"

#include "cli/check/rules.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/run/options.h"
#include "cli/script/script.h"

enum long_option {
    OPTION_REPORT = 128,
    OPTION_REPRODUCERS,
    OPTION_NO_REPRODUCERS,
    OPTION_NO_LOW_RESOURCES,
    OPTION_FAIL_SITE,
    OPTION_REPLAY,
    OPTION_SCHEDULES,
    OPTION_PREEMPTIONS,
    OPTION_BUDGET,
    OPTION_PROCESSORS,
    OPTION_MEMORY,
    OPTION_ROOT,
    OPTION_TIMEOUT,
    OPTION_RULES,
};

static const struct option long_options[] = {
    {"report", required_argument, NULL, OPTION_REPORT},
    {"reproducers", required_argument, NULL, OPTION_REPRODUCERS},
    {"no-reproducers", no_argument, NULL, OPTION_NO_REPRODUCERS},
    {"no-low-resources", no_argument, NULL, OPTION_NO_LOW_RESOURCES},
    {"fail-site", required_argument, NULL, OPTION_FAIL_SITE},
    {"replay", required_argument, NULL, OPTION_REPLAY},
    {"schedules", required_argument, NULL, OPTION_SCHEDULES},
    {"preemptions", required_argument, NULL, OPTION_PREEMPTIONS},
    {"budget", required_argument, NULL, OPTION_BUDGET},
    {"processors", required_argument, NULL, OPTION_PROCESSORS},
    {"memory", required_argument, NULL, OPTION_MEMORY},
    {"root", required_argument, NULL, OPTION_ROOT},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"rules", no_argument, NULL, OPTION_RULES},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);

    return length > end_length && strcmp(text + length - end_length, end) == 0;
}

static bool take_report(struct check_options *options, const char *path)
{
    if (!ends_with(path, ".sarif") && !ends_with(path, ".xml")) {
        command_fail("--report: %s ends neither with .sarif nor with .xml (JUnit)", path);
        return false;
    }
    if (options->report_count == MOST_REPORTS) {
        command_fail("--report: more than %d reports", (int)MOST_REPORTS);
        return false;
    }
    options->reports[options->report_count++] = path;
    return true;
}

static bool take_site(struct check_options *options, const char *text)
{
    if (script_number(text, strlen(text), &options->variant.fail_site) &&
        options->variant.fail_site)
        return true;
    command_fail("--fail-site: '%s' is no number that a report has shown", text);
    return false;
}

static bool take_option(struct check_options *options, int option)
{
    switch (option) {
    case OPTION_REPORT:
        return take_report(options, optarg);
    case OPTION_REPRODUCERS:
        options->reproducers = optarg;
        return true;
    case OPTION_NO_REPRODUCERS:
        options->writes_reproducers = false;
        return true;
    case OPTION_NO_LOW_RESOURCES:
        options->tries_low_resources = false;
        return true;
    case OPTION_FAIL_SITE:
        return take_site(options, optarg);
    case OPTION_REPLAY:
        options->variant.seed = optarg;
        return true;
    case OPTION_SCHEDULES:
        return command_count("--schedules", optarg, 0, 1000000, &options->schedules);
    case OPTION_PREEMPTIONS:
        return command_count("--preemptions", optarg, 1, 8, &options->preemptions);
    case OPTION_BUDGET:
        return command_count("--budget", optarg, 0, 1000000, &options->budget);
    case OPTION_PROCESSORS:
        return command_count("--processors", optarg, 1, 64, &options->target.machine.processors);
    case OPTION_MEMORY:
        return command_size("--memory", optarg, &options->target.machine.memory_limit);
    case OPTION_ROOT:
        return command_folder("--root", optarg, &options->target.machine.root_directory);
    case OPTION_TIMEOUT:
        return command_count("--timeout", optarg, 1, 86400, &options->target.time_limit);
    default:
        options->is_quiet = true;
        return true;
    }
}

int check_options_read(int count, char **arguments, struct check_options *options,
                       bool *is_answered)
{
    int option;

    *options = (struct check_options){
        .target = {.time_limit = 20,
                   .machine = {.verify = SB_VERIFY_ALL,
                               .verify_timeout = 5000,
                               .memory_limit = 128 << 20}},
        .writes_reproducers = true,
        .tries_low_resources = true,
        .schedules = 200,
        .preemptions = 2,
        .budget = 300,
    };
    *is_answered = false;
    while ((option = getopt_long(count, arguments, ":hq", long_options, NULL)) != -1) {
        if (option == 'h' || option == OPTION_RULES) {
            *is_answered = true;
            return option == 'h' ? help_show("check") : rules_show();
        }
        if (option == '?' || option == ':')
            return command_bad_option("check", arguments, option);
        if (!take_option(options, option))
            return EXIT_UNUSABLE;
    }
    options->target.drivers = arguments + optind;
    return options_take_files("check", arguments + optind, count - optind,
                              &options->target.driver_count, &options->script);
}
