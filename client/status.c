#include "status.h"

struct meaning {
    uint32_t status;
    enum sb_error error;
};

static const struct meaning meanings[] = {
    {0x80000005, SB_ERROR_TRUNCATED},       /* STATUS_BUFFER_OVERFLOW */
    {0xC0000004, SB_ERROR_BAD_LENGTH},      /* STATUS_INFO_LENGTH_MISMATCH */
    {0xC0000023, SB_ERROR_REPLY_TOO_SMALL}, /* STATUS_BUFFER_TOO_SMALL */
    {0xC0000010, SB_ERROR_UNKNOWN_COMMAND}, /* STATUS_INVALID_DEVICE_REQUEST */
    {0xC00000BB, SB_ERROR_UNKNOWN_COMMAND}, /* STATUS_NOT_SUPPORTED */
    {0xC0000022, SB_ERROR_ACCESS_DENIED},   /* STATUS_ACCESS_DENIED */
    {0xC0000120, SB_ERROR_CLOSED},          /* STATUS_CANCELLED */
    {0xC0000017, SB_ERROR_NO_MEMORY},       /* STATUS_NO_MEMORY */
    {0xC000009A, SB_ERROR_NO_MEMORY},       /* STATUS_INSUFFICIENT_RESOURCES */
    {0xC0000184, SB_ERROR_STATE},           /* STATUS_INVALID_DEVICE_STATE */
    {0xC0000225, SB_ERROR_TOO_LATE},        /* STATUS_NOT_FOUND */
    {0xC0000059, SB_ERROR_VERSION},         /* STATUS_REVISION_MISMATCH */
    {SB_BATCH_NOT_RUN, SB_ERROR_NOT_RUN},   /* STATUS_REQUEST_ABORTED */
};

enum sb_error sb_status_error(uint32_t status)
{
    size_t index;

    for (index = 0; index < sizeof(meanings) / sizeof(meanings[0]); index++)
        if (meanings[index].status == status)
            return meanings[index].error;
    return status >> 31 != 0 ? SB_ERROR_SYSTEM : SB_OK;
}
