/*
 * The driver's parameters: values of the key Parameters below its service key.
 */
#ifndef SYSBUF_DRIVER_PARAMETERS_H
#define SYSBUF_DRIVER_PARAMETERS_H

#include "internal.h"

/* No parameter is longer, in bytes. */
#define SB_VALUE_CAPACITY 256

union sb_value {
    KEY_VALUE_PARTIAL_INFORMATION information;
    UCHAR bytes[sizeof(KEY_VALUE_PARTIAL_INFORMATION) + SB_VALUE_CAPACITY];
};

/* The key, for ZwClose(). STATUS_OBJECT_NAME_NOT_FOUND: the driver has no parameters. */
_IRQL_requires_(PASSIVE_LEVEL) NTSTATUS
    sb_open_parameters(_In_ PUNICODE_STRING registry_path, HANDLE *key);

/* STATUS_OBJECT_NAME_NOT_FOUND: there is none; STATUS_BUFFER_OVERFLOW: it is too long. */
_IRQL_requires_(PASSIVE_LEVEL) NTSTATUS
    sb_read_value(HANDLE key, const wchar_t *name, union sb_value *value);

#endif
