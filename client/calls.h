/*
 * The calls under way on a device, counted, so that its end can wait for them.
 */
#ifndef SYSBUF_CLIENT_CALLS_H
#define SYSBUF_CLIENT_CALLS_H

#include "socket.h"
#include "thread.h"

struct sb_calls {
    struct sb_monitor monitor; /* guards what follows; told when count becomes 0 */
    unsigned count;
    bool closing;
};

/* What every struct sb_client of a device begins with. */
struct sb_device {
    struct sb_client_head head; /* no socket */
    struct sb_calls calls;
};

void sb_calls_make(struct sb_calls *calls);
void sb_calls_drop(struct sb_calls *calls);

/* False: the device is being closed, and nothing is to be sent any more. */
bool sb_calls_begin(struct sb_calls *calls);
void sb_calls_end(struct sb_calls *calls);

/* From now on none begins. Cancels those under way, by cancel(client), until all have ended. */
void sb_calls_close(struct sb_calls *calls, void (*cancel)(struct sb_client *client),
                    struct sb_client *client);

#endif
