/*
 * ring_client DRIVER.sys WORD...: starts the driver, sends each word, prints what comes back.
 */
#include <sysbuf/ring_client.h>

#include <stdio.h>
#include <string.h>

#include "contract.h"

static int fail(const char *what, enum sb_error error)
{
    fprintf(stderr, "%s: %s\n", what, sb_error_text(error));
    return 1;
}

static int talk(struct sb_client *client, int count, char **words)
{
    const struct sb_ring_options options = {.message_maximum = RING_TEXT_MAXIMUM};
    char text[RING_TEXT_MAXIMUM];
    struct sb_ring *ring = NULL;
    uint32_t served = 0;
    size_t length;
    enum sb_error error = sb_ring_open(client, &options, &ring);

    for (int i = 0; i < count && error == SB_OK; i++)
        error = sb_ring_send(ring, words[i], strlen(words[i]), 1000);
    for (int i = 0; i < count && error == SB_OK; i++) {
        error = sb_ring_receive(ring, text, sizeof(text), &length, 5000);
        if (error == SB_OK)
            printf("%.*s\n", (int)length, text);
    }
    if (error == SB_OK)
        error = sb_ring_call(ring, RING_COUNT, NULL, 0, &served, sizeof(served), NULL, 5000);
    if (error == SB_OK)
        printf("%u messages\n", (unsigned)served);
    sb_ring_close(ring);
    return error == SB_OK ? 0 : fail("talk", error);
}

int main(int argc, char **argv)
{
    struct sb_client *client;
    enum sb_error error;
    int result;

    error = argc > 1 ? sb_service_install("SbRing", argv[1]) : SB_ERROR_ARGUMENT;
    if (error != SB_OK)
        return fail("install", error);
    error = sb_service_start("SbRing");
    if (error == SB_OK)
        error = sb_open("\\\\.\\SbRing", &client);
    result = error == SB_OK ? talk(client, argc - 2, argv + 2) : fail("open", error);
    if (error == SB_OK)
        sb_close(client);
    sb_service_uninstall("SbRing");
    return result;
}
