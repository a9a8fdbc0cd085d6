#include "cli/run/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/command.h"

enum long_option {
    OPTION_PROCESSORS = 128,
    OPTION_MEMORY,
    OPTION_ROOT,
    OPTION_TIMEOUT,
    OPTION_LOG,
    OPTION_LOG_PREFIX,
    OPTION_TRACE,
    OPTION_NO_START,
    OPTION_KEEP_GOING,
    OPTION_FULL,
    OPTION_MISSING_IMPORTS,
};

static const struct option long_options[] = {
    {"processors", required_argument, NULL, OPTION_PROCESSORS},
    {"memory", required_argument, NULL, OPTION_MEMORY},
    {"missing-imports", required_argument, NULL, OPTION_MISSING_IMPORTS},
    {"root", required_argument, NULL, OPTION_ROOT},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"log", required_argument, NULL, OPTION_LOG},
    {"log-prefix", required_argument, NULL, OPTION_LOG_PREFIX},
    {"trace", required_argument, NULL, OPTION_TRACE},
    {"no-start", no_argument, NULL, OPTION_NO_START},
    {"keep-going", no_argument, NULL, OPTION_KEEP_GOING},
    {"full", no_argument, NULL, OPTION_FULL},
    {"execute", required_argument, NULL, 'e'},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static bool take_missing_imports(struct run_options *options, const char *what)
{
    options->machine.trap_missing_imports = strcmp(what, "trap") == 0;
    if (options->machine.trap_missing_imports || strcmp(what, "refuse") == 0)
        return true;
    command_fail("--missing-imports is refuse or trap, not '%s'", what);
    return false;
}

static bool take_option(struct run_options *options, int option)
{
    switch (option) {
    case OPTION_PROCESSORS:
        return command_count("--processors", optarg, 1, 64, &options->machine.processors);
    case OPTION_MEMORY:
        return command_size("--memory", optarg, &options->machine.memory_limit);
    case OPTION_MISSING_IMPORTS:
        return take_missing_imports(options, optarg);
    case OPTION_ROOT:
        return command_folder("--root", optarg, &options->machine.root_directory);
    case OPTION_TIMEOUT:
        return command_count("--timeout", optarg, 0, 1000000, &options->timeout);
    case OPTION_LOG:
        options->log_path = optarg;
        return true;
    case OPTION_LOG_PREFIX:
        options->log_prefix = optarg;
        return true;
    case OPTION_TRACE:
        options->trace_path = optarg;
        return true;
    case OPTION_NO_START:
        options->starts_nothing = true;
        return true;
    case OPTION_KEEP_GOING:
        options->session.keeps_going = true;
        return true;
    case OPTION_FULL:
        options->session.is_full = true;
        return true;
    case 'e':
        options->statements = optarg;
        return true;
    default:
        options->session.is_quiet = true;
        return true;
    }
}

/* A driver is a file that begins as one, or is called so. */
static bool is_driver(const char *path)
{
    size_t length = strlen(path);
    char magic[2] = "";
    struct stat status;

    if (length > 4 && strcasecmp(path + length - 4, ".sys") == 0)
        return true;
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode))
        return false;
    FILE *file = fopen(path, "rbe");
    bool found = file && fread(magic, 1, 2, file) == 2 && magic[0] == 'M' && magic[1] == 'Z';
    if (file)
        fclose(file);
    return found;
}

int options_take_files(const char *command, char **files, int count, int *driver_count,
                       const char **script)
{
    int drivers = 0;

    if (count == 0)
        return command_fail("%s: which driver? See 'sysbuf %s --help'", command, command);
    while (drivers < count && (drivers == 0 || is_driver(files[drivers])))
        drivers++;
    if (count - drivers > 1)
        return command_fail("%s: %s is no driver, and a script must come last", command,
                            files[drivers]);
    *driver_count = drivers;
    *script = count > drivers ? files[drivers] : NULL;
    return EXIT_FINE;
}

static int take_files(struct run_options *options, char **files, int count)
{
    int code = options_take_files("run", files, count, &options->driver_count, &options->script);

    options->drivers = files;
    if (code == EXIT_FINE && options->script && options->statements)
        return command_fail("run: a script and --execute exclude each other");
    return code;
}

int run_options_read(int count, char **arguments, struct run_options *options, bool *shown_help)
{
    int option;

    *options = (struct run_options){.log_prefix = "driver: ", .timeout = 60};
    *shown_help = false;
    while ((option = getopt_long(count, arguments, ":e:qh", long_options, NULL)) != -1) {
        if (option == '?' || option == ':')
            return command_bad_option("run", arguments, option);
        if (option == 'h') {
            *shown_help = true;
            return help_show("run");
        }
        if (!take_option(options, option))
            return EXIT_UNUSABLE;
    }
    options->session.script_name = "";
    return take_files(options, arguments + optind, count - optind);
}
