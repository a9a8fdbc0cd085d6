/* Reading memory that may not be there. Plain C types: for NT files too. */
#ifndef SYSBUF_HOST_LINUX_PEEK_H
#define SYSBUF_HOST_LINUX_PEEK_H

#include <stddef.h>
#include <stdint.h>

/* Copies up to length bytes from address in this process into buffer. Returns how many bytes from
 * the start could be read, 0 when not even the first. Never faults. Any thread; a system call, but
 * for what lies on its own stack or in an arena. */
size_t linux_peek(uint64_t address, void *buffer, size_t length);

#endif
