#include "ke.h"

struct ring {
    KEVENT events[2];
    LONG turns;
};

static VOID NTAPI pong(PVOID context)
{
    struct ring *ring = context;
    for (LONG i = 0; i < ring->turns; i++) {
        KeWaitForSingleObject(&ring->events[0], Executive, KernelMode, FALSE, NULL);
        KeSetEvent(&ring->events[1], 0, FALSE);
    }
}

/* Signal and wait in one step: nobody can pulse between. */
static VOID NTAPI pulse_when_told(PVOID context)
{
    struct ring *ring = context;
    for (LONG i = 0; i < ring->turns; i++) {
        KeWaitForSingleObject(&ring->events[0], Executive, KernelMode, FALSE, NULL);
        KePulseEvent(&ring->events[1], 0, FALSE);
    }
}

void check_event_states(void)
{
    KEVENT event;
    LARGE_INTEGER now = {{0}}, soon = milliseconds(2);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    CHECK(event.Header.Type == NotificationEvent && event.Header.SignalState == 0);
    CHECK(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &now) == STATUS_TIMEOUT);
    CHECK(KeSetEvent(&event, 0, FALSE) == 0 && KeSetEvent(&event, 0, FALSE) == 1);
    CHECK(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL) == STATUS_SUCCESS);
    CHECK(KeReadStateEvent(&event) == 1 && KeResetEvent(&event) == 1);
    CHECK(KeReadStateEvent(&event) == 0);
    KeInitializeEvent(&event, SynchronizationEvent, TRUE);
    CHECK(event.Header.Type == SynchronizationEvent);
    CHECK(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL) == STATUS_SUCCESS);
    CHECK(KeReadStateEvent(&event) == 0);
    CHECK(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &soon) == STATUS_TIMEOUT);
}

void check_event_resets(void)
{
    KEVENT event;
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    KeSetEvent(&event, 0, FALSE);
    KeClearEvent(&event);
    CHECK(KeReadStateEvent(&event) == 0);
}

void check_two_threads(void)
{
    struct ring ring = {.turns = 300};
    PKTHREAD thread;
    KeInitializeEvent(&ring.events[0], SynchronizationEvent, FALSE);
    KeInitializeEvent(&ring.events[1], SynchronizationEvent, FALSE);
    thread = ke_start(pong, &ring);
    for (LONG i = 0; i < ring.turns; i++) {
        KeSetEvent(&ring.events[0], 0, FALSE);
        KeWaitForSingleObject(&ring.events[1], Executive, KernelMode, FALSE, NULL);
    }
    ke_join(thread);
}

void check_signal_and_wait(void)
{
    struct ring ring = {.turns = 300};
    LARGE_INTEGER late = milliseconds(5000);
    PKTHREAD thread;
    KeInitializeEvent(&ring.events[0], SynchronizationEvent, FALSE);
    KeInitializeEvent(&ring.events[1], SynchronizationEvent, FALSE);
    CHECK(KePulseEvent(&ring.events[1], 0, FALSE) == 0);
    CHECK(KeReadStateEvent(&ring.events[1]) == 0);
    thread = ke_start(pulse_when_told, &ring);
    for (LONG i = 0; i < ring.turns; i++) {
        NTSTATUS status;
        KeSetEvent(&ring.events[0], 0, TRUE);
        status = KeWaitForSingleObject(&ring.events[1], Executive, KernelMode, FALSE, &late);
        CHECK(status == STATUS_SUCCESS);
        if (status != STATUS_SUCCESS)
            break;
    }
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    ke_join(thread);
}

void check_many_events(void)
{
    KEVENT events[5];
    PVOID objects[5];
    KWAIT_BLOCK blocks[5];
    LARGE_INTEGER now = {{0}};
    for (int i = 0; i < 5; i++) {
        KeInitializeEvent(&events[i], SynchronizationEvent, i >= 3);
        objects[i] = &events[i];
    }
    CHECK(KeWaitForMultipleObjects(5, objects, WaitAny, Executive, KernelMode, FALSE, NULL,
                                   blocks) == STATUS_WAIT_3);
    CHECK(KeReadStateEvent(&events[3]) == 0 && KeReadStateEvent(&events[4]) == 1);
    CHECK(KeWaitForMultipleObjects(5, objects, WaitAll, Executive, KernelMode, FALSE, &now,
                                   blocks) == STATUS_TIMEOUT);
    CHECK(KeReadStateEvent(&events[4]) == 1); /* all or nothing */
    for (int i = 0; i < 5; i++)
        KeSetEvent(&events[i], 0, FALSE);
    CHECK(KeWaitForMultipleObjects(5, objects, WaitAll, Executive, KernelMode, FALSE, NULL,
                                   blocks) == STATUS_SUCCESS);
    for (int i = 0; i < 5; i++)
        CHECK(KeReadStateEvent(&events[i]) == 0);
}

void check_delays(void)
{
    LARGE_INTEGER before, after, delay = milliseconds(15), now = {{0}}, past, frequency;
    before = KeQueryPerformanceCounter(&frequency);
    CHECK(KeDelayExecutionThread(KernelMode, FALSE, &delay) == STATUS_SUCCESS);
    after = KeQueryPerformanceCounter(NULL);
    CHECK((after.QuadPart - before.QuadPart) * 1000 / frequency.QuadPart >= 14);
    CHECK(KeDelayExecutionThread(KernelMode, FALSE, &now) == STATUS_SUCCESS);
    past = ke_now(); /* absolute, and over */
    CHECK(KeDelayExecutionThread(KernelMode, FALSE, &past) == STATUS_SUCCESS);
}
