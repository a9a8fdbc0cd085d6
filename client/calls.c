#include "calls.h"

/* Milliseconds between two attempts to cancel. */
#define CANCEL_PERIOD 10

void sb_calls_make(struct sb_calls *calls)
{
    sb_monitor_make(&calls->monitor);
    calls->count = 0;
    calls->closing = false;
}

void sb_calls_drop(struct sb_calls *calls)
{
    sb_monitor_drop(&calls->monitor);
}

bool sb_calls_begin(struct sb_calls *calls)
{
    bool open;

    sb_monitor_enter(&calls->monitor);
    open = !calls->closing;
    if (open)
        calls->count++;
    sb_monitor_leave(&calls->monitor);
    return open;
}

void sb_calls_end(struct sb_calls *calls)
{
    sb_monitor_enter(&calls->monitor);
    if (--calls->count == 0)
        sb_monitor_tell(&calls->monitor);
    sb_monitor_leave(&calls->monitor);
}

/* A call that has begun may not have reached the device yet: what was cancelled once is cancelled
   again until all are out. */
void sb_calls_close(struct sb_calls *calls, void (*cancel)(struct sb_client *client),
                    struct sb_client *client)
{
    sb_monitor_enter(&calls->monitor);
    calls->closing = true;
    while (calls->count != 0) {
        sb_monitor_leave(&calls->monitor);
        cancel(client);
        sb_monitor_enter(&calls->monitor);
        if (calls->count != 0)
            sb_monitor_wait(&calls->monitor, sb_clock_now() + CANCEL_PERIOD);
    }
    sb_monitor_leave(&calls->monitor);
}
