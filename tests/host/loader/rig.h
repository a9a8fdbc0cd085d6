/* What the loader's tests share. */
#ifndef RIG_H
#define RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sysbuf/host.h>

#define STATUS_NO_SUCH_DEVICE              ((sb_status)0xC000000E)
#define STATUS_OBJECT_NAME_COLLISION       ((sb_status)0xC0000035)
#define STATUS_INVALID_DEVICE_REQUEST      ((sb_status)0xC0000010)
#define STATUS_CONFLICTING_ADDRESSES       ((sb_status)0xC0000018)
#define STATUS_INVALID_IMAGE_FORMAT        ((sb_status)0xC000007B)
#define STATUS_INSUFFICIENT_RESOURCES      ((sb_status)0xC000009A)
#define STATUS_IMAGE_ALREADY_LOADED        ((sb_status)0xC000010E)
#define STATUS_DRIVER_ORDINAL_NOT_FOUND    ((sb_status)0xC0000262)
#define STATUS_DRIVER_ENTRYPOINT_NOT_FOUND ((sb_status)0xC0000263)
#define STATUS_DEVICE_BUSY                 ((sb_status)0x80000011)

/* The bytes of a file, to be freed; the test fails when it cannot be read. */
struct file {
    uint8_t *bytes;
    size_t size;
};
struct file file_read(const char *path);

/* A machine whose log is kept; one at a time. */
struct sb_machine *machine_start(const struct sb_machine_options *options);
const char *machine_printed(void);

/* Sends a control code to a device, in the name of a new process; answers its ULONG, if it gives
 * one, in *answer. */
sb_status send_code(struct sb_machine *machine, const char *device, uint32_t code,
                    uint32_t *answer);

/* Fields of an image in a file, by their place behind "PE\0\0". */
uint8_t *pe_header(struct file file);
uint8_t *pe_section_named(struct file file,
                          const char *name); /* fails the test when there is none */
void put16(uint8_t *at, uint16_t value);
void put32(uint8_t *at, uint32_t value);
uint32_t get32(const uint8_t *at);

#endif
