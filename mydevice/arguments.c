#include <mydevice/arguments.h>

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct verb_name {
    const char *name;
    enum verb verb;
};

static const struct verb_name verbs[] = {
    {"help", VERB_HELP},           {"--help", VERB_HELP},   {"-h", VERB_HELP},
    {"--version", VERB_VERSION},   {"demo", VERB_DEMO},     {"call", VERB_CALL},
    {"install", VERB_INSTALL},     {"start", VERB_START},   {"stop", VERB_STOP},
    {"uninstall", VERB_UNINSTALL}, {"status", VERB_STATUS}, {"stats", VERB_STATS},
};

enum field {
    FIELD_FLAG = 1,
    FIELD_ADDRESS,
    FIELD_WRITE_BUFFER,
    FIELD_SIZE,
    FIELD_PID,
    FIELD_TIMEOUT
};

static const struct option call_options[] = {
    {"flag", required_argument, NULL, FIELD_FLAG},
    {"addr", required_argument, NULL, FIELD_ADDRESS},
    {"write-buffer-addr", required_argument, NULL, FIELD_WRITE_BUFFER},
    {"size", required_argument, NULL, FIELD_SIZE},
    {"pid", required_argument, NULL, FIELD_PID},
    {"timeout", required_argument, NULL, FIELD_TIMEOUT},
    {NULL, 0, NULL, 0},
};

/* Where the sentence about a mistake goes. */
struct complaint {
    char *text;
    size_t size;
};

static int complain(const struct complaint *complaint, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    vsnprintf(complaint->text, complaint->size, format, values);
    va_end(values);
    return -1;
}

int parse_number(const char *text, uint32_t *number)
{
    int base = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;
    const char *digits = base == 16 ? text + 2 : text;
    const char *allowed = base == 16 ? "0123456789abcdefABCDEF" : "0123456789";
    unsigned long long value;

    if (digits[0] == '\0' || digits[strspn(digits, allowed)] != '\0')
        return -1;
    errno = 0;
    value = strtoull(digits, NULL, base);
    if (errno != 0 || value > UINT32_MAX)
        return -1;
    *number = (uint32_t)value;
    return 0;
}

static uint32_t *field_of(struct arguments *arguments, int field)
{
    switch (field) {
    case FIELD_FLAG:
        return &arguments->request.flag;
    case FIELD_ADDRESS:
        return &arguments->request.address;
    case FIELD_WRITE_BUFFER:
        return &arguments->request.write_buffer_address;
    case FIELD_SIZE:
        return &arguments->request.size;
    case FIELD_PID:
        return &arguments->request.pid;
    case FIELD_TIMEOUT:
        return &arguments->timeout;
    default:
        return NULL;
    }
}

/* argv[0] is the verb. */
static int parse_call(int argc, char **argv, struct arguments *arguments,
                      const struct complaint *complaint)
{
    const struct option *option;
    uint32_t *field;
    int index = 0;
    int found;

    opterr = 0;
    optind = 0; /* start anew, in glibc and in mingw-w64 alike */
    while ((found = getopt_long(argc, argv, "+:", call_options, &index)) != -1) {
        field = field_of(arguments, found);
        if (found == ':')
            return complain(complaint, "%s needs a number.", argv[optind - 1]);
        if (field == NULL)
            return complain(complaint, "call does not know %s.", argv[optind - 1]);
        option = &call_options[index];
        if (parse_number(optarg, field) != 0)
            return complain(complaint,
                            "--%s takes a number from 0 to 4294967295, decimal or after 0x; "
                            "'%s' is none.",
                            option->name, optarg);
    }
    if (optind < argc)
        return complain(complaint, "call does not know what to do with '%s'.", argv[optind]);
    return 0;
}

