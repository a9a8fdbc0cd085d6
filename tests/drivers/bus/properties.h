/* Properties of the bus's devices. */
#ifndef BUS_PROPERTIES_H
#define BUS_PROPERTIES_H

#include <ntddk.h>

/* The bus driver's answer to IRP_MN_QUERY_DEVICE_TEXT, _BUS_INFORMATION and _CAPABILITIES; what to
 * complete the request with, Information set. */
NTSTATUS property_answer(PIRP irp, ULONG serial);
/* 0, or which of the properties is the first that is not as it should be, from 1 on. */
ULONG properties_wrong(PDEVICE_OBJECT physical, ULONG serial);

#endif
