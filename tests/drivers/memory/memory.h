#ifndef MEMORY_H
#define MEMORY_H

#include <ntifs.h>

#include "check.h"
#include "raises.h"

enum { TAG = 0x74736554 };

void *routine(const wchar_t *name);
PKTHREAD start_thread(PKSTART_ROUTINE routine, void *context);
void join(PKTHREAD thread);

void check_mdls(void);
void check_pages(void);
void check_addresses(void);
void check_sections(void);

/* In the caller's context, on a buffer of the caller's. */
NTSTATUS use_user_buffer(UCHAR *buffer, ULONG length);
NTSTATUS keep_user_buffer(UCHAR *buffer, ULONG length);
NTSTATUS check_kept_buffer(void);
NTSTATUS use_virtual_memory(void);
/* \??\C:\data.bin has 5000 bytes 'd'; afterwards 'X' at 4999 and at 10, and nothing more. */
NTSTATUS map_a_file(void);
/* Each stops the machine. */
enum mistake { FREE_TWICE, FREE_WITH_OTHER_TAG, FREE_NONSENSE, RUN_DATA, UNLOCK_TWICE, MISTAKES };
void make_mistake(enum mistake mistake);
/* A page shared with the caller; *address is the caller's. */
NTSTATUS share_page(void **address);
NTSTATUS look_at_shared_page(UCHAR *value);
void unshare_page(void);

#endif
