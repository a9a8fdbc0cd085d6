#ifndef CHANNELS_PIPE_H
#define CHANNELS_PIPE_H

#include <sysbuf/driver.h>

void pipe_initialize(void);
sb_handler pipe_read;
sb_handler pipe_write;

#endif
