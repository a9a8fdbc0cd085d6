/*
 * Subscriptions. The requests for the next message are a ring: all are at the driver, started in
 * the ring's order, and the driver hands messages to them in that order. So the next message is
 * always in the oldest request, and who takes it starts the request again, behind all others.
 */
#include "operation.h"
#include "socket.h"
#include "thread.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_PENDING 8u
#define PENDING_MAXIMUM 64u

#define SOCKET_WINDOW 65536u /* bytes */

/* The driver answers at once; milliseconds. */
#define ANSWER_TIMEOUT 5000

struct sb_subscription {
    struct sb_client *client;
    struct sb_subscribed limits;
    void (*receive)(void *context, const void *message, const struct sb_message *information);
    void *context;
    struct sb_thread *thread; /* of the callback, NULL if there is none */
    struct sb_monitor lock;   /* guards what follows; held while waiting */
    enum sb_error ended;      /* OK while messages can come */
    uint32_t next;            /* the oldest of the requests */
    uint32_t count;
    struct sb_operation *requests[PENDING_MAXIMUM];
};

static enum sb_error subscribe(struct sb_subscription *subscription)
{
    const struct sb_subscribe request = {SB_PROTOCOL_VERSION, 0};
    struct sb_subscribed *limits = &subscription->limits;
    enum sb_error error;
    size_t length;

    error = sb_call(subscription->client, SB_NOTIFY_SUBSCRIBE, &request, sizeof(request), limits,
                    sizeof(*limits), &length, ANSWER_TIMEOUT);
    if (error != SB_OK)
        return error;
    if (length == sizeof(*limits) && limits->protocol >= SB_PROTOCOL_OLDEST)
        return SB_OK;
    sb_call(subscription->client, SB_NOTIFY_UNSUBSCRIBE, NULL, 0, NULL, 0, NULL, ANSWER_TIMEOUT);
    return SB_ERROR_VERSION;
}

static void delete_requests(struct sb_subscription *subscription)
{
    uint32_t index;

    for (index = 0; index < subscription->count; index++)
        sb_operation_delete(subscription->requests[index]);
    subscription->count = 0;
}

/* What is on its way to a socket that nobody reads for a while must fit the systems' buffers: the
   driver waits for no slow peer. */
static uint32_t fewer_on_socket(const struct sb_subscription *subscription, uint32_t count,
                                size_t capacity)
{
    size_t most = SOCKET_WINDOW / capacity;

    if (sb_client_socket(subscription->client) == NULL || count <= most)
        return count;
    return most != 0 ? (uint32_t)most : 1;
}

/* All are made before the first is sent: it is no half subscription that fails for memory. */
static enum sb_error start_requests(struct sb_subscription *subscription, uint32_t count)
{
    size_t capacity = sizeof(struct sb_notification) + subscription->limits.notify_maximum;
    enum sb_error error;
    uint32_t index;

    count = fewer_on_socket(subscription, count, capacity);
    while (subscription->count < count) {
        error = sb_operation_create(subscription->client, capacity,
                                    &subscription->requests[subscription->count]);
        if (error != SB_OK)
            return error;
        subscription->count++;
    }
    for (index = 0; index < count; index++)
        sb_operation_start(subscription->requests[index], SB_NOTIFY_NEXT);
    return SB_OK;
}

/* The oldest request has ended: its message, in the request's memory. */
static enum sb_error look(struct sb_subscription *subscription, const void **message,
                          struct sb_message *information)
{
    struct sb_notification head;
    enum sb_error error;
    const void *reply;
    size_t length;

    error = sb_operation_result(subscription->requests[subscription->next], &reply, &length);
    if (error == SB_ERROR_STATE) /* sent when the subscription had just ended */
        return SB_ERROR_CLOSED;
    if (error != SB_OK)
        return error;
    if (length < sizeof(head))
        return SB_ERROR_SYSTEM;
    memcpy(&head, reply, sizeof(head));
    if (head.length != length - sizeof(head))
        return SB_ERROR_SYSTEM;
    information->length = head.length;
    information->sequence = head.sequence;
    information->lost = head.lost;
    information->question = head.question;
    *message = (const unsigned char *)reply + sizeof(head);
    return SB_OK;
}

/* Waits for the next message. Under the lock. */
static enum sb_error wait_for_message(struct sb_subscription *subscription, uint32_t timeout,
                                      const void **message, struct sb_message *information)
{
    if (subscription->ended != SB_OK)
        return subscription->ended;
    if (!sb_operation_wait(subscription->requests[subscription->next], timeout))
        return SB_ERROR_TIMEOUT;
    subscription->ended = look(subscription, message, information);
    return subscription->ended;
}

/* The message has been used. Under the lock. */
static void ask_for_another(struct sb_subscription *subscription)
{
    sb_operation_start(subscription->requests[subscription->next], SB_NOTIFY_NEXT);
    subscription->next = (subscription->next + 1) % subscription->count;
}

