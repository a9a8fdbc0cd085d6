/*
 * direct_client DRIVER.sys: starts the driver, lets it fill a large buffer and add it up.
 */
#include <sysbuf/client.h>

#include <inttypes.h>
#include <stdio.h>

#include "contract.h"

#define LENGTH (8u << 20)

static int fail(const char *what, enum sb_error error)
{
    fprintf(stderr, "%s: %s\n", what, sb_error_text(error));
    return 1;
}

static int exchange(struct sb_client *client, unsigned char *bytes)
{
    enum sb_error error;
    uint64_t sum = 0;
    size_t length;

    error = sb_call(client, DIRECT_FILL, NULL, 0, bytes, LENGTH, &length, SB_FOREVER);
    if (error == SB_OK)
        error = sb_send(client, DIRECT_ADD, NULL, 0, bytes, length, SB_FOREVER);
    if (error == SB_OK)
        error = sb_call(client, DIRECT_SUM, NULL, 0, &sum, sizeof(sum), NULL, 1000);
    if (error != SB_OK)
        return fail("exchange", error);
    printf("%zu bytes add up to %" PRIu64 "\n", length, sum);
    return 0;
}

int main(int argc, char **argv)
{
    static unsigned char bytes[LENGTH];
    struct sb_client *client;
    enum sb_error error;
    int result;

    error = argc > 1 ? sb_service_install("SbDirect", argv[1]) : SB_ERROR_ARGUMENT;
    if (error != SB_OK)
        return fail("install", error);
    error = sb_service_start("SbDirect");
    if (error == SB_OK)
        error = sb_open("\\\\.\\SbDirect", &client);
    result = error == SB_OK ? exchange(client, bytes) : fail("open", error);
    if (error == SB_OK)
        sb_close(client);
    sb_service_uninstall("SbDirect");
    return result;
}
