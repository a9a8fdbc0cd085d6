/*
 * Sections of images (SEC_IMAGE). The file is laid out once; each view is a copy of its own, so
 * that what it writes is its alone, relocated to where it lies, each page as its section of the
 * image says. Writable pages are PAGE_WRITECOPY to those who ask.
 */
#ifndef SYSBUF_HOST_MM_SECTION_IMAGE_H
#define SYSBUF_HOST_MM_SECTION_IMAGE_H

#include "host/mm/section.h"

struct section_image;

/* STATUS_INVALID_IMAGE_NOT_MZ, STATUS_INVALID_IMAGE_FORMAT: no x64 image. PASSIVE_LEVEL. */
NTSTATUS mm_image_open(HANDLE file, KPROCESSOR_MODE mode, struct section_image **image);
void mm_image_close(struct section_image *image);
SIZE_T mm_image_size(const struct section_image *image);
/* As mm_view_map, of the whole image. STATUS_IMAGE_NOT_AT_BASE: it was moved. */
NTSTATUS mm_image_map(struct section *section, struct _EPROCESS *process, void **base,
                      SIZE_T *size);
/* SectionImageInformation. */
NTSTATUS mm_image_query(const struct section_image *image, void *information, SIZE_T length,
                        SIZE_T *result_length);

#endif
