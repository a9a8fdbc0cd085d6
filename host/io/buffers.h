/* A caller's buffers on their way into an IRP (host/io/buffers.c). PASSIVE_LEVEL. */
#ifndef SYSBUF_HOST_IO_BUFFERS_H
#define SYSBUF_HOST_IO_BUFFERS_H

#include "host/io/io.h"

/* ProbeForRead and ProbeForWrite that answer instead of raising. Kernel mode is believed. */
NTSTATUS io_probe_read(const void *base, SIZE_T length, KPROCESSOR_MODE mode);
NTSTATUS io_probe_write(void *base, SIZE_T length, KPROCESSOR_MODE mode);

/* Fill the stack location's parameters and the IRP's buffers. On failure io_release_buffers undoes
 * what was done. */
NTSTATUS io_take_control(PIRP irp, PIO_STACK_LOCATION stack, const struct io_request *request);
NTSTATUS io_take_transfer(PIRP irp, PIO_STACK_LOCATION stack, PDEVICE_OBJECT device,
                          const struct io_request *request);
NTSTATUS io_take_lock(PIRP irp, PIO_STACK_LOCATION stack, const struct io_request *request);

#endif
