/*
 * A look at a driver's file before anything is done with it.
 */
#ifndef SYSBUF_CLIENT_IMAGE_H
#define SYSBUF_CLIENT_IMAGE_H

#include <stdbool.h>
#include <stdio.h>

/* Do the headers say that the file is a kernel driver for x64? Reads from its beginning. */
bool sb_is_driver_image(FILE *file);

#endif
