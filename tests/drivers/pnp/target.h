/* Properties, aliases and the events of a device that is open (target.c). */
#ifndef PNP_TARGET_H
#define PNP_TARGET_H

#include <ntddk.h>

/* Told to whoever has the device open. */
struct target_events {
    ULONG queried, cancelled, removed, custom, completed;
};
extern struct target_events target_events;

/* While it is set, removal is refused. */
extern BOOLEAN target_refuses;

BOOLEAN properties_are_kept(PDEVICE_OBJECT physical);
BOOLEAN interfaces_have_aliases(PDEVICE_OBJECT physical, PUNICODE_STRING link);
/* The device sleeps when it was not busy for a second. */
BOOLEAN idle_is_watched(PDEVICE_OBJECT device);
void idle_forget(PDEVICE_OBJECT device);
void target_initialize(void);
/* From here on events of the file's device are counted. */
NTSTATUS target_listen(PDRIVER_OBJECT driver, PFILE_OBJECT file);
void target_forget(void);
/* An event of the driver's own, now and later. */
NTSTATUS target_report(PDEVICE_OBJECT physical);

#endif
