/*
 * The wakeup protocol of one lane (ring/lane.h), for spin: one writer, one reader, a lane with room
 * for ROOM messages, MESSAGES to pass, both doorbells, and a ring that may be closed at any moment.
 *
 * Memory is x86's: each end has a store buffer, from which its stores reach memory one by one at
 * any later time, in order; it reads its own latest store and else memory. A sequentially
 * consistent store is a store that waits until the buffer has drained, an exchange likewise.
 *
 * Proved: no end waits for ever ("invalid end states"), nothing is read before it is written or
 * overwritten before it is read, and all messages arrive unless the ring was closed.
 *
 *   -DNO_FENCE    positions and flags are stored without waiting for the buffer: must fail
 *   -DNO_RECHECK  an end sleeps without looking again: must fail
 *   -DNO_STOP     closing does not set the driver's stop event: must fail
 *   -DNO_BELL     closing does not ring the client's doorbell: must fail
 *
 * One end is the driver's, which waits for its own stop event besides the doorbell, the other one
 * the client's, which looks at `closed` and then waits for the doorbell alone: CLIENT says which.
 */
#define WRITER 0
#define READER 1
#ifndef CLIENT
#define CLIENT WRITER
#endif
#ifndef MESSAGES
#define MESSAGES 4
#endif
#ifndef ROOM
#define ROOM 2
#endif
#define BUFFER 3 /* stores that a buffer holds; more than are ever in it */

/* Memory: a position and a flag of each end. */
#define TAIL          0
#define READER_SLEEPS 1
#define HEAD          2
#define WRITER_SLEEPS 3
byte memory[4];
byte lane[ROOM];

/* Auto-reset events, and the driver's own stop event, which nobody resets. */
bool data_event = false;
bool space_event = false;
bool stop_event = false;
bool closed = false;

byte received = 0;
bool writer_done = false;
bool reader_done = false;

/* One store buffer an end: 0 the writer, 1 the reader. */
typedef store_buffer {
    byte place[BUFFER];
    byte value[BUFFER];
    byte count;
}
store_buffer buffers[2];

inline drain_one(end) {
    memory[buffers[end].place[0]] = buffers[end].value[0];
    buffers[end].place[0] = buffers[end].place[1];
    buffers[end].value[0] = buffers[end].value[1];
    buffers[end].place[1] = buffers[end].place[2];
    buffers[end].value[1] = buffers[end].value[2];
    buffers[end].count--;
    buffers[end].place[buffers[end].count] = 0;
    buffers[end].value[buffers[end].count] = 0
}

/* The processor empties a buffer whenever it likes. */
active [2] proctype drain() {
    byte end = _pid;
end_idle:
    do
    :: atomic { buffers[end].count > 0 -> drain_one(end) }
    od
}

/* memory_order_relaxed, or release: x86 keeps the order of stores. */
inline store(end, where, what) {
    atomic {
        buffers[end].count < BUFFER;
        buffers[end].place[buffers[end].count] = where;
        buffers[end].value[buffers[end].count] = what;
        buffers[end].count++
    }
}

inline fence(end) {
    buffers[end].count == 0
}

/* memory_order_seq_cst. */
inline store_and_fence(end, where, what) {
    store(end, where, what);
#ifndef NO_FENCE
    fence(end)
#endif
}

/* The end's own latest store to the place, else memory. */
inline load(end, where, into) {
    d_step {
        into = memory[where];
        if
        :: buffers[end].count > 0 && buffers[end].place[0] == where ->
            into = buffers[end].value[0]
        :: else
        fi;
        if
        :: buffers[end].count > 1 && buffers[end].place[1] == where ->
            into = buffers[end].value[1]
        :: else
        fi;
        if
        :: buffers[end].count > 2 && buffers[end].place[2] == where ->
            into = buffers[end].value[2]
        :: else
        fi
    }
}

