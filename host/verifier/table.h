/* A map from addresses to records, for what the verifier knows of MDLs, objects, requests. The
 * user locks. */
#ifndef SYSBUF_HOST_VERIFIER_TABLE_H
#define SYSBUF_HOST_VERIFIER_TABLE_H

#include "host/nt.h"

struct verifier_slot {
    uint64_t key; /* 0: free; 1: was taken once */
    void *value;
};

/* All zero is an empty one. */
struct verifier_table {
    struct verifier_slot *slots;
    SIZE_T capacity, used, count; /* used counts removed ones too */
};

/* The key's record, or NULL. */
void *verifier_table_find(const struct verifier_table *table, const void *key);
/* Enters or replaces; FALSE: no memory. key is a pointer to something aligned. */
BOOLEAN verifier_table_set(struct verifier_table *table, const void *key, void *value);
/* Takes the record out and returns it; NULL: there was none. */
void *verifier_table_remove(struct verifier_table *table, const void *key);
/* The first record at or behind *position, which moves on; NULL at the end. Entries may be removed
 * meanwhile, none added. */
void *verifier_table_next(const struct verifier_table *table, SIZE_T *position);
/* Frees the slots (not the records). */
void verifier_table_destroy(struct verifier_table *table);

#endif
