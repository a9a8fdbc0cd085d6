/* What the groups of rules hang on the hooks (verifier.h), for state.c alone. */
#ifndef SYSBUF_HOST_VERIFIER_WATCH_H
#define SYSBUF_HOST_VERIFIER_WATCH_H

#include "host/verifier/state.h"

struct loaded_image;

/* pool.c */
void verifier_image_unload(struct loaded_image *image);
void *verifier_pool_allocate(ULONG pool_type, SIZE_T size, ULONG tag, void *caller, BOOLEAN *fail);

#endif
