/*
 * batch_client DRIVER.sys: starts the driver, writes registers and reads them, in one call.
 */
#include <sysbuf/client.h>

#include <stdio.h>

#include "contract.h"

static int fail(const char *what, enum sb_error error)
{
    fprintf(stderr, "%s: %s\n", what, sb_error_text(error));
    return 1;
}

/* Writes and reads four registers, of which the last does not exist. */
static int exchange(struct sb_client *client, struct sb_batch *batch)
{
    const uint32_t indices[] = {1, 6, 11, 16};
    enum sb_error error = SB_OK;
    const void *reply;

    for (uint32_t i = 0; i < 4 && error == SB_OK; i++) {
        const struct batch_write write = {indices[i], i * 100};

        error = sb_batch_add(batch, BATCH_WRITE, &write, sizeof(write), 0);
        if (error == SB_OK)
            error = sb_batch_add(batch, BATCH_READ, &write.index, sizeof(write.index), 4);
    }
    if (error == SB_OK)
        error = sb_batch_call(client, batch, 0, 1000);
    if (error != SB_OK)
        return fail("batch", error);
    for (uint32_t i = 0; i < 4; i++)
        if (sb_batch_result(batch, i * 2 + 1, &reply, NULL) == SB_OK)
            printf("%u: %u\n", indices[i], *(const uint32_t *)reply);
        else
            printf("%u: none\n", indices[i]);
    return 0;
}

int main(int argc, char **argv)
{
    struct sb_batch *batch = sb_batch_create();
    struct sb_client *client;
    enum sb_error error;
    int result;

    error = argc > 1 ? sb_service_install("SbBatch", argv[1]) : SB_ERROR_ARGUMENT;
    if (error != SB_OK)
        return fail("install", error);
    error = sb_service_start("SbBatch");
    if (error == SB_OK)
        error = sb_open("\\\\.\\SbBatch", &client);
    result = error == SB_OK ? exchange(client, batch) : fail("open", error);
    if (error == SB_OK)
        sb_close(client);
    sb_batch_delete(batch);
    sb_service_uninstall("SbBatch");
    return result;
}
