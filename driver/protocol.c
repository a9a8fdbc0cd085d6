/*
 * The handshake: which contract, which protocol, what is offered and how much of it.
 */
#include "internal.h"

static BOOLEAN has_direct_row(const struct sb_driver *driver)
{
    size_t index;

    for (index = 0; index < driver->command_count; index++)
        if (SB_CONTROL_CODE_METHOD(driver->commands[index].code) != SB_METHOD_BUFFERED)
            return TRUE;
    return FALSE;
}

static uint64_t features(const struct sb_driver *driver)
{
    uint64_t offered = 0;

    offered |= driver->read.handler != NULL ? SB_FEATURE_READ : 0;
    offered |= driver->write.handler != NULL ? SB_FEATURE_WRITE : 0;
    offered |= driver->notify.capacity != 0 ? SB_FEATURE_NOTIFY : 0;
    offered |= driver->batch_maximum != 0 ? SB_FEATURE_BATCH : 0;
    offered |= driver->statistics ? SB_FEATURE_STATISTICS : 0;
    offered |= driver->ring != NULL ? SB_FEATURE_RING : 0;
    offered |= has_direct_row(driver) ? SB_FEATURE_DIRECT : 0;
    return offered;
}

static NTSTATUS tell_short(struct sb_call *call)
{
    const struct sb_contract_version version = {1, call->driver->contract_version};

    return sb_reply(call, &version, sizeof(version));
}

/* What protocol 2 knew. Fields that come later go behind it: a client that has no room for them,
   but for these, gets these. */
#define LEAST_LONG_ANSWER 40

/* A client without room for the long answer is of protocol 1 and gets what it knows. */
NTSTATUS sb_tell_protocol(struct sb_call *call)
{
    const struct sb_driver *driver = call->driver;
    const struct sb_protocol protocol = {
        .format = 2,
        .contract = driver->contract_version,
        .protocol = SB_PROTOCOL_VERSION,
        .protocol_oldest = SB_PROTOCOL_OLDEST,
        .features = features(driver),
        .notify_capacity = driver->notify.capacity,
        .notify_maximum = driver->notify.maximum,
        .pending_maximum = SB_PENDING_MAXIMUM,
        .batch_maximum = driver->batch_maximum,
    };

    size_t length =
        call->output_capacity < sizeof(protocol) ? call->output_capacity : sizeof(protocol);

    if (length < LEAST_LONG_ANSWER)
        return tell_short(call);
    return sb_reply(call, &protocol, length);
}
