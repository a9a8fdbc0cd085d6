#include "host/verifier/pool_text.h"

#include "host/ke/text.h"
#include "host/verifier/stack_trace.h"

enum { NOTED_FRAMES = 8 };

struct pool_tag_text pool_tag(ULONG tag)
{
    struct pool_tag_text result = {"'....'"};
    for (int i = 0; i < 4; i++) {
        char c = (char)(tag >> 8 * i & 0x7F);
        result.text[1 + i] = c >= ' ' && c < 0x7F ? c : '.';
    }
    return result;
}

struct pool_block_text pool_block(const struct special_block *block)
{
    struct pool_block_text result;
    uint64_t size = block->size;
    if (block->owner == SPECIAL_IRP)
        text_format(result.text, sizeof(result.text), "an IRP (%I64u bytes)", size);
    else if (block->owner == SPECIAL_SYSTEM_BUFFER)
        text_format(result.text, sizeof(result.text), "a request's system buffer of %I64u bytes",
                    size);
    else
        text_format(result.text, sizeof(result.text), "a block of %I64u bytes, tag %s", size,
                    pool_tag(block->tag).text);
    return result;
}

static SIZE_T note(const char *what, const struct verifier_trace *trace, char *text, SIZE_T size)
{
    SIZE_T used = text_format(text, size, "  %s\n", what);
    return used + verifier_trace_describe(trace, NOTED_FRAMES, text + used, size - used);
}

void pool_notes(const struct special_block *block, char notes[POOL_NOTES_SIZE])
{
    SIZE_T used = 0;
    notes[0] = 0;
    if (block->allocated)
        used = note("allocated by", block->allocated, notes, POOL_NOTES_SIZE);
    if (block->state == SPECIAL_FREED && block->freed)
        note("freed by", block->freed, notes + used, POOL_NOTES_SIZE - used);
}
