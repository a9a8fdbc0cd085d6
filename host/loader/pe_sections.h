/* Between the parser's files. */
#ifndef SYSBUF_HOST_PE_SECTIONS_H
#define SYSBUF_HOST_PE_SECTIONS_H

#include "host/loader/pe_image.h"

/* TRUE when the file has length bytes at offset. */
static inline BOOLEAN pe_file_at(const struct pe_image *image, uint64_t offset, uint64_t length)
{
    return offset <= image->file_size && length <= image->file_size - offset;
}

/* The section table at an offset of the file, the headers being read. */
NTSTATUS pe_sections_read(struct pe_image *image, uint64_t offset, struct loader_error *error);

#endif
