/* Between the files of include/sysbuf/image.h. */
#ifndef SYSBUF_HOST_LOADER_INSPECT_H
#define SYSBUF_HOST_LOADER_INSPECT_H

#include <sysbuf/image.h>

#include "host/loader/pe_image.h"

struct sb_image {
    struct pe_image pe;
    void *file, *memory; /* host heap: the file's bytes, and as they are laid out */
};

#endif
