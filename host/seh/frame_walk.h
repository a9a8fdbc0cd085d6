/* A walk over the frames of the current thread, driver and host functions alike. */
#ifndef SYSBUF_HOST_SEH_FRAME_WALK_H
#define SYSBUF_HOST_SEH_FRAME_WALK_H

#include "host/seh/context.h"
#include "host/seh/image_functions.h"
#include "host/seh/safe_memory.h"
#include "host/seh/virtual_unwind.h"

enum seh_frame_kind {
    SEH_FRAME_IMAGE,          /* a driver function with unwind information */
    SEH_FRAME_LEAF,           /* a driver function without */
    SEH_FRAME_HOST,           /* a function of the host, of libc ... */
    SEH_FRAME_EXCEPTION_CALL, /* the call of a handler that looks for who handles an exception */
    SEH_FRAME_UNWIND_CALL,    /* the call of a handler during an unwind */
    SEH_FRAME_FAULT,          /* the dispatcher of a fault; the caller is what faulted */
};

enum seh_walk_result {
    SEH_WALK_CALLER,  /* frame and caller are valid */
    SEH_WALK_END,     /* current is where the thread started or entered the machine */
    SEH_WALK_NO_CFI,  /* current.Rip is in host code without call frame information */
    SEH_WALK_CORRUPT, /* the stack or the image's tables make no sense */
};

struct seh_frame {
    enum seh_frame_kind kind;
    uint64_t control_pc;
    struct seh_image image;     /* IMAGE, LEAF */
    RUNTIME_FUNCTION *function; /* IMAGE */
    struct unwind_step step;    /* IMAGE: frame address and handler, if any */
    DISPATCHER_CONTEXT *saved;  /* EXCEPTION_CALL, UNWIND_CALL: of the interrupted call */
    ULONG scope_index;          /* where the handler goes on after a collision */
};

struct seh_walk {
    struct seh_memory stack;
    CONTEXT current; /* inside frame */
    CONTEXT caller;  /* inside the frame's caller */
    bool exact;      /* current.Rip is an interrupted instruction, not a return address */
    bool caller_exact;
    /* Filled with where each frame keeps its caller's registers; NULL: not asked for. */
    KNONVOLATILE_CONTEXT_POINTERS *saved;
    struct seh_frame frame;
};

/* Starts a walk at a context; its registers are copied. */
void seh_walk_start(struct seh_walk *walk, const CONTEXT *context, bool exact);

/* Finds out what current belongs to and computes its caller. handler_type: UNW_FLAG_EHANDLER or
 * UNW_FLAG_UHANDLER. frame.control_pc is valid with every result. */
enum seh_walk_result seh_walk_examine(struct seh_walk *walk, ULONG handler_type);

/* Makes the caller current. */
void seh_walk_advance(struct seh_walk *walk);

/* Goes on where an interrupted unwind was: current, frame and caller become what they were when
 * frame.saved was made. False when that cannot be read or makes no sense. */
bool seh_walk_collide(struct seh_walk *walk);

/* Fills what a language handler is given. */
void seh_walk_dispatcher(struct seh_walk *walk, DISPATCHER_CONTEXT *dispatcher);

#endif