static void run_callback(void *context)
{
    struct sb_subscription *subscription = context;
    struct sb_message information;
    const void *message;

    sb_monitor_enter(&subscription->lock);
    while (wait_for_message(subscription, SB_FOREVER, &message, &information) == SB_OK) {
        subscription->receive(subscription->context, message, &information);
        ask_for_another(subscription);
    }
    sb_monitor_leave(&subscription->lock);
}

static enum sb_error start(struct sb_subscription *subscription, uint32_t pending)
{
    enum sb_error error = start_requests(subscription, pending);

    if (error != SB_OK || subscription->receive == NULL)
        return error;
    subscription->thread = sb_thread_start(run_callback, subscription);
    return subscription->thread != NULL ? SB_OK : SB_ERROR_NO_MEMORY;
}

enum sb_error sb_subscribe(struct sb_client *client, const struct sb_subscribe_options *options,
                           struct sb_subscription **subscription)
{
    uint32_t pending =
        options != NULL && options->pending != 0 ? options->pending : DEFAULT_PENDING;
    struct sb_subscription *made;
    enum sb_error error;

    if (client == NULL || subscription == NULL || pending > PENDING_MAXIMUM)
        return SB_ERROR_ARGUMENT;
    made = calloc(1, sizeof(*made));
    if (made == NULL)
        return SB_ERROR_NO_MEMORY;
    made->client = client;
    made->receive = options != NULL ? options->receive : NULL;
    made->context = options != NULL ? options->context : NULL;
    sb_monitor_make(&made->lock);
    error = subscribe(made);
    if (error != SB_OK) {
        sb_monitor_drop(&made->lock);
        free(made);
        return error;
    }
    error = start(made, pending);
    if (error != SB_OK) {
        sb_unsubscribe(made);
        return error;
    }
    *subscription = made;
    return SB_OK;
}

enum sb_error sb_receive(struct sb_subscription *subscription, void *message, size_t capacity,
                         struct sb_message *information, uint32_t timeout)
{
    struct sb_message found;
    enum sb_error error;
    const void *bytes;

    if (subscription == NULL || (message == NULL && capacity != 0))
        return SB_ERROR_ARGUMENT;
    if (subscription->receive != NULL)
        return SB_ERROR_STATE;
    sb_monitor_enter(&subscription->lock);
    error = wait_for_message(subscription, timeout, &bytes, &found);
    if (error == SB_OK) {
        if (found.length != 0 && capacity != 0)
            memcpy(message, bytes, found.length < capacity ? found.length : capacity);
        ask_for_another(subscription);
    }
    sb_monitor_leave(&subscription->lock);
    if (error != SB_OK)
        return error;
    if (information != NULL)
        *information = found;
    return found.length <= capacity ? SB_OK : SB_ERROR_TRUNCATED;
}

enum sb_error sb_answer(struct sb_subscription *subscription, uint64_t question, const void *answer,
                        size_t length)
{
    const struct sb_answer head = {question};
    unsigned char *request;
    enum sb_error error;

    if (subscription == NULL || (answer == NULL && length != 0) ||
        length > UINT32_MAX - sizeof(head))
        return SB_ERROR_ARGUMENT;
    request = malloc(sizeof(head) + length);
    if (request == NULL)
        return SB_ERROR_NO_MEMORY;
    memcpy(request, &head, sizeof(head));
    if (length != 0)
        memcpy(request + sizeof(head), answer, length);
    error = sb_call(subscription->client, SB_NOTIFY_ANSWER, request, sizeof(head) + length, NULL, 0,
                    NULL, ANSWER_TIMEOUT);
    free(request);
    return error;
}

enum sb_error sb_subscription_state(struct sb_subscription *subscription,
                                    struct sb_notify_state *state)
{
    struct sb_notify_state told;
    enum sb_error error;
    size_t length;

    if (subscription == NULL || state == NULL)
        return SB_ERROR_ARGUMENT;
    error = sb_call(subscription->client, SB_NOTIFY_QUERY, NULL, 0, &told, sizeof(told), &length,
                    ANSWER_TIMEOUT);
    if (error == SB_OK && length != sizeof(told))
        error = SB_ERROR_VERSION;
    if (error == SB_OK)
        *state = told;
    return error;
}

/* The driver ends the requests that are under way, and with that whoever waits for one. One behind
   a socket that does not answer is given up: nobody may wait for it for good. */
static void leave(struct sb_client *client)
{
    enum sb_error error =
        sb_call(client, SB_NOTIFY_UNSUBSCRIBE, NULL, 0, NULL, 0, NULL, ANSWER_TIMEOUT);

    if (error == SB_ERROR_TIMEOUT && sb_client_socket(client) != NULL)
        sb_socket_break(sb_client_socket(client));
}

void sb_unsubscribe(struct sb_subscription *subscription)
{
    if (subscription == NULL)
        return;
    leave(subscription->client);
    if (subscription->thread != NULL)
        sb_thread_join(subscription->thread);
    sb_monitor_enter(&subscription->lock);
    delete_requests(subscription);
    sb_monitor_leave(&subscription->lock);
    sb_monitor_drop(&subscription->lock);
    free(subscription);
}
