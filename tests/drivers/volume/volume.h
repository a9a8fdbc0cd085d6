/* Between the files of the driver: a device with names below it, and the checks it makes on itself.
 */
#ifndef VOLUME_H
#define VOLUME_H

#include <ntifs.h>

#include "check.h"
#include "raises.h"

enum { VOLUME_TAG = 0x6C6F5653 };
#define VOLUME_NAME L"\\Device\\SbVolume"

extern PDEVICE_OBJECT volume_device;
/* How often the device has seen IRP_MJ_CLEANUP and IRP_MJ_CLOSE; what the last create was for. */
extern LONG cleanups, closes;
extern WCHAR created_name[64];

/* Opens a name below the device (text after VOLUME_NAME), for synchronous requests or not. */
NTSTATUS volume_open(PCWSTR name, ULONG options, HANDLE *file, IO_STATUS_BLOCK *io);
/* A routine that mingw's import library or headers lack. */
void *routine(const wchar_t *name);

/* IRP_MJ_CREATE of names that lead elsewhere. STATUS_SUCCESS: the name is none of them. */
NTSTATUS reparse_create(PIRP irp, PFILE_OBJECT file);
/* The filter above the volume, while there is one, and its requests. */
extern PDEVICE_OBJECT filter_device;
NTSTATUS filter_request(PIRP irp);

/* IRP_MJ_READ. */
NTSTATUS transfer_read(PIRP irp);
/* IRP_MJ_LOCK_CONTROL. */
NTSTATUS locks_control(PIRP irp);
/* IRP_MJ_QUERY_EA, IRP_MJ_SET_EA, IRP_MJ_SET_VOLUME_INFORMATION, IRP_MJ_DIRECTORY_CONTROL,
 * IRP_MJ_QUERY_INFORMATION; what to
 * complete it with. */
NTSTATUS attributes_request(PIRP irp);

/* The groups, in their order. */
#define VOLUME_GROUPS(X) \
    X(reparse)           \
    X(reparse_ends)      \
    X(replaced_name)     \
    X(apc_at_once)       \
    X(apc_held_back)     \
    X(apc_in_wait)       \
    X(apc_of_errors)     \
    X(apc_of_queries)    \
    X(lock_rules)        \
    X(lock_list)         \
    X(lock_requests)     \
    X(ea_lists)          \
    X(ea_of_file)        \
    X(volume_settings)   \
    X(hard_errors)       \
    X(file_names)        \
    X(mcb_runs)          \
    X(mcb_changes)       \
    X(cancelled_open)
VOLUME_GROUPS(CHECK_GROUP_DECLARATION)

#endif
