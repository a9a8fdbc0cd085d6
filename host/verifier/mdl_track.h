/* Whose MDLs there are, and who locked them. */
#ifndef SYSBUF_HOST_VERIFIER_MDL_TRACK_H
#define SYSBUF_HOST_VERIFIER_MDL_TRACK_H

#include "host/verifier/memory.h"

void verifier_mdl_track(PMDL mdl, ULONG change, BOOLEAN is_driver, void *caller);
/* TRUE for one that the I/O manager made for a request. */
BOOLEAN verifier_mdl_is_of_irp(PMDL mdl);

#endif
