#include <getopt.h>
#include <string.h>

#include "cli/command.h"
#include "cli/fuzz/fuzz.h"

enum long_option {
    OPTION_CORPUS = 128,
    OPTION_CRASHES,
    OPTION_SCRIPT,
    OPTION_RUNS,
    OPTION_TIME,
    OPTION_SEED,
    OPTION_DEVICE,
    OPTION_JOBS,
    OPTION_VERIFY,
    OPTION_RESET_AFTER,
    OPTION_TIMEOUT,
    OPTION_STOP_AT_CRASH,
    OPTION_SHOW,
};

static const struct option long_options[] = {
    {"corpus", required_argument, NULL, OPTION_CORPUS},
    {"crashes", required_argument, NULL, OPTION_CRASHES},
    {"script", required_argument, NULL, OPTION_SCRIPT},
    {"runs", required_argument, NULL, OPTION_RUNS},
    {"time", required_argument, NULL, OPTION_TIME},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"device", required_argument, NULL, OPTION_DEVICE},
    {"jobs", required_argument, NULL, OPTION_JOBS},
    {"verify", required_argument, NULL, OPTION_VERIFY},
    {"reset-after", required_argument, NULL, OPTION_RESET_AFTER},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"stop-at-crash", no_argument, NULL, OPTION_STOP_AT_CRASH},
    {"show", required_argument, NULL, OPTION_SHOW},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const struct {
    const char *name;
    uint32_t verify;
} rules[] = {
    {"all", SB_VERIFY_ALL},       {"none", 0},
    {"pool", SB_VERIFY_POOL},     {"irql", SB_VERIFY_IRQL},
    {"locks", SB_VERIFY_LOCKS},   {"irp", SB_VERIFY_IRP},
    {"reply", SB_VERIFY_REPLY},   {"objects", SB_VERIFY_OBJECTS},
    {"mdl", SB_VERIFY_MDL},       {"user", SB_VERIFY_USER},
    {"unload", SB_VERIFY_UNLOAD},
};

/* "pool,irp" */
static bool take_rules(const char *text, uint32_t *verify)
{
    *verify = 0;
    for (size_t length; *text; text += length + (text[length] == ',')) {
        size_t i = 0, count = sizeof(rules) / sizeof(*rules);
        length = strcspn(text, ",");
        while (i < count &&
               (strlen(rules[i].name) != length || strncmp(rules[i].name, text, length) != 0))
            i++;
        if (i == count) {
            command_fail("--verify: there are no rules '%.*s'; see 'sysbuf fuzz --help'",
                         (int)length, text);
            return false;
        }
        *verify |= rules[i].verify;
    }
    return true;
}

static bool take_device(struct fuzz_options *options)
{
    if (options->target.device_count == SB_FUZZ_MOST_DEVICES) {
        command_fail("--device: more than %u devices", SB_FUZZ_MOST_DEVICES);
        return false;
    }
    options->devices[options->target.device_count++] = optarg;
    return true;
}

static bool take_script(struct fuzz_options *options)
{
    if (options->script_count == MOST_SCRIPTS) {
        command_fail("--script: more than %d scripts", MOST_SCRIPTS);
        return false;
    }
    options->scripts[options->script_count++] = optarg;
    return true;
}

static bool take_option(struct fuzz_options *options, int option)
{
    switch (option) {
    case OPTION_CORPUS:
        options->corpus = optarg;
        return true;
    case OPTION_CRASHES:
        options->crashes = optarg;
        return true;
    case OPTION_SCRIPT:
        return take_script(options);
    case OPTION_RUNS:
        return command_number("--runs", optarg, 1, UINT64_MAX, &options->runs);
    case OPTION_TIME:
        return command_number("--time", optarg, 1, 1000000000, &options->seconds);
    case OPTION_SEED:
        return command_number("--seed", optarg, 0, UINT64_MAX, &options->seed);
    case OPTION_DEVICE:
        return take_device(options);
    case OPTION_JOBS:
        return command_count("--jobs", optarg, 1, MOST_JOBS, &options->jobs);
    case OPTION_VERIFY:
        return take_rules(optarg, &options->target.verify);
    case OPTION_RESET_AFTER:
        return command_count("--reset-after", optarg, 1, 1000000, &options->target.reset_after);
    case OPTION_TIMEOUT:
        return command_count("--timeout", optarg, 10, 1000000, &options->target.timeout);
    case OPTION_STOP_AT_CRASH:
        options->stops_at_crash = true;
        return true;
    case OPTION_SHOW:
        options->shown = optarg;
        return true;
    default:
        options->is_quiet = true;
        return true;
    }
}

int fuzz_options_read(int count, char **arguments, struct fuzz_options *options, bool *shown_help)
{
    int option;
    *options = (struct fuzz_options){.jobs = 1, .seed = 1, .crashes = "crashes"};
    options->target.verify = SB_VERIFY_ALL;
    *shown_help = false;
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(count, arguments, ":qh", long_options, NULL)) != -1) {
        if (option == 'h') {
            *shown_help = true;
            return help_show("fuzz");
        }
        if (option == '?' || option == ':')
            return command_bad_option("fuzz", arguments, option);
        if (!take_option(options, option))
            return EXIT_UNUSABLE;
    }
    if (optind != count - 1)
        return command_fail("%s; see 'sysbuf fuzz --help'",
                            optind == count ? "which driver?" : "one driver at a time");
    options->target.driver = arguments[optind];
    options->target.device = options->devices;
    return EXIT_FINE;
}
