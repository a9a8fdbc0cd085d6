/*
 * Shadow memory: one byte says how much of each eight bytes of address space an instrumented driver
 * may use, in the address sanitizer's encoding: 0 all, 1 to 7 so many from the start, from 0x80 on
 * none, and why. It is there once the first such driver is loaded, for the process's whole life;
 * until then everything here but linux_shadow_open does nothing.
 *
 * Any thread, signal safe but for linux_shadow_open. Only the owner of memory changes its shadow.
 */
#ifndef SYSBUF_HOST_LINUX_SHADOW_H
#define SYSBUF_HOST_LINUX_SHADOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Shadow codes, as compilers write them into the frames of instrumented functions. */
enum {
    SHADOW_STACK_LEFT = 0xF1,
    SHADOW_STACK_MIDDLE = 0xF2,
    SHADOW_STACK_RIGHT = 0xF3,
    SHADOW_STACK_RETURNED = 0xF5,
    SHADOW_STACK_SCOPE = 0xF8,
    SHADOW_GLOBAL = 0xF9,
    SHADOW_POOL_AROUND = 0xFA,
    SHADOW_POOL_FREED = 0xFD,
    SHADOW_ALLOCA_LEFT = 0xCA,
    SHADOW_ALLOCA_RIGHT = 0xCB,
};

/* The shadow of address 0; NULL until linux_shadow_open. */
extern uint8_t *linux_shadow_base;

/* Reserves the shadow. FALSE: Linux refuses so much address space. */
bool linux_shadow_open(void);
/* From address on size bytes may be used; the granules at both ends become usable up to address +
 * size. Memory that is large and untouched costs little. */
void linux_shadow_allow(const void *address, size_t size);
/* No byte of the granules that begin in the range may be used, and why. */
void linux_shadow_forbid(const void *address, size_t size, uint8_t code);
/* The calling thread's stack: frames that were left without returning did not tidy up. All of it,
 * from address to its outermost end, or from its innermost end to stack_pointer. */
void linux_shadow_allow_whole_stack(void);
void linux_shadow_allow_stack(const void *address);
void linux_shadow_forget_frames(uint64_t stack_pointer);

static inline uint8_t *linux_shadow_of(uint64_t address)
{
    return linux_shadow_base + (address >> 3);
}
#define LINUX_SHADOWED_END 0x0000800000000000ull
/* The first byte of the range that may not be used; 0: all may, or there is no shadow. */
uint64_t linux_shadow_find(uint64_t address, uint64_t size);

#endif
