/*
 * C runtime names of ntoskrnl.exe. Where mingw's headers declare a name its prototype is theirs
 * (host/nt_names.h gives it an nt_ name); the others are declared here. None blocks, none
 * allocates; all may be called at any IRQL that the memory they are given allows, except that the
 * floating-point conversions of the formatting family use the C library.
 */
#ifndef SYSBUF_HOST_CRT_CRT_H
#define SYSBUF_HOST_CRT_CRT_H

#include "host/linux/linux.h"
#include "host/nt.h"

#define CRT_API __attribute__((ms_abi))

/* errno values that the secure functions return. */
enum { CRT_EINVAL = 22, CRT_ERANGE = 34, CRT_STRUNCATE = 80 };

/* A count that asks a secure function to truncate. */
#define CRT_TRUNCATE ((size_t)-1)

/* A copy of user memory, which the verifier wants to know of; caller: whom it is to name. Programs
 * of these folders alone have none (they are below the host). */
void *crt_move_user(void *destination, const void *source, size_t length, void *caller)
    __attribute__((weak));
/* memmove without asking. */
CRT_API void *crt_move(void *destination, const void *source, size_t length);

static inline int crt_is_user_copy(const void *destination, const void *source)
{
    return ((size_t)destination < LINUX_USER_END || (size_t)source < LINUX_USER_END) &&
           crt_move_user;
}

#endif
