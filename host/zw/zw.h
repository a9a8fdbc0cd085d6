/* Helpers of the system calls on processes, threads and the system. */
#ifndef SYSBUF_HOST_ZW_H
#define SYSBUF_HOST_ZW_H

#include "host/ps/ps.h"

/* Object of a handle of the current process, referenced. Zw calls check no access: they come from
 * the kernel. */
NTSTATUS zw_reference(HANDLE handle, POBJECT_TYPE type, void **object);
/* Answers a query: what is size bytes long goes to a buffer of exactly that length. */
NTSTATUS zw_answer(const void *what, ULONG size, PVOID buffer, ULONG length, PULONG returned);

extern OBJECT_TYPE zw_timer_type;

NTSTATUS NTAPI ZwQuerySystemInformation(ULONG class, PVOID information, ULONG length,
                                        PULONG returned);
NTSTATUS NTAPI ZwQueryInformationThread(HANDLE handle, THREADINFOCLASS class, PVOID information,
                                        ULONG length, PULONG returned);

#endif
