#include "host/nt.h"
#include "host/seh/unwind_types.h"
#include "host/seh/unwind_info.h"
#include "host/seh/safe_memory.h"

#define HEADER_SIZE  4u
#define LARGEST_SIZE (HEADER_SIZE + 256u * 2u + (uint32_t)sizeof(RUNTIME_FUNCTION))

static bool read_tail(struct unwind_info *info, const uint8_t *raw, uint32_t length, uint32_t rva)
{
    uint32_t tail = HEADER_SIZE + ((info->count + 1u) & ~1u) * 2u;

    if (info->flags & UNW_FLAG_CHAININFO) {
        if (length < tail + sizeof info->chained)
            return false;
        __builtin_memcpy(&info->chained, raw + tail, sizeof info->chained);
    } else if (info->flags & (UNW_FLAG_EHANDLER | UNW_FLAG_UHANDLER)) {
        if (length < tail + sizeof info->handler)
            return false;
        __builtin_memcpy(&info->handler, raw + tail, sizeof info->handler);
        info->handler_data = rva + tail + (uint32_t)sizeof info->handler;
    }
    return true;
}

bool unwind_info_read(const struct seh_image *image, uint32_t rva, struct unwind_info *info)
{
    uint8_t raw[LARGEST_SIZE];

    if (rva >= image->size)
        return false;
    uint32_t room = image->size - rva < LARGEST_SIZE ? image->size - rva : LARGEST_SIZE;
    uint32_t length = (uint32_t)seh_read_some(image->base + rva, raw, room);
    if (length < HEADER_SIZE)
        return false;

    info->version = raw[0] & 7;
    info->flags = raw[0] >> 3;
    info->prologue_size = raw[1];
    info->count = raw[2];
    info->frame_register = raw[3] & 15;
    info->frame_offset = raw[3] >> 4;
    if (info->version < 1 || info->version > 2 || length < HEADER_SIZE + info->count * 2u)
        return false;
    __builtin_memcpy(info->slots, raw + HEADER_SIZE, info->count * 2u);
    return read_tail(info, raw, length, rva);
}

unsigned unwind_code_slots(const struct unwind_info *info, struct unwind_code code)
{
    switch (code.operation) {
    case UNWIND_PUSH_NONVOLATILE:
    case UNWIND_ALLOCATE_SMALL:
    case UNWIND_SET_FRAME:
    case UNWIND_PUSH_MACHINE_FRAME:
        return 1;
    case UNWIND_SAVE_NONVOLATILE:
    case UNWIND_SAVE_XMM128:
        return 2;
    case UNWIND_SAVE_NONVOLATILE_FAR:
    case UNWIND_SAVE_XMM128_FAR:
        return 3;
    case UNWIND_ALLOCATE_LARGE:
        return code.info == 0 ? 2 : code.info == 1 ? 3 : 0;
    case UNWIND_EPILOGUE: /* in version 1 the number of a save of half an xmm, long gone */
        return info->version == 2 ? 1 : 2;
    case UNWIND_SPARE:
        return info->version == 2 ? 2 : 3;
    default:
        return 0;
    }
}

/* The first UNWIND_EPILOGUE code holds the epilogues' size and, in bit 0 of info, whether one ends
 * the function; each further one is the distance of an epilogue's start from the function's end. */
bool unwind_info_may_be_epilogue(const struct unwind_info *info, uint32_t function_offset,
                                 uint32_t function_size)
{
    if (info->version < 2)
        return true;
    if (info->count == 0 || info->codes[0].operation != UNWIND_EPILOGUE)
        return false;

    uint32_t size = info->codes[0].offset;
    if ((info->codes[0].info & 1) && function_size - function_offset <= size)
        return true;
    for (unsigned i = 1; i < info->count && info->codes[i].operation == UNWIND_EPILOGUE; i++) {
        uint32_t distance = info->codes[i].offset + ((uint32_t)info->codes[i].info << 8);
        uint32_t start = function_size - distance;
        if (distance != 0 && distance <= function_size && function_offset >= start &&
            function_offset - start < size)
            return true;
    }
    return false;
}
