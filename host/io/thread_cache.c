#include "host/io/thread_cache.h"

#include "host/ke/thread.h"
#include "host/mm/mm.h"

void *io_cached_allocate(const struct io_cached_kind *kind, void **slot, SIZE_T size)
{
    struct machine *machine = current_machine();
    void *block = *slot;
    if (SB_UNLIKELY(size > kind->size || machine->verifier))
        return mm_pool_allocate(machine, NonPagedPoolNx, size, kind->tag);
    if (!block)
        return mm_pool_allocate(machine, NonPagedPoolNx, kind->size, kind->tag);
    *slot = NULL;
    return block;
}

/* A driver may have put another block in the place of ours: what is kept is known by its header. */
void io_cached_free(const struct io_cached_kind *kind, void **slot, void *block)
{
    struct machine *machine = current_machine();
    SIZE_T size;
    ULONG tag;
    if (!*slot && !machine->verifier && mm_pool_query(machine, block, &size, &tag) &&
        size == kind->size && tag == kind->tag)
        *slot = block;
    else
        mm_pool_free(machine, block);
}

void io_thread_cache_free(PETHREAD thread)
{
    void *blocks[] = {thread->kept_irp, thread->kept_buffer};
    for (ULONG i = 0; i < RTL_NUMBER_OF(blocks); i++)
        if (blocks[i])
            mm_pool_free(thread->machine, blocks[i]);
    thread->kept_irp = thread->kept_buffer = NULL;
}
