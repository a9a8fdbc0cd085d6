/*
 * A shared ring: each message comes back in capitals; a command tells how many there were.
 */
#include <sysbuf/ring_driver.h>

#include "contract.h"

struct context {
    uint32_t count;
};

/* Serves messages. What it replies is a message to the client. */
static NTSTATUS capitals(struct sb_call *call)
{
    struct context *context = call->open_context;
    const char *text = call->input;
    char *reply = call->output;

    for (uint32_t i = 0; i < call->input_length; i++)
        reply[i] = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 'a' + 'A') : text[i];
    call->reply_length = call->input_length;
    context->count++;
    return STATUS_SUCCESS;
}

/* Serves the command, by whichever channel it comes. */
static NTSTATUS count(struct sb_call *call)
{
    const struct context *context = call->open_context;

    return sb_reply(call, &context->count, sizeof(context->count));
}

static const struct sb_command commands[] = {
    {.code = RING_COUNT, SB_INPUT_NONE, .output_minimum = sizeof(uint32_t), .handler = count},
};

static const struct sb_ring_service rings = {
    SB_RING,
    .message_maximum = RING_TEXT_MAXIMUM,
    .message = capitals,
};

static const struct sb_driver ring = {
    .device_name = L"\\Device\\SbRing",
    .link_name = L"\\??\\SbRing",
    .open_context_size = sizeof(struct context),
    .commands = commands,
    .command_count = SB_COUNT(commands),
    .ring = &rings,
};

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT object, PUNICODE_STRING registry_path)
{
    return sb_driver_start(object, registry_path, &ring);
}
