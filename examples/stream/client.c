/*
 * stream_client DRIVER.sys WORD...: starts the driver, writes each word and reads it again.
 */
#include <sysbuf/client.h>

#include <stdio.h>
#include <string.h>

#include "contract.h"

static int fail(const char *what, enum sb_error error)
{
    fprintf(stderr, "%s: %s\n", what, sb_error_text(error));
    return 1;
}

static int exchange(struct sb_client *client, int count, char **words)
{
    char text[STREAM_MAXIMUM];
    enum sb_error error = SB_OK;
    size_t length;

    for (int i = 0; i < count && error == SB_OK; i++) {
        error = sb_write(client, 0, words[i], strlen(words[i]), NULL, 1000);
        if (error == SB_OK)
            error = sb_read(client, 0, text, sizeof(text), &length, 1000);
        if (error == SB_OK)
            printf("read %.*s\n", (int)length, text);
    }
    if (error != SB_OK)
        return fail("exchange", error);
    error = sb_read(client, 0, text, sizeof(text), &length, 100); /* nothing is there */
    printf("then: %s\n", sb_error_text(error));
    return 0;
}

int main(int argc, char **argv)
{
    struct sb_client *client;
    enum sb_error error;
    int result;

    error = argc > 1 ? sb_service_install("SbStream", argv[1]) : SB_ERROR_ARGUMENT;
    if (error != SB_OK)
        return fail("install", error);
    error = sb_service_start("SbStream");
    if (error == SB_OK)
        error = sb_open("\\\\.\\SbStream", &client);
    result = error == SB_OK ? exchange(client, argc - 2, argv + 2) : fail("open", error);
    if (error == SB_OK)
        sb_close(client);
    sb_service_uninstall("SbStream");
    return result;
}
