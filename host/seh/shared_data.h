/* KUSER_SHARED_DATA, which drivers read at a fixed address that Linux cannot map. */
#ifndef SYSBUF_HOST_SEH_SHARED_DATA_H
#define SYSBUF_HOST_SEH_SHARED_DATA_H

#include "host/machine.h"

#define SHARED_DATA_ADDRESS 0xFFFFF78000000000ull
#define SHARED_DATA_SIZE    0x1000u

/* Copies length bytes at an offset, as they are now. Bytes the host does not keep read as zero.
 * False outside of the page. Not signal safe. */
bool shared_data_read(struct machine *machine, uint64_t offset, void *buffer, unsigned length);

#endif
