/* What the Rtl registry routines share. */
#ifndef SYSBUF_HOST_RTL_REGISTRY_H
#define SYSBUF_HOST_RTL_REGISTRY_H

#include "host/cm/cm.h"
#include "host/rtl/rtl.h"

/* wdm.h of the WDK; mingw's lacks them. */
#ifndef RTL_QUERY_REGISTRY_NOSTRING
#define RTL_QUERY_REGISTRY_NOSTRING 0x00000080
#endif
#ifndef RTL_QUERY_REGISTRY_TYPECHECK
#define RTL_QUERY_REGISTRY_TYPECHECK       0x00000100
#define RTL_QUERY_REGISTRY_TYPECHECK_SHIFT 24
#endif

/* The key RelativeTo and Path name; *is_ours: the caller of this closes it (not a handle that was
 * handed in). */
NTSTATUS cm_open_relative(ULONG relative_to, PCWSTR path, ACCESS_MASK access, BOOLEAN creates,
                          HANDLE *handle, BOOLEAN *is_ours);

#endif
