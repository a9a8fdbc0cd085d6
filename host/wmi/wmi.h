/*
 * WMI: the data blocks that drivers register with IoWMIRegistrationControl, and drivers that use
 * other drivers' blocks with IoWMIOpenBlock and kin. Lock: wmi_state.lock; none is held while a
 * driver is called.
 */
#ifndef SYSBUF_HOST_WMI_H
#define SYSBUF_HOST_WMI_H

#include "host/io/io.h"

#include <wmistr.h>

enum { WMI_TAG = 0x696D5749, WMI_SIZE_LIMIT = 1024 * 1024 };
enum { WMI_RIGHT_NOTIFICATION = 4, WMI_ALL_RIGHTS = 0x0FFF };

struct wmi_state {
    struct linux_lock lock;
    LIST_ENTRY providers; /* struct wmi_provider.link; pool */
    LIST_ENTRY questions; /* that drivers are yet to be asked */
    LIST_ENTRY blocks;    /* struct wmi_block.link */
    ULONG next_instance;  /* IoWMIAllocateInstanceIds */
};

/* A registered device. References: the list's, and whoever uses it. */
struct wmi_provider {
    LIST_ENTRY link;
    LONG references;
    PDEVICE_OBJECT device; /* referenced */
    WMIREGINFO *info;      /* what it answered, checked; pool */
    ULONG size;            /* bytes of info */
};

/* What IoWMIOpenBlock gives; an object. */
struct wmi_block {
    LIST_ENTRY link;
    GUID guid;
    ULONG access;
    WMI_NOTIFICATION_CALLBACK callback;
    PVOID context;
};

NTSTATUS wmi_initialize(struct machine *machine);
void wmi_destroy(struct machine *machine);

/* The index-th provider that has the block; referenced, with the block's entry. NULL: no more. */
struct wmi_provider *wmi_provider_of(const GUID *guid, ULONG index, const WMIREGGUID **entry);
void wmi_provider_release(struct wmi_provider *provider);
/* The name WMI gives an instance that the driver named when it registered; FALSE when it named none
 * (a driver of dynamic names). The text, in a pool buffer, is the caller's. */
BOOLEAN wmi_instance_name(const struct wmi_provider *provider, const WMIREGGUID *entry, ULONG index,
                          PUNICODE_STRING name);
/* One request to the provider's device. Information is the driver's. */
NTSTATUS wmi_send(const struct wmi_provider *provider, UCHAR minor, const GUID *guid, void *buffer,
                  ULONG size, ULONG_PTR *information);
/* Tells providers of the block that someone listens to its events, or nobody any more. */
void wmi_enable_events(const GUID *guid, BOOLEAN enable);

#endif
