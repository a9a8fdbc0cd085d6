/* The scanf family of ntoskrnl.exe; returns the conversions stored, -1 at the end of the input. */
#ifndef SYSBUF_HOST_CRT_SCAN_H
#define SYSBUF_HOST_CRT_SCAN_H

#include "host/crt/crt.h"

CRT_API int nt_sscanf(const char *input, const char *format, ...);
CRT_API int sscanf_s(const char *input, const char *format, ...);
CRT_API int _snscanf_s(const char *input, size_t length, const char *format, ...);
CRT_API int swscanf_s(const WCHAR *input, const WCHAR *format, ...);
CRT_API int _snwscanf_s(const WCHAR *input, size_t length, const WCHAR *format, ...);

#endif
