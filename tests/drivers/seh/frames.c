/* Frames of every shape between the raise and the handler; registers are restored from them. */
#include "seh.h"

typedef void frame_routine(void (*routine)(void *), void *argument);

static frame_routine *const frames[] = {frame_with_pushes, frame_with_register, frame_chained,
                                        frame_large};

static NOINLINE void fault(void *unused)
{
    (void)unused;
    write_to((ULONG *)0x28);
}

static NOINLINE void raise(void *unused)
{
    (void)unused;
    ExRaiseStatus(STATUS_DEVICE_BUSY);
}

struct passage {
    frame_routine *frame;
    void (*routine)(void *);
    ULONG caught;
};

static NOINLINE void pass(void *argument)
{
    struct passage *passage = argument;

    __try {
        passage->frame(passage->routine, NULL);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        passage->caught++;
    }
}

static NOINLINE void catch_plain(void *argument)
{
    struct passage *passage = argument;

    __try {
        passage->routine(NULL);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        passage->caught++;
    }
}

void check_frames(void)
{
    for (ULONG i = 0; i < RTL_NUMBER_OF(frames); i++) {
        struct passage passage = {frames[i], fault, 0};
        CHECK(registers_survive(pass, &passage) == 0);
        CHECK(passage.caught == 1);
        passage.routine = raise;
        CHECK(registers_survive(pass, &passage) == 0);
        CHECK(passage.caught == 2);
    }
    struct passage passage = {NULL, fault_in_prologue, 0};
    CHECK(registers_survive(catch_plain, &passage) == 0);
    CHECK(passage.caught == 1);
    passage.routine = fault_in_epilogue;
    CHECK(registers_survive(catch_plain, &passage) == 0);
    CHECK(passage.caught == 2);
}
