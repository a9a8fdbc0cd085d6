/*
 * What a driver's instructions say, found without running any: where basic blocks begin, which
 * control codes the driver may know, which numbers it compares with. Part of the host library;
 * needs no machine. What is read belongs to the caller; nothing here blocks.
 *
 * The blocks are found by following code from the entry point, the function table (.pdata),
 * exports, exception handlers and jump tables. An address is given only where an instruction is
 * known to begin; code that is reached by computed addresses alone may be missing.
 */
#ifndef SYSBUF_CODE_H
#define SYSBUF_CODE_H

#include <sysbuf/image.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sb_code;

/* Reads an image's code; the image may be closed afterwards. STATUS_INSUFFICIENT_RESOURCES. */
SB_HOST_API sb_status sb_code_read(const struct sb_image *image, struct sb_code **code);
SB_HOST_API void sb_code_free(struct sb_code *code); /* NULL is fine */

/* The functions below give the number of elements, and the elements until the code is freed. */

/* The first instructions of basic blocks: ascending addresses (RVAs). */
SB_HOST_API size_t sb_code_blocks(const struct sb_code *code, const uint32_t **addresses);
/* What may be control codes, ascending: what code is compared with, also by subtraction and jump
 * tables, and tables of numbers that look like codes. Some are none. */
SB_HOST_API size_t sb_code_control_codes(const struct sb_code *code, const uint32_t **codes);

/* A number that an instruction holds, which is neither small nor an address: little endian in
 * size (1, 2, 4, 8) bytes. */
#define SB_CODE_NO_OFFSET UINT32_MAX
struct sb_code_constant {
    uint64_t value;
    uint32_t address; /* of the instruction */
    uint32_t offset;  /* what it is compared with lies there from where a register points; or
                       * SB_CODE_NO_OFFSET */
    uint8_t size;
    bool is_compared; /* by cmp, sub, test or xor, or too long for them */
};
/* Those that are compared first; then by address. */
SB_HOST_API size_t sb_code_constants(const struct sb_code *code,
                                     const struct sb_code_constant **constants);

#ifdef __cplusplus
}
#endif

#endif
