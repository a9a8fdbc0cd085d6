/*
 * The client of MyDevice: runs the scenario, calls the driver, and installs it as a service.
 */
#include <mydevice/arguments.h>
#include <mydevice/console.h>
#include <mydevice/runtime.h>
#include <mydevice/stats.h>
#include <sysbuf/client.h>

#include <stdlib.h>
#include <string.h>

/* The program's exit codes; part of its interface, see help_text. */
enum exit_code {
    EXIT_FINE = 0,
    EXIT_OTHER = 1,
    EXIT_USAGE = 2,
    EXIT_NOT_INSTALLED = 3,
    EXIT_NOT_STARTED = 4,
    EXIT_BUSY = 5,
    EXIT_ACCESS_DENIED = 6,
    EXIT_WRONG_REPLY = 7,
    EXIT_DRIVER_FILE = 8,
    EXIT_ALREADY_SO = 9,
    EXIT_SERVICE_FAILED = 10,
    EXIT_TIMEOUT = 11,
};

static const char help_text[] =
    "mydevice: talks to the MyDevice driver, and installs it.\n"
    "\n"
    "  mydevice demo            send the sample request and print the reply, a byte a line\n"
    "  mydevice call [OPTION]   send a request of your own and print the reply\n"
    "      --flag N  --addr N  --write-buffer-addr N  --size N  --pid N\n"
    "                           the request's fields, 0 where not given\n"
    "      --timeout N          milliseconds to wait for the reply, 5000 where not given;\n"
    "                           4294967295 waits for as long as it takes\n"
    "  mydevice install PATH    register the driver in the file PATH as a service\n"
    "  mydevice start           start the service\n"
    "  mydevice stop            stop the service\n"
    "  mydevice uninstall       stop the service and remove it\n"
    "  mydevice status          say whether it is installed and running\n"
    "  mydevice stats           print what the driver has counted since it started\n"
    "      --watch              and each second what has changed, until interrupted\n"
    "  mydevice help            print this; so does --help\n"
    "  mydevice --version       print the program's version\n"
    "\n"
    "On Linux, 'mydevice --host mydevice.sys COMMAND' runs the driver in a machine of its own, "
    "which\n"
    "ends with the program; with '--trace FILE' behind it, it also writes the life of each "
    "request\n"
    "to FILE, for https://ui.perfetto.dev.\n"
    "\n"
    "N is a number from 0 to 4294967295, decimal or hexadecimal after 0x.\n"
    "\n"
    "Exit codes: 0 done; 2 wrong arguments; 3 the driver is not installed; 4 it is not started;\n"
    "5 the device is open elsewhere; 6 access denied; 7 the reply was not the expected one;\n"
    "8 the driver's file is missing or no driver; 9 already installed or already running;\n"
    "10 the driver did not start or stop; 11 no answer in time; 1 anything else.\n";

/* What the sample sends. */
static const struct mydevice_request demo_request = {
    .flag = 2,
    .address = 0x401234,
    .write_buffer_address = 1024,
    .size = 100,
    .pid = 2566,
};

/* The sample's reply buffer is longer than the reply; what stays of it is zero. */
#define DEMO_REPLY_CAPACITY 20

static enum exit_code exit_code_of(enum sb_error error)
{
    switch (error) {
    case SB_OK:
        return EXIT_FINE;
    case SB_ERROR_NOT_INSTALLED:
        return EXIT_NOT_INSTALLED;
    case SB_ERROR_NOT_FOUND:
    case SB_ERROR_NOT_RUNNING:
        return EXIT_NOT_STARTED;
    case SB_ERROR_BUSY:
        return EXIT_BUSY;
    case SB_ERROR_ACCESS_DENIED:
        return EXIT_ACCESS_DENIED;
    case SB_ERROR_FILE_NOT_FOUND:
    case SB_ERROR_BAD_IMAGE:
    case SB_ERROR_SIGNATURE:
        return EXIT_DRIVER_FILE;
    case SB_ERROR_ALREADY_INSTALLED:
    case SB_ERROR_ALREADY_RUNNING:
        return EXIT_ALREADY_SO;
    case SB_ERROR_START_FAILED:
    case SB_ERROR_STOP_FAILED:
    case SB_ERROR_DELETE_PENDING:
        return EXIT_SERVICE_FAILED;
    case SB_ERROR_TIMEOUT:
        return EXIT_TIMEOUT;
    case SB_ERROR_TRUNCATED:
    case SB_ERROR_BAD_LENGTH:
    case SB_ERROR_REPLY_TOO_SMALL:
    case SB_ERROR_UNKNOWN_COMMAND:
        return EXIT_WRONG_REPLY;
    default:
        return EXIT_OTHER;
    }
}

