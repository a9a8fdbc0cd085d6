/* Blocks in words. */
#ifndef SYSBUF_HOST_VERIFIER_POOL_TEXT_H
#define SYSBUF_HOST_VERIFIER_POOL_TEXT_H

#include "host/verifier/special_pool.h"

struct pool_tag_text {
    char text[8];
};
/* 'Abcd', in the order in which memory dumps show it. */
struct pool_tag_text pool_tag(ULONG tag);

struct pool_block_text {
    char text[96];
};
/* "a block of 24 bytes, tag 'Abcd'"; "the system buffer of 64 bytes"; "an IRP". */
struct pool_block_text pool_block(const struct special_block *block);

enum { POOL_NOTES_SIZE = 3072 };
/* Lines for verifier_place.notes: where the block was allocated and freed. */
void pool_notes(const struct special_block *block, char notes[POOL_NOTES_SIZE]);

#endif
