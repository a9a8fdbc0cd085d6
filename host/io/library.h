/* Modules that drivers import from and that are loaded for that alone. */
#ifndef SYSBUF_HOST_IO_LIBRARY_H
#define SYSBUF_HOST_IO_LIBRARY_H

#include "host/loader/loader.h"

struct io_driver;

/* Where modules are found: a folder of Linux or of the machine's own drive. */
struct io_library_source {
    /* The bytes of the file "name.sys"; release frees them. */
    NTSTATUS (*read)(void *context, const char *module, void **file, SIZE_T *size);
    void (*release)(void *file);
    void *context;
};

/* The image's driver (or last importer) is gone: it goes, and so do the libraries that nobody else
 * imports from. PASSIVE_LEVEL. */
void io_image_release(struct loaded_image *image);
/* One attempt; absent gets the first module that is nowhere, or nothing. */
NTSTATUS io_driver_load_once(const void *file, SIZE_T size, const char *name,
                             struct io_driver **driver, char *error, SIZE_T error_size,
                             char absent[LOADER_NAME_SIZE]);

#endif
