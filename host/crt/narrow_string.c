/* C runtime: 8-bit strings. */
#include "host/crt/crt.h"

#include <stdint.h>

/* mingw declares these without a calling convention, so they need names of their own. */
#undef strncpy
#define strncpy crt_strncpy

#define UNIT     char
#define UNSIGNED unsigned char
#define FIND     int
#define NAME(x)  str##x
#define _NAME(x) _str##x
#include "host/crt/string_template.h"

SB_EXPORT_AS("strcat", strcat)
SB_EXPORT_AS("strcat_s", strcat_s)
SB_EXPORT_AS("strchr", strchr)
SB_EXPORT_AS("strcmp", strcmp)
SB_EXPORT_AS("strcpy", strcpy)
SB_EXPORT_AS("strcpy_s", strcpy_s)
SB_EXPORT_AS("strlen", strlen)
SB_EXPORT_AS("strncat", strncat)
SB_EXPORT_AS("strncat_s", strncat_s)
SB_EXPORT_AS("strncmp", strncmp)
SB_EXPORT_AS("strncpy", strncpy)
SB_EXPORT_AS("strncpy_s", strncpy_s)
SB_EXPORT_AS("strnlen", strnlen)
SB_EXPORT_AS("strrchr", strrchr)
SB_EXPORT_AS("strspn", strspn)
SB_EXPORT_AS("strstr", strstr)
SB_EXPORT_AS("strtok_s", strtok_s)
SB_EXPORT(_stricmp)
SB_EXPORT(_strlwr)
SB_EXPORT(_strlwr_s)
SB_EXPORT(_strnicmp)
SB_EXPORT(_strnset)
SB_EXPORT(_strnset_s)
SB_EXPORT(_strrev)
SB_EXPORT(_strset)
SB_EXPORT(_strset_s)
SB_EXPORT(_strupr)
SB_EXPORT(_strupr_s)
SB_EXPORT_AS("strlwr", _strlwr)
