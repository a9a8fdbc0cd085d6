/*
 * What the unwinder must know of a driver image. The loader answers seh_find_image; a unit test may
 * answer it too. Include after host/nt.h and unwind_types.h.
 */
#ifndef SYSBUF_HOST_SEH_IMAGE_FUNCTIONS_H
#define SYSBUF_HOST_SEH_IMAGE_FUNCTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seh_image {
    uint64_t base;
    uint32_t size;
    RUNTIME_FUNCTION *functions; /* sorted by BeginAddress; readable as long as the image lives */
    uint32_t function_count;
    /* NULL, or puts back what the host's breakpoints hide in a copy of code from address on. */
    void (*restore_code)(uint64_t address, uint8_t *bytes, size_t length);
};

/* Finds the loaded driver image that contains address. Any thread, any IRQL, does not block. */
bool seh_find_image(uint64_t address, struct seh_image *image);

/* Finds the function that contains an RVA. RUNTIME_FUNCTION_INDIRECT is followed (once). NULL when
 * there is none: a leaf function. */
RUNTIME_FUNCTION *seh_find_function(const struct seh_image *image, uint32_t rva);

#endif
