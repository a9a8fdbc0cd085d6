/*
 * What a message costs by each channel on the host, beside a call of its own:
 * channels_host CHANNELS.sys. Prints the least of several rounds, in nanoseconds a message.
 * A wrong answer ends the run.
 */
#define _POSIX_C_SOURCE 200809L

#include <channels/contract.h>
#include <sysbuf/client.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS   50
#define MESSAGES 2000
#define PATIENCE 10000 /* milliseconds */

static struct sb_client *client;
static struct sb_subscription *subscription;
static struct sb_batch *batch; /* of MESSAGES / 20 commands */

static void must(enum sb_error error)
{
    if (error == SB_OK)
        return;
    fprintf(stderr, "channels_host: %s\n", sb_error_text(error));
    exit(1);
}

static void call_each(void)
{
    char reply[8];

    for (int i = 0; i < MESSAGES; i++)
        must(sb_call(client, CHANNELS_ECHO, "1234567", 8, reply, 8, NULL, PATIENCE));
}

static void call_in_batches(void)
{
    for (int i = 0; i < 20; i++)
        must(sb_batch_call(client, batch, 0, PATIENCE));
}

/* One thread posts, by a call, and receives. */
static void post_and_receive(void)
{
    char message[8];

    for (int i = 0; i < MESSAGES; i++) {
        must(sb_call(client, CHANNELS_POST, "1234567", 8, NULL, 0, NULL, PATIENCE));
        must(sb_receive(subscription, message, 8, NULL, PATIENCE));
    }
}

/* A thread of the driver posts, this one receives. */
static void receive_flood(void)
{
    const struct channels_flood flood = {MESSAGES};
    struct channels_item item;
    enum sb_error error;

    do /* the last flood's thread may not have ended yet */
        error = sb_call(client, CHANNELS_FLOOD, &flood, sizeof(flood), NULL, 0, NULL, PATIENCE);
    while (error == SB_ERROR_SYSTEM);
    must(error);
    for (int i = 0; i < MESSAGES; i++)
        must(sb_receive(subscription, &item, sizeof(item), NULL, PATIENCE));
}

static void write_and_read(void)
{
    char message[8];

    for (int i = 0; i < MESSAGES; i++) {
        must(sb_write(client, 0, "1234567", 8, NULL, PATIENCE));
        must(sb_read(client, 0, message, 8, NULL, PATIENCE));
    }
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static double least(void (*run)(void))
{
    double best = 1e18;

    for (int round = 0; round < ROUNDS; round++) {
        double start = now();
        double taken;

        run();
        taken = (now() - start) / MESSAGES;
        best = taken < best ? taken : best;
    }
    return best;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {{"channel/call", call_each},
                 {"channel/command-in-a-batch-of-100", call_in_batches},
                 {"channel/post-by-a-call-received", post_and_receive},
                 {"channel/post-of-a-thread-received", receive_flood},
                 {"channel/write-and-read", write_and_read}};

    must(sb_service_install(CHANNELS_SERVICE, argc == 2 ? argv[1] : NULL));
    must(sb_service_start(CHANNELS_SERVICE));
    must(sb_open(CHANNELS_PATH, &client));
    must(sb_subscribe(client, NULL, &subscription));
    batch = sb_batch_create();
    for (int i = 0; i < MESSAGES / 20; i++)
        must(sb_batch_add(batch, CHANNELS_ECHO, "1234567", 8, 8));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        printf("%s %.6g ns\n", cases[i].name, least(cases[i].run));
    sb_batch_delete(batch);
    sb_unsubscribe(subscription);
    sb_close(client);
    return 0;
}
