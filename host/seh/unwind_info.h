/* UNWIND_INFO of .xdata, copied out of the image and checked. Include after unwind_types.h. */
#ifndef SYSBUF_HOST_SEH_UNWIND_INFO_H
#define SYSBUF_HOST_SEH_UNWIND_INFO_H

#include "host/seh/image_functions.h"

enum unwind_operation {
    UNWIND_PUSH_NONVOLATILE = 0,
    UNWIND_ALLOCATE_LARGE = 1,
    UNWIND_ALLOCATE_SMALL = 2,
    UNWIND_SET_FRAME = 3,
    UNWIND_SAVE_NONVOLATILE = 4,
    UNWIND_SAVE_NONVOLATILE_FAR = 5,
    UNWIND_EPILOGUE = 6, /* version 2 */
    UNWIND_SPARE = 7,
    UNWIND_SAVE_XMM128 = 8,
    UNWIND_SAVE_XMM128_FAR = 9,
    UNWIND_PUSH_MACHINE_FRAME = 10,
};

struct unwind_code {
    uint8_t offset; /* of the end of the instruction in the prologue */
    uint8_t operation : 4;
    uint8_t info : 4;
};

struct unwind_info {
    uint8_t version;
    uint8_t flags;
    uint8_t prologue_size;
    uint8_t count; /* of slots in codes */
    uint8_t frame_register;
    uint8_t frame_offset; /* in units of 16 bytes */
    union {
        struct unwind_code codes[256];
        uint16_t slots[256];
    };
    RUNTIME_FUNCTION chained; /* valid with UNW_FLAG_CHAININFO */
    uint32_t handler;         /* RVA, valid with EHANDLER or UHANDLER */
    uint32_t handler_data;    /* RVA behind the handler's */
};

/* Copies and checks the UNWIND_INFO at an RVA. False when it lies outside of the image, cannot be
 * read or has a version nobody has defined. */
bool unwind_info_read(const struct seh_image *image, uint32_t rva, struct unwind_info *info);

/* Slots that a code takes, itself included; 0 when the operation is unknown. */
unsigned unwind_code_slots(const struct unwind_info *info, struct unwind_code code);

/* Whether a version 2 description has an epilogue at function_offset; for version 1, where any
 * place may be one, always true. */
bool unwind_info_may_be_epilogue(const struct unwind_info *info, uint32_t function_offset,
                                 uint32_t function_size);

#endif
