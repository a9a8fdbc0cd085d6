/* The call frame information of loaded ELF objects, found by address. Includes libdw. */
#ifndef SYSBUF_HOST_LINUX_FRAME_CFI_H
#define SYSBUF_HOST_LINUX_FRAME_CFI_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stdint.h>

/* Takes and gives back the lock that guards libdw's state; hold it around all that follows and
 * while a frame is read. */
void frame_cfi_lock(void);
void frame_cfi_unlock(void);

/* The frame description that covers address; NULL when there is none. It is the cache's and
 * valid until the lock is given back. */
Dwarf_Frame *frame_cfi_find(uint64_t address);

/* The function of the object's symbol table that contains address, and the distance from its start.
 * NULL when none does. */
const char *frame_cfi_function(uint64_t address, uint64_t *offset);

/* Whether an ELF object is loaded at address. */
bool frame_cfi_has_object(uint64_t address);

#endif
