/*
 * Notifications beside polling, on the host: notify_host CHANNELS.sys [SECONDS]
 *
 * A thread of the driver posts numbered messages as fast as they are taken, to a subscription that
 * keeps 1, 8 or 64 requests at the driver. Polling is a call for each message, with a message of
 * the same length ready each time: the best that polling can be.
 */
#define _POSIX_C_SOURCE 200809L

#include <channels/contract.h>
#include <sysbuf/client.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PATIENCE 10000 /* milliseconds */
#define FLOOD    5000  /* messages at a time */

static struct sb_client *client;
static double budget = 0.1; /* seconds for each case */

static void must(const char *what, enum sb_error error)
{
    if (error == SB_OK)
        return;
    fprintf(stderr, "notify_host: %s: %s\n", what, sb_error_text(error));
    exit(1);
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void check(const struct channels_item *item, uint64_t number)
{
    if (item->number != number || item->checksum != channels_mix(number))
        must("a message is wrong", SB_ERROR_SYSTEM);
}

static void begin_flood(void)
{
    const struct channels_flood flood = {FLOOD};
    enum sb_error error;

    do /* the last flood's thread may not have ended yet */
        error = sb_call(client, CHANNELS_FLOOD, &flood, sizeof(flood), NULL, 0, NULL, PATIENCE);
    while (error == SB_ERROR_SYSTEM);
    must("flood", error);
}

static void receive(uint32_t pending)
{
    const struct sb_subscribe_options options = {.pending = pending};
    struct sb_subscription *subscription;
    struct channels_item item;
    uint64_t count = 0;
    double start;

    must("subscribe", sb_subscribe(client, &options, &subscription));
    start = now();
    do {
        begin_flood();
        for (uint64_t number = 0; number < FLOOD; number++, count++) {
            must("receive", sb_receive(subscription, &item, sizeof(item), NULL, PATIENCE));
            check(&item, number);
        }
    } while (now() - start < budget);
    printf("notify/%u %.6g messages/s\n", pending, (double)count / (now() - start));
    sb_unsubscribe(subscription);
}

static void poll(void)
{
    uint64_t count = 0;
    double start = now();

    do
        for (int i = 0; i < 1000; i++, count++) {
            struct channels_item item = {count, channels_mix(count)};

            must("poll", sb_call(client, CHANNELS_ECHO, &item, sizeof(item), &item, sizeof(item),
                                 NULL, PATIENCE));
            check(&item, count);
        }
    while (now() - start < budget);
    printf("notify-polling %.6g messages/s\n", (double)count / (now() - start));
}

int main(int argc, char **argv)
{
    static const uint32_t pending[] = {1, 8, 64};

    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: notify_host CHANNELS.sys [SECONDS]\n");
        return 2;
    }
    if (argc == 3)
        budget = strtod(argv[2], NULL);
    must("install", sb_service_install(CHANNELS_SERVICE, argv[1]));
    must("start", sb_service_start(CHANNELS_SERVICE));
    must("open", sb_open(CHANNELS_PATH, &client));
    poll();
    for (size_t i = 0; i < sizeof(pending) / sizeof(pending[0]); i++)
        receive(pending[i]);
    sb_close(client);
    return 0;
}
