/*
 * A driver as a service, for programs that load it to look at it: made, started, stopped and
 * forgotten. What fails is printed.
 */
#ifndef TESTS_SERVICE_H
#define TESTS_SERVICE_H

#include <windows.h>

#include <stdbool.h>

/* Prints that it failed with a system error; false. */
bool service_failed(const char *what, DWORD error);

/* One of that name and what its driver keeps below its key are forgotten first. NULL if it fails;
 * else to be given to service_forget. */
SC_HANDLE service_make(SC_HANDLE manager, WCHAR *name, WCHAR *path);

/* Groups of checks that the driver leaves out at its next start (tests/drivers/groups.h). */
bool service_leave_out(const WCHAR *name, int count, WCHAR **groups);

bool service_stop(SC_HANDLE service);
void service_forget(SC_HANDLE manager, SC_HANDLE service, const WCHAR *name);

#endif
