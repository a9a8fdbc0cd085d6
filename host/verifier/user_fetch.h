/* Which bytes of user memory a driver has read during a request, and where. */
#ifndef SYSBUF_HOST_VERIFIER_USER_FETCH_H
#define SYSBUF_HOST_VERIFIER_USER_FETCH_H

#include "host/nt.h"

struct verifier_fetches;

/* A read of user memory. */
struct verifier_fetch {
    uint64_t address;
    SIZE_T length;
    uint64_t place;    /* in the driver */
    BOOLEAN is_single; /* one value by one instruction, not part of a copy */
};

/* TRUE when bytes of it were read before as a single value, at another place: *earlier is that
 * place. *fetches is NULL at first. */
BOOLEAN verifier_fetch_again(struct verifier_fetches **fetches, const struct verifier_fetch *fetch,
                             uint64_t *earlier);
/* The driver has written there: what it reads next is its own. */
void verifier_fetch_forget(struct verifier_fetches *fetches, uint64_t address, SIZE_T length);
void verifier_fetches_free(struct verifier_fetches *fetches);

#endif
