/*
 * C runtime names of ntoskrnl.exe. Where mingw's headers declare a name its prototype is theirs
 * (host/nt_names.h gives it an nt_ name); the others are declared here. None blocks, none
 * allocates; all may be called at any IRQL that the memory they are given allows, except that the
 * floating-point conversions of the formatting family use the C library.
 */
#ifndef SYSBUF_HOST_CRT_CRT_H
#define SYSBUF_HOST_CRT_CRT_H

#include "host/nt.h"

#define CRT_API __attribute__((ms_abi))

/* errno values that the secure functions return. */
enum { CRT_EINVAL = 22, CRT_ERANGE = 34, CRT_STRUNCATE = 80 };

/* A count that asks a secure function to truncate. */
#define CRT_TRUNCATE ((size_t)-1)

#endif
