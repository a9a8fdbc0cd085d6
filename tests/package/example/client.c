/*
 * Says a word to the echo driver and prints what comes back.
 */
#include <echo/contract.h>
#include <sysbuf/client.h>

#include <stdio.h>
#include <string.h>

#define TIMEOUT 5000 /* milliseconds */

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "hello";
    char reply[ECHO_TEXT_MAXIMUM];
    struct sb_client *client;
    enum sb_error error;
    size_t length;

    error = sb_open(ECHO_PATH, &client);
    if (error == SB_OK) {
        error =
            sb_call(client, ECHO_SAY, word, strlen(word), reply, sizeof(reply), &length, TIMEOUT);
        sb_close(client);
    }
    if (error != SB_OK) {
        fprintf(stderr, "echo: %s\n", sb_error_text(error));
        return 1;
    }
    printf("%.*s\n", (int)length, reply);
    return 0;
}