static enum exit_code fail(enum sb_error error)
{
    uint32_t system_error = sb_system_error();

    if (error == SB_ERROR_SYSTEM || error == SB_ERROR_START_FAILED)
        console_print(stderr, "mydevice: %s (system error %u)\n", sb_error_text(error),
                      (unsigned)system_error);
    else
        console_print(stderr, "mydevice: %s\n", sb_error_text(error));
    return exit_code_of(error);
}

/* There is no device: why, and what to do about it. */
static enum exit_code explain_missing_device(void)
{
    enum sb_service_state state;
    enum sb_error error = sb_service_status(MYDEVICE_SERVICE, &state);

    if (error == SB_ERROR_NOT_INSTALLED) {
        console_print(stderr, "mydevice: %s\n", runtime_install_advice());
        return EXIT_NOT_INSTALLED;
    }
    if (error != SB_OK)
        return fail(error);
    if (state == SB_SERVICE_CHANGING) {
        console_print(stderr, "mydevice: The driver is starting or stopping; try again, and close "
                              "what still has its device open if it is stopping.\n");
        return EXIT_NOT_STARTED;
    }
    if (state == SB_SERVICE_RUNNING) {
        console_print(stderr, "mydevice: The service runs but its device is not there; run "
                              "'mydevice stop' and 'mydevice start'.\n");
        return EXIT_NOT_STARTED;
    }
    console_print(stderr, "mydevice: The driver is installed but not started; run, as an "
                          "administrator, 'mydevice start'.\n");
    return EXIT_NOT_STARTED;
}

/* Driver and program must have been compiled from the same contract. */
static enum exit_code check_contract(struct sb_client *client)
{
    uint32_t version = 0;
    enum sb_error error = sb_query_contract(client, &version);

    if (error == SB_OK && version == MYDEVICE_CONTRACT_VERSION)
        return EXIT_FINE;
    if (error != SB_OK && error != SB_ERROR_UNKNOWN_COMMAND)
        return fail(error);
    console_print(stderr,
                  "mydevice: The driver has version %u of the contract, this program version %u; "
                  "install driver and program from one package.\n",
                  (unsigned)version, (unsigned)MYDEVICE_CONTRACT_VERSION);
    return EXIT_WRONG_REPLY;
}

/* Opens the device, calls the command once and closes it again. */
static enum exit_code call_once(const struct mydevice_request *request, void *reply,
                                size_t capacity, size_t *reply_length, uint32_t timeout)
{
    struct sb_client *client;
    enum exit_code code;
    enum sb_error error;

    error = sb_open(MYDEVICE_PATH, &client);
    if (error == SB_ERROR_NOT_FOUND)
        return explain_missing_device();
    if (error != SB_OK)
        return fail(error);
    code = check_contract(client);
    if (code == EXIT_FINE) {
        error = sb_call(client, MYDEVICE_HELLO, request, sizeof(*request), reply, capacity,
                        reply_length, timeout);
        code = error == SB_OK ? EXIT_FINE : fail(error);
    }
    sb_close(client);
    return code;
}

/* Is it the contract's reply, to the last byte? */
static enum exit_code check_reply(const void *reply, size_t length)
{
    const struct mydevice_reply expected = {MYDEVICE_REPLY_TEXT};

    if (length == sizeof(expected) && memcmp(reply, &expected, sizeof(expected)) == 0)
        return EXIT_FINE;
    console_print(stderr,
                  "mydevice: The driver answered %u bytes that are not the expected reply; "
                  "program and driver may be of different versions.\n",
                  (unsigned)length);
    return EXIT_WRONG_REPLY;
}

static enum exit_code demo(void)
{
    unsigned char reply[DEMO_REPLY_CAPACITY] = {0};
    enum exit_code code;
    size_t length;
    size_t index;

    code = call_once(&demo_request, reply, sizeof(reply), &length, DEFAULT_TIMEOUT);
    if (code != EXIT_FINE)
        return code;
    for (index = 0; index < sizeof(reply); index++)
        if (console_print(stdout, "返回数据: %u\n", reply[index]) != 0)
            return EXIT_OTHER;
    return check_reply(reply, length);
}

static enum exit_code call(const struct arguments *arguments)
{
    struct mydevice_reply reply = {{0}};
    enum exit_code code;
    size_t length;

