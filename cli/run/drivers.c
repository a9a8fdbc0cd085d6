/* The drivers of a run: loaded, unloaded, loaded again. */
#include "cli/run/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/files.h"

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

struct session_driver *driver_find(struct session *session, const char *name)
{
    struct session_driver *last = NULL;

    for (struct session_driver *each = session->drivers; each; each = each->next) {
        size_t stem = strcspn(each->name, ".");
        if (!name)
            last = each;
        else if (strcmp(each->name, name) == 0 ||
                 (strlen(name) == stem && memcmp(each->name, name, stem) == 0))
            return each;
    }
    return last;
}

bool driver_add(struct session *session, const char *path, const char *name,
                struct session_driver **driver)
{
    struct session_driver **link = &session->drivers;

    if (!name)
        name = file_name(path);
    while (*link && strcmp((*link)->name, name) != 0)
        link = &(*link)->next;
    if (*link) {
        *driver = *link;
        return strcmp((*link)->path, path) == 0;
    }
    *driver = *link = memory_allocate(sizeof **link);
    (*driver)->name = memory_copy_text(name);
    (*driver)->path = memory_copy_text(path);
    return true;
}

static sb_status load(struct session *session, struct session_driver *driver, char *error,
                      size_t size)
{
    const sb_status not_found = (sb_status)0xC0000034; /* STATUS_OBJECT_NAME_NOT_FOUND */
    struct file_contents file;
    const char *reason;

    if (!file_read(driver->path, &file, &reason)) {
        snprintf(error, size, "%s: %s", driver->path, reason);
        return not_found;
    }
    sb_status status = sb_machine_load_driver(session->machine, file.bytes, file.length,
                                              driver->name, &driver->driver, error, size);
    free(file.bytes);
    return status;
}

sb_status driver_start(struct session *session, struct session_driver *driver, unsigned line)
{
    char error[8192] = "", text[96];
    sb_status status = load(session, driver, error, sizeof error);

    report_call(session, line, "load %s: %s%s%s", driver->name, report_status(status, text),
                error[0] ? ": " : "", error);
    result_set(session, "load", status, 0);
    return status;
}

sb_status driver_unload(struct session *session, struct session_driver *driver, unsigned line)
{
    char text[96];
    sb_status status = sb_machine_unload_driver(session->machine, driver->driver);

    if (status >= 0)
        driver->driver = NULL;
    report_call(session, line, "unload %s: %s", driver->name, report_status(status, text));
    result_set(session, "unload", status, 0);
    return status;
}

/* What was loaded last may use what was loaded first. */
static void unload_backwards(struct session *session, struct session_driver *driver)
{
    if (!driver)
        return;
    unload_backwards(session, driver->next);
    if (driver->driver)
        (void)driver_unload(session, driver, 0);
}

void drivers_unload_all(struct session *session)
{
    unload_backwards(session, session->drivers);
}

void drivers_free(struct session *session)
{
    while (session->drivers) {
        struct session_driver *next = session->drivers->next;
        free(session->drivers->name);
        free(session->drivers->path);
        free(session->drivers);
        session->drivers = next;
    }
}
