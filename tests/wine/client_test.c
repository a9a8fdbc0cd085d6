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

static enum sb_error run_service(const char *verb, const char *name, const char *path)
{
    enum sb_service_state state;

    if (strcmp(verb, "install") == 0)
        return sb_service_install(name, path);
    if (strcmp(verb, "start") == 0)
        return sb_service_start(name);
    if (strcmp(verb, "stop") == 0)
        return sb_service_stop(name);
    if (strcmp(verb, "uninstall") == 0)
        return sb_service_uninstall(name);
    return sb_service_status(name, &state);
}

/* "service VERB NAME [PATH]": the exit code is the enum sb_error. */
static int service(int argc, char **argv)
{
    enum sb_error error = run_service(argv[2], argv[3], argc > 4 ? argv[4] : NULL);

    if (error != SB_OK)
        printf("%s (%d, system error %u)\n", sb_error_text(error), error, sb_system_error());
    return (int)error;
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        {"arguments", test_arguments}, {"errors", test_errors},       {"untouched", test_untouched},
        {"echo", test_echo},           {"no-device", test_no_device}, {"timeouts", test_timeouts},
        {"deaf", test_deaf},           {"close", test_close},         {"given-up", test_given_up},
        {"threads", test_threads},     {"notify", test_notify},       {"direct", test_direct},
        {"transfers", test_transfers}, {"handshake", test_handshake},
    };

    if (argc >= 4 && strcmp(argv[1], "service") == 0)
        return service(argc, argv);
    return check_main(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
