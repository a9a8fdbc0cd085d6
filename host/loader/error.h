/* What is wrong with an image, in words. */
#ifndef SYSBUF_HOST_LOADER_ERROR_H
#define SYSBUF_HOST_LOADER_ERROR_H

#include "host/nt.h"

/* Messages are appended while they fit. text may be NULL with size 0. */
struct loader_error {
    char *text;
    SIZE_T size, used;
    char absent[64]; /* the first module that is imported from and nowhere; LOADER_NAME_SIZE */
};

void __attribute__((ms_abi)) loader_error_add(struct loader_error *error, const char *format, ...);

#endif
