/* Opening, closing, duplicating; events. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/run/session.h"

/* "MyDevice" is short for "\\.\MyDevice". */
static char *full_path(const char *path)
{
    size_t size = strlen(path) + 5;
    char *full = memory_allocate(size);

    snprintf(full, size, "%s%s", path[0] == '\\' ? "" : "\\\\.\\", path);
    return full;
}

bool execute_open(struct session *session, const struct action *action)
{
    struct sb_open_options options = {.access = action->access,
                                      .share = action->share,
                                      .disposition = action->disposition,
                                      .is_overlapped = action->is_overlapped};
    struct session_process *owner = process_needed(session, action);
    const char *name = action->as ? action->as : "it";
    sb_handle value = 0;
    char text[96];

    if (!owner)
        return false;
    char *path = full_path(action->path);
    sb_status status = sb_process_open(owner->process, path, &options, &value);
    handle_note(session, action, owner, name, HANDLE_FILE, value, status)->is_overlapped =
        action->is_overlapped;
    result_set(session, "open", status, 0);
    report_call(session, action->line, "open %s as %s: %s", path, name,
                report_status(status, text));
    free(path);
    return true;
}

bool execute_close(struct session *session, const struct action *action)
{
    struct session_process *owner;
    sb_handle value;
    const char *name;
    char text[96];

    if (!handle_resolve(session, action, &owner, &value, &name))
        return false;
    sb_status status = sb_process_close(owner->process, value);
    result_set(session, "close", status, 0);
    report_call(session, action->line, "close %s: %s", name, report_status(status, text));
    struct session_handle *handle = action->handle.has_value ? NULL : handle_find(session, name);
    if (handle && status >= 0)
        handle_forget(session, handle);
    return true;
}

/* Where the copy goes: the process that is named, or the handle's own. */
static struct session_process *target_of(struct session *session, const struct action *action,
                                         struct session_process *owner)
{
    struct session_process *target = action->name ? process_named(session, action->name) : owner;

    if (!target)
        (void)report_failure(session, action->line, EXIT_UNUSABLE, "there is no process %s",
                             action->name);
    return target;
}

bool execute_duplicate(struct session *session, const struct action *action)
{
    uint32_t flags = action->closes_source ? SB_DUPLICATE_CLOSE_SOURCE : 0;
    struct session_process *owner, *target;
    sb_handle value, copy = 0;
    const char *name;
    char text[96];

    if (!handle_resolve(session, action, &owner, &value, &name))
        return false;
    target = target_of(session, action, owner);
    if (!target)
        return false;
    sb_status status =
        sb_process_duplicate(owner->process, value, target->process, action->access, flags, &copy);
    result_set(session, "duplicate", status, 0);
    report_call(session, action->line, "duplicate %s to %s as %s: %s", name, target->name,
                action->as, report_status(status, text));
    struct session_handle *source = action->handle.has_value ? NULL : handle_find(session, name);
    enum handle_kind kind = source ? source->kind : HANDLE_FILE;
    bool is_overlapped = source && source->is_overlapped;
    if (source && action->closes_source)
        handle_forget(session, source);
    handle_note(session, action, target, action->as, kind, copy, status)->is_overlapped =
        is_overlapped;
    return true;
}

bool execute_event(struct session *session, const struct action *action)
{
    struct session_process *owner = process_needed(session, action);
    sb_handle value = 0;
    char text[96];

    if (!owner)
        return false;
    sb_status status =
        sb_process_create_event(owner->process, action->is_manual, action->is_on, &value);
    (void)handle_note(session, action, owner, action->name, HANDLE_EVENT, value, status);
    result_set(session, "event", status, 0);
    report_call(session, action->line, "event %s: %s", action->name, report_status(status, text));
    return true;
}

bool execute_signal(struct session *session, const struct action *action)
{
    struct session_handle *event =
        handle_of_kind(session, action->line, action->name, HANDLE_EVENT);
    bool is_signal = action->kind == ACTION_SIGNAL;
    char text[96];

    if (!event)
        return false;
    sb_status status = is_signal ? sb_process_set_event(event->owner->process, event->value)
                                 : sb_process_reset_event(event->owner->process, event->value);
    result_set(session, "event", status, 0);
    report_call(session, action->line, "%s %s: %s", is_signal ? "signal" : "reset", event->name,
                report_status(status, text));
    return true;
}
