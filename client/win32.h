/*
 * What the Windows files of the client library share.
 */
#ifndef SYSBUF_CLIENT_WIN32_H
#define SYSBUF_CLIENT_WIN32_H

#include <sysbuf/client.h>
#include <windows.h>

/* Keeps the Win32 error for sb_system_error() and returns error. */
enum sb_error sb_fail(enum sb_error error, DWORD system_error);

/* The error for what a call ended with, which was no success. */
enum sb_error sb_win32_error(DWORD error);

/* UTF-8 to UTF-16, allocated: *wide is the caller's to free(). ARGUMENT or NO_MEMORY. */
enum sb_error sb_widen(const char *text, wchar_t **wide);

#endif
