/*
 * Reads for the unwinder, which follows pointers taken from registers, stacks and images that may
 * be corrupt: a bad address is an answer, never a fault.
 */
#ifndef SYSBUF_HOST_SEH_SAFE_MEMORY_H
#define SYSBUF_HOST_SEH_SAFE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A range known to be readable, usually the rest of the current stack. Anything else is read with
 * the kernel's help, which is slower and does not fault. */
struct seh_memory {
    uint64_t low;
    uint64_t high;
};

/* Copies length bytes at address; false (nothing certain in buffer) unless all are readable. */
bool seh_read(const struct seh_memory *memory, uint64_t address, void *buffer, size_t length);

/* Copies up to length bytes and returns how many were readable from the start. */
size_t seh_read_some(uint64_t address, void *buffer, size_t length);

#endif
