/*
 * Names that the C library and NT's kernel both define, with different calling conventions. In
 * files that include nt.h the plain name means NT's (ms_abi) routine, which is compiled under an
 * nt_ name, so that it neither clashes with libc at link time nor is called with libc's convention.
 * The defining file exports it with SB_EXPORT_AS("strlen", nt_strlen).
 *
 * Copies that the compiler itself makes (structure assignment, __builtin_memcpy) still call libc's
 * memcpy and are right.
 */
#ifndef SYSBUF_HOST_NT_NAMES_H
#define SYSBUF_HOST_NT_NAMES_H

#define isalnum    nt_isalnum
#define isalpha    nt_isalpha
#define isblank    nt_isblank
#define iscntrl    nt_iscntrl
#define isdigit    nt_isdigit
#define isgraph    nt_isgraph
#define islower    nt_islower
#define isprint    nt_isprint
#define ispunct    nt_ispunct
#define isspace    nt_isspace
#define isupper    nt_isupper
#define iswalnum   nt_iswalnum
#define iswalpha   nt_iswalpha
#define iswblank   nt_iswblank
#define iswcntrl   nt_iswcntrl
#define iswctype   nt_iswctype
#define iswdigit   nt_iswdigit
#define iswgraph   nt_iswgraph
#define iswlower   nt_iswlower
#define iswprint   nt_iswprint
#define iswpunct   nt_iswpunct
#define iswspace   nt_iswspace
#define iswupper   nt_iswupper
#define iswxdigit  nt_iswxdigit
#define isxdigit   nt_isxdigit
#define memccpy    nt_memccpy
#define memchr     nt_memchr
#define memcmp     nt_memcmp
#define memcpy     nt_memcpy
#define memmove    nt_memmove
#define mempcpy    nt_mempcpy
#define memset     nt_memset
#define strcasecmp nt_strcasecmp
#define strcat     nt_strcat
#define strchr     nt_strchr
#define strcmp     nt_strcmp
#define strcoll    nt_strcoll
#define strcpy     nt_strcpy
#define strcspn    nt_strcspn
#define strdup     nt_strdup
#define strerror   nt_strerror
#define strlen     nt_strlen
#define strncat    nt_strncat
#define strncmp    nt_strncmp
#define strncpy    nt_strncpy
#define strnlen    nt_strnlen
#define strpbrk    nt_strpbrk
#define strrchr    nt_strrchr
#define strspn     nt_strspn
#define strstr     nt_strstr
#define strtok     nt_strtok
#define strtok_r   nt_strtok_r
#define strxfrm    nt_strxfrm
#define tolower    nt_tolower
#define toupper    nt_toupper
#define towlower   nt_towlower
#define towupper   nt_towupper
#define wcscat     nt_wcscat
#define wcschr     nt_wcschr
#define wcscmp     nt_wcscmp
#define wcscoll    nt_wcscoll
#define wcscpy     nt_wcscpy
#define wcscspn    nt_wcscspn
#define wcsdup     nt_wcsdup
#define wcslen     nt_wcslen
#define wcsncat    nt_wcsncat
#define wcsncmp    nt_wcsncmp
#define wcsncpy    nt_wcsncpy
#define wcsnlen    nt_wcsnlen
#define wcspbrk    nt_wcspbrk
#define wcsrchr    nt_wcsrchr
#define wcsspn     nt_wcsspn
#define wcsstr     nt_wcsstr
#define wcstok     nt_wcstok
#define wcsxfrm    nt_wcsxfrm
#define stricmp    nt_stricmp
#define strlwr     nt_strlwr
#define strupr     nt_strupr
#define strrev     nt_strrev
#define wcslwr     nt_wcslwr
#define wcsupr     nt_wcsupr
#define wcsrev     nt_wcsrev
#define wcsicmp    nt_wcsicmp
#define sprintf    nt_sprintf
#define vsprintf   nt_vsprintf
#define snprintf   nt_snprintf
#define vsnprintf  nt_vsnprintf
#define sscanf     nt_sscanf
#define swprintf   nt_swprintf
#define vswprintf  nt_vswprintf
#define swscanf    nt_swscanf
#define qsort      nt_qsort
#define bsearch    nt_bsearch
#define abs        nt_abs
#define labs       nt_labs
#define atoi       nt_atoi
#define atol       nt_atol
#define rand       nt_rand
#define srand      nt_srand
#define mbstowcs   nt_mbstowcs
#define wcstombs   nt_wcstombs
#define mbtowc     nt_mbtowc
#define wctomb     nt_wctomb
#define strtol     nt_strtol
#define strtoul    nt_strtoul
#define strtoll    nt_strtoll
#define strtoull   nt_strtoull
#define wcstol     nt_wcstol
#define wcstoul    nt_wcstoul
#define strtok_s   nt_strtok_s
#define _tolower   nt__tolower
#define _toupper   nt__toupper

#endif
