/*
 * Opening slots costs a system call each, unless several lie side by side and nothing in between is
 * opened with them: the pages between slots are made such that no protection opens them. It is done
 * when a slot is used for the second time. A few of the blocks that were freed the longest ago are
 * accessible again a little sooner therefore.
 */
#include "host/verifier/special_slab.h"

enum { AHEAD = 8 };

static SIZE_T index_of(const struct special_block *block)
{
    SIZE_T index = (SIZE_T)(block - block->slab->blocks);
    return special_is_paired(block) ? index / 2 : index;
}

static BOOLEAN guard(struct special_block *block)
{
    if (!block->is_guarded)
        block->is_guarded = linux_page_guard(block->slot + special_opened_size(block));
    return block->is_guarded;
}

/* They are opened if they lie side by side. */
static BOOLEAN open_row(struct special_block **blocks, ULONG count)
{
    struct special_block *first = blocks[0], *last = blocks[0];
    for (ULONG i = 1; i < count; i++) {
        if (index_of(blocks[i]) < index_of(first))
            first = blocks[i];
        if (index_of(blocks[i]) > index_of(last))
            last = blocks[i];
    }
    if (index_of(last) - index_of(first) != count - 1)
        return FALSE;
    for (ULONG i = 0; i < count; i++)
        if (blocks[i] != last && !guard(blocks[i]))
            return FALSE;
    SIZE_T size = (SIZE_T)(last->slot - first->slot) + special_opened_size(last);
    return linux_pages_protect(first->slot, size, LINUX_READ_WRITE) == 0;
}

void special_open_ahead(struct special_queue *queue, struct special_block *block)
{
    struct special_block *blocks[AHEAD] = {block};
    ULONG count = 1;
    for (struct special_block *next = queue->first; next && count < AHEAD; next = next->next) {
        if (next->slab != block->slab || next->is_open)
            break;
        blocks[count++] = next;
    }
    while (count > 1 && !open_row(blocks, count))
        count /= 2;
    for (ULONG i = 0; i < count && count > 1; i++)
        blocks[i]->is_open = TRUE;
}
