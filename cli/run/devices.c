/* Devices of drivers that have an AddDevice routine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/run/machine.h"

struct session_device {
    struct session_device *next; /* the newest first */
    char *name;
    struct sb_device *device;
};

static struct session_device *find(struct session *session, const char *name)
{
    struct session_device *each = session->devices;

    while (each && name && strcmp(each->name, name) != 0)
        each = each->next;
    return each;
}

static void forget(struct session *session, struct session_device *device)
{
    struct session_device **link = &session->devices;

    while (*link != device)
        link = &(*link)->next;
    *link = device->next;
    free(device->name);
    free(device);
}

static sb_status make(struct session *session, struct session_driver *driver, const char *id,
                      const char *name)
{
    struct sb_device *made = NULL;
    char own_id[300];

    snprintf(own_id, sizeof own_id, "ROOT\\%s", driver->name);
    own_id[strcspn(own_id, ".")] = 0;
    sb_status status = sb_device_add(session->machine, driver->driver, id ? id : own_id, &made);
    if (status < 0)
        return status;
    struct session_device *device = memory_allocate(sizeof *device);
    *device = (struct session_device){session->devices, memory_copy_text(name), made};
    session->devices = device;
    return status;
}

unsigned devices_add_all(struct session *session)
{
    unsigned count = 0;

    for (struct session_driver *each = session->drivers; each; each = each->next)
        count += each->driver && make(session, each, NULL, each->name) >= 0;
    return count;
}

static bool add(struct session *session, const struct action *action)
{
    struct session_driver *driver = driver_find(session, action->name);
    const char *name = action->as ? action->as : "device";
    char text[96];

    if (!driver || !driver->driver)
        return report_failure(session, action->line, EXIT_UNUSABLE, "there is no driver %s",
                              action->name ? action->name : "that is loaded");
    sb_status status = make(session, driver, action->path, name);
    result_set(session, "device add", status, 0);
    report_call(session, action->line, "device add as %s: %s", name, report_status(status, text));
    return true;
}

bool execute_device(struct session *session, const struct action *action)
{
    struct session_device *device;
    char text[96];

    if (action->is_on)
        return add(session, action);
    device = find(session, action->name);
    if (!device)
        return report_failure(session, action->line, EXIT_UNUSABLE, "there is no device %s",
                              action->name ? action->name : "");
    sb_status status =
        sb_device_act(session->machine, device->device, (enum sb_device_action)action->code);
    result_set(session, "device", status, 0);
    report_call(session, action->line, "device %s: %s", device->name, report_status(status, text));
    if (action->code == SB_DEVICE_REMOVE)
        forget(session, device);
    return true;
}

void devices_remove_all(struct session *session)
{
    while (session->devices) {
        (void)sb_device_act(session->machine, session->devices->device, SB_DEVICE_REMOVE);
        forget(session, session->devices);
    }
}
