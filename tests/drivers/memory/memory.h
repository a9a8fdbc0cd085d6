#ifndef MEMORY_H
#define MEMORY_H

#include <ntifs.h>

#include "check.h"
#include "raises.h"

enum { TAG = 0x74736554 };

void *routine(const wchar_t *name);
PKTHREAD start_thread(PKSTART_ROUTINE routine, void *context);
void join(PKTHREAD thread);

/* The groups that need no caller, in their order. */
#define MEMORY_GROUPS(X)  \
    X(nonpaged_mdl)       \
    X(locked_mdl)         \
    X(mdl_chain)          \
    X(reserved_mapping)   \
    X(mdl_raises)         \
    X(mdl_pages)          \
    X(contiguous)         \
    X(noncached)          \
    X(io_space)           \
    X(validity)           \
    X(copy)               \
    X(routines)           \
    X(system_information) \
    X(probes)             \
    X(sections)           \
    X(system_views)       \
    X(process_views)      \
    X(reserved_sections)
MEMORY_GROUPS(CHECK_GROUP_DECLARATION)

/* In the caller's context, on a buffer of the caller's. */
NTSTATUS use_user_buffer(UCHAR *buffer, ULONG length);
NTSTATUS keep_user_buffer(UCHAR *buffer, ULONG length);
NTSTATUS check_kept_buffer(void);
NTSTATUS use_virtual_memory(void);
/* \??\C:\data.bin has 5000 bytes 'd'; afterwards 'X' at 4999 and at 10, and nothing more. */
NTSTATUS map_a_file(void);
/* \??\C:\image.sys is the driver's own file, data.bin no image. */
NTSTATUS map_an_image(void);
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path);
/* Each stops the machine. */
enum mistake { FREE_TWICE, FREE_WITH_OTHER_TAG, FREE_NONSENSE, RUN_DATA, UNLOCK_TWICE, MISTAKES };
void make_mistake(enum mistake mistake);
/* A page shared with the caller; *address is the caller's. */
NTSTATUS share_page(void **address);
NTSTATUS look_at_shared_page(UCHAR *value);
void unshare_page(void);

#endif
