/*
 * notify_client DRIVER.sys WORD...: starts the driver, says each word, prints what it hears.
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

static int talk(struct sb_client *client, int count, char **words)
{
    struct sb_subscription *subscription;
    char text[NOTIFY_TEXT_MAXIMUM];
    struct sb_message message;
    enum sb_error error;

    error = sb_subscribe(client, NULL, &subscription);
    if (error != SB_OK)
        return fail("subscribe", error);
    for (int i = 0; i < count && error == SB_OK; i++) {
        error = sb_call(client, NOTIFY_SAY, words[i], strlen(words[i]), NULL, 0, NULL, 1000);
        if (error == SB_OK)
            error = sb_receive(subscription, text, sizeof(text), &message, 1000);
        if (error == SB_OK)
            printf("heard %.*s\n", (int)message.length, text);
    }
    sb_unsubscribe(subscription);
    return error == SB_OK ? 0 : fail("talk", error);
}

int main(int argc, char **argv)
{
    struct sb_client *client;
    enum sb_error error;
    int result;

    error = argc > 1 ? sb_service_install("SbNotify", argv[1]) : SB_ERROR_ARGUMENT;
    if (error != SB_OK)
        return fail("install", error);
    error = sb_service_start("SbNotify");
    if (error == SB_OK)
        error = sb_open("\\\\.\\SbNotify", &client);
    result = error == SB_OK ? talk(client, argc - 2, argv + 2) : fail("open", error);
    if (error == SB_OK)
        sb_close(client);
    sb_service_uninstall("SbNotify");
    return result;
}
