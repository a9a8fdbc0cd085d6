/*
 * What the tests of the channels through the client library begin and end with.
 */
#ifndef CHANNELS_CLIENT_H
#define CHANNELS_CLIENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <pthread.h>
#include <cmocka.h>

#include <channels/contract.h>
#include <sysbuf/client.h>
#include <sysbuf/host.h>

static inline int start_driver(const char *name)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/%s.sys", WINDOWS_DRIVERS, name);
    return sb_service_install(CHANNELS_SERVICE, path) != SB_OK ||
           sb_service_start(CHANNELS_SERVICE) != SB_OK;
}

static inline int end_driver(void **state)
{
    (void)state;
    return sb_service_uninstall(CHANNELS_SERVICE) != SB_OK;
}

static inline int start_channels(void **state)
{
    (void)state;
    return start_driver("channels");
}

static inline int start_channels_direct(void **state)
{
    (void)state;
    return start_driver("channels_direct");
}

/* Where the driver's socket is that open_channels() opens; NULL: it opens the device. */
static const char *channels_socket;

#define CHANNELS_SECRET "sixteen and more bytes"

static inline struct sb_client *open_channels(void)
{
    struct sb_client *client = NULL;

    assert_int_equal(sb_host_claim_faults(), 0);
    if (channels_socket != NULL)
        assert_int_equal(sb_open_socket(channels_socket, CHANNELS_SECRET, strlen(CHANNELS_SECRET),
                                        10000, &client),
                         SB_OK);
    else
        assert_int_equal(sb_open(CHANNELS_PATH, &client), SB_OK);
    return client;
}

/* A command without a reply. */
static inline enum sb_error tell(struct sb_client *client, uint32_t code, const void *input,
                                 size_t length)
{
    return sb_call(client, code, input, length, NULL, 0, NULL, 10000);
}

static inline uint64_t open_number(struct sb_client *client)
{
    uint64_t number = 0;

    assert_int_equal(sb_call(client, CHANNELS_OPEN, NULL, 0, &number, sizeof(number), NULL, 10000),
                     SB_OK);
    return number;
}

static inline void pause_for(long milliseconds)
{
    const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};

    nanosleep(&time, NULL);
}

#endif
