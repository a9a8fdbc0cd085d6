/* The printf family of ntoskrnl.exe, by the prototypes Microsoft documents for it. */
#ifndef SYSBUF_HOST_CRT_PRINT_H
#define SYSBUF_HOST_CRT_PRINT_H

#include "host/crt/crt.h"

CRT_API int _snprintf(char *buffer, size_t count, const char *format, ...);
CRT_API int nt_sprintf(char *buffer, const char *format, ...);
CRT_API int _snprintf_s(char *buffer, size_t size, size_t count, const char *format, ...);
CRT_API int sprintf_s(char *buffer, size_t size, const char *format, ...);
CRT_API int _vsnprintf(char *buffer, size_t count, const char *format,
                       __builtin_ms_va_list arguments);

CRT_API int _snwprintf(WCHAR *buffer, size_t count, const WCHAR *format, ...);
CRT_API int nt_swprintf(WCHAR *buffer, const WCHAR *format, ...);
CRT_API int _snwprintf_s(WCHAR *buffer, size_t size, size_t count, const WCHAR *format, ...);
CRT_API int swprintf_s(WCHAR *buffer, size_t size, const WCHAR *format, ...);
CRT_API int _vsnwprintf(WCHAR *buffer, size_t count, const WCHAR *format,
                        __builtin_ms_va_list arguments);

#endif
