/* Between the files of the driver. */
#ifndef LIBRARIES_H
#define LIBRARIES_H

#include <ntifs.h>

#include "check.h"

enum { TAG = 0x62694C53 };

extern PDRIVER_OBJECT libraries_driver;

/* The groups, in their order. */
#define LIBRARIES_GROUPS(X) \
    X(wmi_library)          \
    X(wmi_names)            \
    X(random)
LIBRARIES_GROUPS(CHECK_GROUP_DECLARATION)

#endif