    code = call_once(&arguments->request, &reply, sizeof(reply), &length, arguments->timeout);
    if (code != EXIT_FINE)
        return code;
    code = check_reply(&reply, length);
    if (code == EXIT_FINE && console_print(stdout, "%s\n", reply.text) != 0)
        code = EXIT_OTHER;
    return code;
}

static enum exit_code status(void)
{
    static const char *const names[] = {
        [SB_SERVICE_STOPPED] = "installed, not running",
        [SB_SERVICE_RUNNING] = "installed, running",
        [SB_SERVICE_CHANGING] = "installed, starting or stopping",
    };
    enum sb_service_state state;
    enum sb_error error = sb_service_status(MYDEVICE_SERVICE, &state);

    if (error == SB_ERROR_NOT_INSTALLED) {
        console_print(stdout, "not installed\n");
        return EXIT_NOT_INSTALLED;
    }
    if (error != SB_OK)
        return fail(error);
    console_print(stdout, "%s\n", names[state]);
    return state == SB_SERVICE_RUNNING ? EXIT_FINE : EXIT_NOT_STARTED;
}

/* Opens the device and asks; the device is exclusive and is not kept open between two questions. */
static enum sb_error ask_for_stats(struct stats *stats)
{
    struct sb_client *client;
    enum sb_error error = sb_open(MYDEVICE_PATH, &client);

    if (error != SB_OK)
        return error;
    error = sb_query_statistics(client, stats->values, SB_COUNTER_COUNT);
    sb_close(client);
    return error;
}

/* While another program has the device, there is nothing to see; its counters are there later. */
static enum exit_code watch_stats(struct stats before)
{
    enum sb_error error;
    struct stats now;

    for (;;) {
        runtime_pause(1000);
        error = ask_for_stats(&now);
        if (error == SB_ERROR_BUSY)
            continue;
        if (error != SB_OK)
            return error == SB_ERROR_NOT_FOUND ? explain_missing_device() : fail(error);
        if (stats_print_changes(&before, &now) != 0)
            return EXIT_OTHER;
        before = now;
    }
}

static enum exit_code stats(bool watch)
{
    struct stats stats;
    enum sb_error error = ask_for_stats(&stats);

    if (error == SB_ERROR_NOT_FOUND)
        return explain_missing_device();
    if (error != SB_OK)
        return fail(error);
    if (stats_print(&stats) != 0)
        return EXIT_OTHER;
    return watch ? watch_stats(stats) : EXIT_FINE;
}

static enum exit_code service(enum sb_error error, const char *done)
{
    if (error != SB_OK)
        return fail(error);
    console_print(stdout, "%s\n", done);
    return EXIT_FINE;
}

static enum exit_code run(const struct arguments *arguments)
{
    switch (arguments->verb) {
    case VERB_DEMO:
        return demo();
    case VERB_CALL:
        return call(arguments);
    case VERB_INSTALL:
        return service(sb_service_install(MYDEVICE_SERVICE, arguments->path), "installed");
    case VERB_START:
        return service(sb_service_start(MYDEVICE_SERVICE), "started");
    case VERB_STOP:
        return service(sb_service_stop(MYDEVICE_SERVICE), "stopped");
    case VERB_UNINSTALL:
        return service(sb_service_uninstall(MYDEVICE_SERVICE), "uninstalled");
    case VERB_STATUS:
        return status();
    case VERB_STATS:
        return stats(arguments->watch);
    case VERB_VERSION:
        return console_print(stdout, "mydevice %s\n", SYSBUF_VERSION) == 0 ? EXIT_FINE : EXIT_OTHER;
    default:
        return console_print(stdout, "%s", help_text) == 0 ? EXIT_FINE : EXIT_OTHER;
    }
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    enum exit_code code;
    enum sb_error error;
    char message[300];

    argv = console_arguments(&argc, argv);
    if (argv == NULL)
        return (int)fail(SB_ERROR_NO_MEMORY);
    if (parse_arguments(argc, argv, &arguments, message, sizeof(message)) != 0) {
        console_print(stderr, "mydevice: %s\n", message);
        return EXIT_USAGE;
    }
    error = runtime_begin(arguments.host_driver, arguments.trace);
    if (error != SB_OK)
        return error == SB_ERROR_ARGUMENT ? EXIT_USAGE : (int)exit_code_of(error);
    code = run(&arguments);
    error = runtime_end(arguments.trace);
    return code == EXIT_FINE ? (int)exit_code_of(error) : (int)code;
}
