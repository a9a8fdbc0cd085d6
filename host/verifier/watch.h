/* What the groups of rules hang on the hooks (verifier.h), for state.c alone. */
#ifndef SYSBUF_HOST_VERIFIER_WATCH_H
#define SYSBUF_HOST_VERIFIER_WATCH_H

#include "host/verifier/state.h"

struct loaded_image;

/* pool.c */
void verifier_image_unload(struct loaded_image *image);
/* pool_free.c */
BOOLEAN verifier_pool_free(struct machine *machine, void *block, ULONG tag, void *caller);
BOOLEAN verifier_pool_query(struct machine *machine, const void *block, SIZE_T *size, ULONG *tag);
/* pool_leak.c: what the image's code allocated and nobody freed. */
void verifier_pool_leaks(struct loaded_image *image);
/* fault.c */
BOOLEAN verifier_fault(const struct linux_fault *fault, const CONTEXT *context,
                       struct fault_stop *stop);
/* fault_user.c: TRUE when a fault on a user's address (a null pointer is one) is the caller's
 * doing, so that no other rule speaks of it. */
BOOLEAN verifier_user_fault(const struct linux_fault *fault, const CONTEXT *context);
/* fault_unhandled.c */
void verifier_unhandled(const EXCEPTION_RECORD *record, const CONTEXT *context);
void *verifier_io_allocate(SIZE_T size, ULONG tag, PIRP irp);
void *verifier_pool_allocate(ULONG pool_type, SIZE_T size, ULONG tag, void *caller, BOOLEAN *fail);

#endif
