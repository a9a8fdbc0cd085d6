#ifndef EXECUTIVE_H
#define EXECUTIVE_H

#include <ntifs.h>

#include "check.h"
#include "raises.h"

enum { TAG = 0x74736554 };

/* Runs routine on a system thread of its own; join waits for its end. */
PKTHREAD start_thread(PKSTART_ROUTINE routine, void *context);
void join(PKTHREAD thread);
void sleep_a_moment(void);
/* A routine that mingw's import library lacks. */
void *routine(const wchar_t *name);

void check_pool(void);
void check_lists(void);
void check_resources(void);
void check_locks(void);
void check_work(void);
void check_system(void);

#endif
