/* C runtime: UTF-16 strings. */
#include "host/crt/crt.h"

#include <stdint.h>

/* mingw declares these without a calling convention, so they need names of their own. */
#undef wcsncpy
#define wcsncpy crt_wcsncpy
#undef wcsncat
#define wcsncat crt_wcsncat

#define UNIT     WCHAR
#define UNSIGNED WCHAR
#define FIND     WCHAR
#define NAME(x)  wcs##x
#define _NAME(x) _wcs##x
#include "host/crt/string_template.h"

SB_EXPORT_AS("wcscat", wcscat)
SB_EXPORT_AS("wcscat_s", wcscat_s)
SB_EXPORT_AS("wcschr", wcschr)
SB_EXPORT_AS("wcscmp", wcscmp)
SB_EXPORT_AS("wcscpy", wcscpy)
SB_EXPORT_AS("wcscpy_s", wcscpy_s)
SB_EXPORT_AS("wcscspn", wcscspn)
SB_EXPORT_AS("wcslen", wcslen)
SB_EXPORT_AS("wcsncat", wcsncat)
SB_EXPORT_AS("wcsncat_s", wcsncat_s)
SB_EXPORT_AS("wcsncmp", wcsncmp)
SB_EXPORT_AS("wcsncpy", wcsncpy)
SB_EXPORT_AS("wcsncpy_s", wcsncpy_s)
SB_EXPORT_AS("wcsnlen", wcsnlen)
SB_EXPORT_AS("wcsrchr", wcsrchr)
SB_EXPORT_AS("wcsspn", wcsspn)
SB_EXPORT_AS("wcsstr", wcsstr)
SB_EXPORT_AS("wcstok_s", wcstok_s)
SB_EXPORT(_wcsicmp)
SB_EXPORT(_wcslwr)
SB_EXPORT(_wcslwr_s)
SB_EXPORT(_wcsnicmp)
SB_EXPORT(_wcsnset)
SB_EXPORT(_wcsnset_s)
SB_EXPORT(_wcsrev)
SB_EXPORT(_wcsset_s)
SB_EXPORT(_wcsupr)
SB_EXPORT(_wcsupr_s)
SB_EXPORT_AS("wcslwr", _wcslwr)
