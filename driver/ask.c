/*
 * Questions: the driver posts a message with a number and waits for the answer with that number.
 *
 *   ASKED --+-- ANSWER from the same open ------------------------------> answered
 *           +-- the message is dropped from the queue ------------------> STATUS_DEVICE_BUSY
 *           +-- UNSUBSCRIBE, CLEANUP, CLOSE of the open ----------------> STATUS_CANCELLED
 *           +-- the deadline -------------------------------------------> STATUS_IO_TIMEOUT
 *           +-- the asking thread is being ended -----------------------> STATUS_CANCELLED
 *
 * ASKED means: in the list of its subscription. It is left under the device's lock, by whichever
 * comes first; the others find nothing. Who waits takes the lock once more before it frees the
 * question, so nobody still has it in hand then.
 *
 * The question and the answer are in pool, not on the stack of who waits: the wait is one of user
 * mode, which ending the thread ends, and during which its kernel stack may be paged out.
 */
#include "internal.h"

struct question {
    LIST_ENTRY link;
    uint64_t number;
    KEVENT ended;
    BOOLEAN is_asked; /* in the list; under the device's lock, as all below */
    NTSTATUS status;
    size_t capacity;
    size_t length;
    UCHAR answer[];
};

static void end_locked(struct question *question, NTSTATUS status)
{
    RemoveEntryList(&question->link);
    question->is_asked = FALSE;
    question->status = status;
    KeSetEvent(&question->ended, IO_NO_INCREMENT, FALSE);
}

static struct question *find_locked(struct sb_subscription *subscription, uint64_t number)
{
    struct question *question;
    PLIST_ENTRY entry;

    for (entry = subscription->questions.Flink; entry != &subscription->questions;
         entry = entry->Flink) {
        question = CONTAINING_RECORD(entry, struct question, link);
        if (number == 0 || question->number == number)
            return question;
    }
    return NULL;
}

void sb_question_end_locked(struct sb_subscription *subscription, uint64_t number, NTSTATUS status)
{
    struct question *question;

    while ((question = find_locked(subscription, number)) != NULL)
        end_locked(question, status);
}

static NTSTATUS answer_locked(struct sb_subscription *subscription, uint64_t number,
                              const void *answer, size_t length)
{
    struct question *question = number != 0 ? find_locked(subscription, number) : NULL;

    if (question == NULL)
        return STATUS_NOT_FOUND;
    if (length > question->capacity)
        return STATUS_INFO_LENGTH_MISMATCH;
    RtlCopyMemory(question->answer, answer, length);
    question->length = length;
    end_locked(question, STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

NTSTATUS sb_notify_answer(struct sb_call *call)
{
    const struct sb_answer *answer = call->input;
    struct sb_open_state *state;
    NTSTATUS status;
    KIRQL irql;

    if (call->open == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    state = sb_open_state(call->open);
    KeAcquireSpinLock(&state->device->lock, &irql);
    status = answer_locked(&state->subscription, answer->question, answer + 1,
                           call->input_length - sizeof(*answer));
    KeReleaseSpinLock(&state->device->lock, irql);
    if (NT_SUCCESS(status))
        sb_count(state->device, SB_COUNTER_ANSWERS);
    return status;
}

static struct question *new_question(struct sb_device *device, size_t capacity)
{
    struct question *question = NULL;

    if (capacity <= MAXULONG - sizeof(*question))
        question = sb_allocate(device->driver, sizeof(*question) + capacity);
    if (question == NULL)
        return NULL;
    RtlZeroMemory(question, sizeof(*question));
    KeInitializeEvent(&question->ended, NotificationEvent, FALSE);
    question->capacity = capacity;
    return question;
}

/* Before its message is posted: the answer may come at once. */
static NTSTATUS enter(struct sb_device *device, uint64_t open_id, struct question *question)
{
    struct sb_open_state *state;
    KIRQL irql;

    KeAcquireSpinLock(&device->lock, &irql);
    state = sb_notify_find_locked(device, open_id);
    if (state != NULL) {
        question->number = ++device->last_question;
        question->is_asked = TRUE;
        InsertTailList(&state->subscription.questions, &question->link);
    }
    KeReleaseSpinLock(&device->lock, irql);
    return state != NULL ? STATUS_SUCCESS : STATUS_NOT_FOUND;
}

/* The question's end: what ended it first, or else the status given. */
static NTSTATUS leave(struct sb_device *device, struct question *question, NTSTATUS status)
{
    KIRQL irql;

    KeAcquireSpinLock(&device->lock, &irql);
    if (question->is_asked)
        end_locked(question, status);
    status = question->status;
    KeReleaseSpinLock(&device->lock, irql);
    return status;
}

/* STATUS_IO_TIMEOUT, or STATUS_CANCELLED where the thread is being ended; either counts only if
   nothing else has ended the question. */
static NTSTATUS wait(struct question *question, uint32_t timeout)
{
    LARGE_INTEGER limit;

    limit.QuadPart = (LONGLONG)timeout * -10000; /* relative, in 100 ns */
    if (KeWaitForSingleObject(&question->ended, UserRequest, UserMode, FALSE, &limit) ==
        STATUS_TIMEOUT)
        return STATUS_IO_TIMEOUT;
    return STATUS_CANCELLED;
}

static NTSTATUS ask(struct sb_device *device, uint64_t open_id, struct question *question,
                    const void *message, size_t length, uint32_t timeout)
{
    NTSTATUS status = enter(device, open_id, question);

    if (!NT_SUCCESS(status))
        return status;
    sb_count(device, SB_COUNTER_QUESTIONS);
    status = sb_notify_post_question(device, open_id, question->number, message, length);
    if (NT_SUCCESS(status))
        status = wait(question, timeout);
    return leave(device, question, status);
}

NTSTATUS sb_notify_ask(uint64_t open_id, const void *message, size_t length, void *answer,
                       size_t capacity, size_t *answer_length, uint32_t timeout)
{
    struct sb_device *device = sb_this_device;
    struct question *question;
    NTSTATUS status;

    if (device == NULL || device->driver->notify.capacity == 0)
        return STATUS_INVALID_DEVICE_STATE;
    if (length > device->driver->notify.maximum)
        return STATUS_INVALID_BUFFER_SIZE;
    question = new_question(device, capacity);
    if (question == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = ask(device, open_id, question, message, length, timeout);
    if (NT_SUCCESS(status)) {
        RtlCopyMemory(answer, question->answer, question->length);
        *answer_length = question->length;
    }
    sb_free(device->driver, question);
    return status;
}
