#include "host/verifier/guarded.h"

#include "host/loader/loader.h"
#include "host/seh/frame_walk.h"
#include "host/seh/unwind_types.h"

enum { MOST_SCOPES = 4096 };

static BOOLEAN read_scope(const struct seh_frame *frame, ULONG index, struct scope_record *scope)
{
    uint64_t at = frame->step.handler_data + sizeof(ULONG) + index * sizeof(*scope);
    return seh_read_some(at, scope, sizeof(*scope)) == sizeof(*scope);
}

/* A record of __C_specific_handler's for this function, and not some other language's data. */
static BOOLEAN is_scope(const struct seh_frame *frame, const struct scope_record *scope)
{
    return scope->begin <= scope->end && scope->end <= frame->image.size &&
           scope->handler < frame->image.size && scope->jump_target < frame->image.size &&
           scope->handler != 0;
}

/* The handler itself is an import's stub or a wrapper for the security cookie, so the data says
 * whether it is a scope table. clang lists the calls inside a __try alone, so any __except of the
 * function may have been meant for the place. */
static BOOLEAN has_except(const struct seh_frame *frame)
{
    struct scope_record scope;
    ULONG count;

    if (seh_read_some(frame->step.handler_data, &count, sizeof(count)) != sizeof(count) ||
        count == 0 || count > MOST_SCOPES)
        return TRUE;
    for (ULONG i = 0; i < count; i++)
        if (!read_scope(frame, i, &scope) || !is_scope(frame, &scope) || scope.jump_target != 0)
            return TRUE;
    return FALSE;
}

/* gcc has no __try: a driver of GNU ld's (by the linker's version in its header) is not to blame.
 */
static BOOLEAN has_no_try(uint64_t pc)
{
    enum { HEADER_OFFSET = 0x3C, MAJOR_LINKER_VERSION = 26, GNU_LD = 2 };
    struct loaded_image *image = loader_find(current_machine(), pc);
    const uint8_t *file = image ? image->file : NULL;
    ULONG header;
    if (!file || image->file_size < HEADER_OFFSET + sizeof(header))
        return FALSE;
    __builtin_memcpy(&header, file + HEADER_OFFSET, sizeof(header));
    return header < image->file_size - MAJOR_LINKER_VERSION &&
           file[header + MAJOR_LINKER_VERSION] == GNU_LD;
}

BOOLEAN verifier_is_guarded(const CONTEXT *context, BOOLEAN is_exact)
{
    CONTEXT here;
    struct seh_walk walk;

    if (!context)
        RtlCaptureContext(&here);
    seh_walk_start(&walk, context ? context : &here, is_exact);
    for (;;) {
        enum seh_walk_result result = seh_walk_examine(&walk, UNW_FLAG_EHANDLER);
        if (walk.frame.kind == SEH_FRAME_IMAGE && result == SEH_WALK_CALLER &&
            walk.frame.step.handler && has_except(&walk.frame))
            return TRUE;
        if (has_no_try(walk.frame.control_pc))
            return TRUE;
        if (result == SEH_WALK_END)
            return FALSE;
        if (result != SEH_WALK_CALLER)
            return TRUE; /* nobody knows */
        seh_walk_advance(&walk);
    }
}
