#include "client_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sb_client *open_or_end(const char *path)
{
    struct sb_client *client;
    enum sb_error error = sb_open(path, &client);

    if (!CHECK(error == SB_OK, "%s: %s", path, sb_error_text(error)))
        exit(check_result());
    return client;
}

/* "service VERB NAME [PATH]": the exit code is the enum sb_error. */
static int service(int argc, char **argv)
{
    enum sb_service_state state;
    const char *verb = argv[2];
    const char *name = argv[3];

    if (strcmp(verb, "install") == 0 && argc == 5)
        return (int)sb_service_install(name, argv[4]);
    if (strcmp(verb, "start") == 0)
        return (int)sb_service_start(name);
    if (strcmp(verb, "stop") == 0)
        return (int)sb_service_stop(name);
    if (strcmp(verb, "uninstall") == 0)
        return (int)sb_service_uninstall(name);
    return (int)sb_service_status(name, &state);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"arguments", test_arguments}, {"errors", test_errors},       {"untouched", test_untouched},
        {"echo", test_echo},           {"no-device", test_no_device}, {"timeouts", test_timeouts},
        {"deaf", test_deaf},           {"close", test_close},         {"given-up", test_given_up},
        {"threads", test_threads},
    };

    if (argc >= 4 && strcmp(argv[1], "service") == 0)
        return service(argc, argv);
    return check_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
