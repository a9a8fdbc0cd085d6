/* What may be set of a process, and asked for again. */
#ifndef SYSBUF_HOST_ZW_PROCESS_SETTINGS_H
#define SYSBUF_HOST_ZW_PROCESS_SETTINGS_H

#include "host/ke/thread.h"

/* STATUS_INVALID_INFO_CLASS: none of these. */
NTSTATUS zw_process_setting(struct _EPROCESS *process, ULONG class, PVOID buffer, ULONG length,
                            PULONG returned);

NTSTATUS NTAPI ZwSetInformationProcess(HANDLE handle, PROCESSINFOCLASS class, PVOID information,
                                       ULONG length);

#endif
