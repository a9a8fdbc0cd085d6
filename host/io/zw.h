/* Io's system calls by handle, shared by ZwXxx routines and the application side. In the current
 * process's name, PASSIVE_LEVEL. */
#ifndef SYSBUF_HOST_IO_ZW_H
#define SYSBUF_HOST_IO_ZW_H

#include "host/io/io.h"

KPROCESSOR_MODE zw_previous_mode(void);
/* Fills request->file, event and access from the handles (event may be none) and sends it. */
NTSTATUS zw_send(HANDLE file, HANDLE event, struct io_request *request);
/* The referenced file object of a handle that allows access. */
NTSTATUS zw_file(HANDLE handle, ACCESS_MASK access, KPROCESSOR_MODE mode, struct io_file **file,
                 ACCESS_MASK *granted);
/* NtCancelIoFile (thread given) and NtCancelIoFileEx (one: STATUS_NOT_FOUND when nothing was). */
NTSTATUS zw_cancel(HANDLE handle, PETHREAD thread, PIO_STATUS_BLOCK request, BOOLEAN one,
                   PIO_STATUS_BLOCK result, KPROCESSOR_MODE mode);

NTSTATUS NTAPI ZwCancelIoFileEx(HANDLE handle, PIO_STATUS_BLOCK request, PIO_STATUS_BLOCK result);

#endif