static int parse_install(int argc, char **argv, struct arguments *arguments,
                         const struct complaint *complaint)
{
    if (argc < 2 || argv[1][0] == '\0')
        return complain(complaint, "install needs the path of the driver, as in "
                                   "'mydevice install mydevice.sys'.");
    if (argc > 2)
        return complain(complaint, "install takes one path; '%s' is one too many.", argv[2]);
    if (argv[1][0] == '-')
        return complain(complaint, "install does not know %s.", argv[1]);
    arguments->path = argv[1];
    return 0;
}

static int parse_stats(int argc, char **argv, struct arguments *arguments,
                       const struct complaint *complaint)
{
    int index;

    for (index = 1; index < argc; index++) {
        if (strcmp(argv[index], "--watch") != 0)
            return complain(complaint, "stats does not know %s; it takes --watch.", argv[index]);
        arguments->watch = true;
    }
    return 0;
}

static int parse_nothing(int argc, char **argv, const struct complaint *complaint)
{
    if (argc > 1)
        return complain(complaint, "%s takes no arguments; '%s' is one too many.", argv[0],
                        argv[1]);
    return 0;
}

static const struct verb_name *find_verb(const char *name)
{
    size_t index;

    for (index = 0; index < sizeof(verbs) / sizeof(verbs[0]); index++)
        if (strcmp(verbs[index].name, name) == 0)
            return &verbs[index];
    return NULL;
}

static int parse_rest(int argc, char **argv, struct arguments *arguments,
                      const struct complaint *complaint)
{
    switch (arguments->verb) {
    case VERB_CALL:
        return parse_call(argc, argv, arguments, complaint);
    case VERB_INSTALL:
        return parse_install(argc, argv, arguments, complaint);
    case VERB_STATS:
        return parse_stats(argc, argv, arguments, complaint);
    default:
        return parse_nothing(argc, argv, complaint);
    }
}

/* Where the value of an option before the verb goes; NULL: it is none, or was given before. */
static const char **runtime_option(const char *name, struct arguments *arguments)
{
    if (strcmp(name, "--host") == 0 && arguments->host_driver == NULL)
        return &arguments->host_driver;
    if (strcmp(name, "--trace") == 0 && arguments->trace == NULL)
        return &arguments->trace;
    return NULL;
}

/* How many words the options before the verb are, or -1. */
static int parse_runtime(int argc, char **argv, struct arguments *arguments,
                         const struct complaint *complaint)
{
    const char **value;
    int words = 0;

    while (words + 1 < argc && (value = runtime_option(argv[words + 1], arguments)) != NULL) {
        if (words + 2 >= argc || argv[words + 2][0] == '\0')
            return complain(complaint,
                            "%s needs the path of a file, as in 'mydevice --host mydevice.sys "
                            "--trace demo.json demo'.",
                            argv[words + 1]);
        *value = argv[words + 2];
        words += 2;
    }
    if (arguments->trace != NULL && arguments->host_driver == NULL)
        return complain(complaint, "--trace shows the requests of a driver that --host runs, as in "
                                   "'mydevice --host mydevice.sys --trace demo.json demo'.");
    return words;
}

int parse_arguments(int argc, char **argv, struct arguments *arguments, char *message,
                    size_t message_size)
{
    const struct complaint complaint = {message, message_size};
    struct arguments parsed = {.timeout = DEFAULT_TIMEOUT};
    const struct verb_name *verb;
    int options;

    options = parse_runtime(argc, argv, &parsed, &complaint);
    if (options < 0)
        return -1;
    argc -= options;
    argv += options;
    if (argc < 2)
        return complain(&complaint, "What should it do? 'mydevice help' lists the commands.");
    verb = find_verb(argv[1]);
    if (verb == NULL)
        return complain(&complaint, "There is no command '%s'; 'mydevice help' lists them.",
                        argv[1]);
    parsed.verb = verb->verb;
    if (parse_rest(argc - 1, argv + 1, &parsed, &complaint) != 0)
        return -1;
    *arguments = parsed;
    return 0;
}