/* A locked instruction: drains the buffer, then reads and writes memory at once. */
inline exchange(end, where, what, into) {
    atomic {
        buffers[end].count == 0;
        into = memory[where];
        memory[where] = what
    }
}

/* After a position has moved: ring if the other end sleeps. */
inline ring(end, flag_place, event, flag) {
    load(end, flag_place, flag);
    if
    :: flag ->
        exchange(end, flag_place, 0, flag);
        if
        :: flag -> event = true
        :: else
        fi
    :: else
    fi;
    flag = 0
}

/* The driver: KeWaitForMultipleObjects on the doorbell and the stop event. The client: the doorbell,
   unless the ring is seen to be closed. Both then look at everything anew. */
inline wait(end, event) {
    if
    :: end == CLIENT ->
        if
        :: closed
        :: !closed -> atomic { event -> event = false }
        fi
    :: end != CLIENT ->
        if
        :: atomic { event -> event = false }
        :: stop_event
        fi
    fi
}

active proctype writer() {
    byte tail = 0;
    byte head = 0;
    byte seen = 0;
    byte flag = 0;

    do
    :: closed -> break
    :: !closed && tail == MESSAGES -> break
    :: !closed && tail < MESSAGES && tail - head < ROOM ->
        /* write the record: must not lie on one that is still to be read */
        assert(lane[tail % ROOM] == 0);
        lane[tail % ROOM] = tail + 1;
        tail++;
        store_and_fence(0, TAIL, tail);
        ring(0, READER_SLEEPS, data_event, flag)
    :: !closed && tail < MESSAGES && tail - head == ROOM ->
        load(0, HEAD, seen);
        assert(seen >= head && seen <= tail);
        if
        :: seen != head -> head = seen
        :: else ->
            store_and_fence(0, WRITER_SLEEPS, 1);
#ifndef NO_RECHECK
            load(0, HEAD, seen);
#endif
            if
            :: seen == head -> wait(WRITER, space_event)
            :: else
            fi;
            store(0, WRITER_SLEEPS, 0)
        fi;
        seen = 0
    od;
    writer_done = true
}

active proctype reader() {
    byte next = 0;
    byte head = 0;
    byte tail = 0;
    byte seen = 0;
    byte flag = 0;

    do
    :: closed -> break
    :: !closed && next == MESSAGES -> break
    :: !closed && next < tail ->
        assert(lane[next % ROOM] == next + 1);
        lane[next % ROOM] = 0;
        next++;
        received = next
    :: !closed && next < tail && head < next ->
        /* releases when it likes, in batches */
        head = next;
        store_and_fence(1, HEAD, head);
        ring(1, WRITER_SLEEPS, space_event, flag)
    :: !closed && next == tail && next < MESSAGES ->
        load(1, TAIL, seen);
        assert(seen >= tail && seen - head <= ROOM);
        if
        :: seen != tail -> tail = seen
        :: else ->
            if
            :: head < next -> /* a reader releases before it sleeps */
                head = next;
                store_and_fence(1, HEAD, head);
                ring(1, WRITER_SLEEPS, space_event, flag)
            :: else
            fi;
            store_and_fence(1, READER_SLEEPS, 1);
#ifndef NO_RECHECK
            load(1, TAIL, seen);
#endif
            if
            :: seen == tail -> wait(READER, data_event)
            :: else
            fi;
            store(1, READER_SLEEPS, 0)
        fi;
        seen = 0
    od;
    assert(closed || received == MESSAGES);
    reader_done = true
}

/* The driver closes at any moment, or never: the hint, its own stop event, the client's doorbell. */
active proctype closer() {
    if
    :: closed = true;
#ifndef NO_STOP
       stop_event = true;
#endif
#ifndef NO_BELL
       if
       :: CLIENT == WRITER -> space_event = true
       :: CLIENT == READER -> data_event = true
       fi
#endif
       skip
    :: skip
    fi
}
