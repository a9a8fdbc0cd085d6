/* A second exported name of one routine. */
#ifndef SYSBUF_HOST_RTL_ALIAS_H
#define SYSBUF_HOST_RTL_ALIAS_H

#include "host/export.h"

#define SB_EXPORT_ALIAS(name, function) \
    SB_EXPORT_ENTRY("ntoskrnl.exe", #name, alias_##name, function, 0)

#endif
