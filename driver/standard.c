/*
 * The commands that the library serves itself, where the description enables them. They are rows
 * like any other and pass through the same checks.
 */
#include "internal.h"

#define LEAST_ROOM sizeof(struct sb_notification)

static BOOLEAN has_protocol(const struct sb_driver *driver)
{
    return driver->contract_version != 0 || driver->notify.capacity != 0 ||
           driver->batch_maximum != 0 || driver->statistics;
}

static BOOLEAN has_notifications(const struct sb_driver *driver)
{
    return driver->notify.capacity != 0;
}

static BOOLEAN has_batches(const struct sb_driver *driver)
{
    return driver->batch_maximum != 0;
}

static BOOLEAN has_statistics(const struct sb_driver *driver)
{
    return driver->statistics;
}

struct standard {
    struct sb_command row;
    BOOLEAN (*enabled)(const struct sb_driver *driver);
};

static const struct standard standards[] = {
    {{.code = SB_QUERY_CONTRACT,
      SB_INPUT_NONE,
      .output_minimum = sizeof(struct sb_contract_version),
      .handler = sb_tell_protocol},
     has_protocol},
    {{.code = SB_NOTIFY_NEXT,
      SB_INPUT_NONE,
      .output_minimum = LEAST_ROOM,
      .handler = sb_notify_next},
     has_notifications},
    {{.code = SB_NOTIFY_ANSWER,
      .input_minimum = sizeof(struct sb_answer),
      .input_maximum = UINT32_MAX,
      .handler = sb_notify_answer},
     has_notifications},
    {{.code = SB_NOTIFY_SUBSCRIBE,
      SB_INPUT_EXACT(struct sb_subscribe),
      .output_minimum = sizeof(struct sb_subscribed),
      .handler = sb_notify_subscribe},
     has_notifications},
    {{.code = SB_NOTIFY_UNSUBSCRIBE, SB_INPUT_NONE, .handler = sb_notify_unsubscribe},
     has_notifications},
    {{.code = SB_NOTIFY_QUERY,
      SB_INPUT_NONE,
      .output_minimum = sizeof(struct sb_notify_state),
      .handler = sb_notify_query},
     has_notifications},
    {{.code = SB_BATCH,
      .input_minimum = sizeof(struct sb_batch_request),
      .input_maximum = UINT32_MAX,
      .output_minimum = sizeof(struct sb_batch_reply),
      .handler = sb_run_batch},
     has_batches},
    {{.code = SB_QUERY_STATISTICS,
      SB_INPUT_NONE,
      .output_minimum = sizeof(struct sb_statistics_header),
      .handler = sb_tell_statistics},
     has_statistics},
};

static const struct standard *find(uint32_t code)
{
    size_t index;

    for (index = 0; index < SB_COUNT(standards); index++)
        if (standards[index].row.code == code)
            return &standards[index];
    return NULL;
}

BOOLEAN sb_is_standard_code(uint32_t code)
{
    return find(code) != NULL;
}

const struct sb_command *sb_standard_command(const struct sb_driver *driver, uint32_t code)
{
    const struct standard *standard = find(code);

    return standard != NULL && standard->enabled(driver) ? &standard->row : NULL;
}
