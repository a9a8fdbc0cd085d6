/*
 * Calls the driver over TCP: greet tcp://127.0.0.1:4711 SECRET NAME. The calls are those of a
 * device; only the way to open it differs.
 */
#include <stdio.h>
#include <string.h>

#include <sysbuf/client.h>

#include "contract.h"

static int fail(const char *what, enum sb_error error)
{
    fprintf(stderr, "greet: %s: %s\n", what, sb_error_text(error));
    return 1;
}

int main(int count, char **arguments)
{
    struct sb_client *client;
    enum sb_error error;
    char greeting[128];
    size_t length;

    if (count != 4) {
        fprintf(stderr, "usage: greet ADDRESS SECRET NAME\n");
        return 2;
    }
    error = sb_open_socket(arguments[1], arguments[2], strlen(arguments[2]), 10000, &client);
    if (error != SB_OK)
        return fail(arguments[1], error);
    error = sb_call(client, GREETER_GREET, arguments[3], strlen(arguments[3]), greeting,
                    sizeof(greeting), &length, 5000);
    sb_close(client);
    if (error != SB_OK)
        return fail("the call", error);
    printf("%.*s\n", (int)length, greeting);
    return 0;
}
