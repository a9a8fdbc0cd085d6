/* What a driver's image refers to by name. */
#ifndef SYSBUF_HOST_VERIFIER_IMPORTS_H
#define SYSBUF_HOST_VERIFIER_IMPORTS_H

#include "host/nt.h"

/* TRUE when the driver that holds address names the routine or variable anywhere. (The import table
 * itself may be gone with the image's INIT section.) */
BOOLEAN verifier_imports(uint64_t address, const char *name);

#endif
