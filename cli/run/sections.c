/* Sections, and views of them in a process. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/run/session.h"

struct session_view {
    struct session_view *next;
    char *name;
    struct session_process *owner;
    uint8_t *base;
    size_t size;
    bool is_read_only;
};

struct session_view *view_find(struct session *session, const char *name)
{
    struct session_view *each = session->views;

    while (each && strcmp(each->name, name) != 0)
        each = each->next;
    return each;
}

void *view_address(const struct session_view *view)
{
    return view->base;
}

static void forget(struct session *session, struct session_view *view)
{
    struct session_view **link = &session->views;

    while (*link != view)
        link = &(*link)->next;
    *link = view->next;
    free(view->name);
    free(view);
}

void views_forget_of(struct session *session, const struct session_process *owner)
{
    struct session_view *next;

    for (struct session_view *each = session->views; each; each = next) {
        next = each->next;
        if (each->owner == owner)
            forget(session, each);
    }
}

static uint32_t protection_of(const struct action *action)
{
    return action->is_on ? SB_PAGE_READ_ONLY : SB_PAGE_READ_WRITE;
}

bool execute_section(struct session *session, const struct action *action)
{
    struct session_process *owner = process_needed(session, action);
    sb_handle value = 0;
    char text[96];

    if (!owner)
        return false;
    sb_status status = sb_process_create_section(owner->process, action->path, action->size,
                                                 protection_of(action), &value);
    (void)handle_note(session, action, owner, action->name, HANDLE_SECTION, value, status);
    result_set(session, "section", status, 0);
    report_call(session, action->line, "section %s: %s", action->name, report_status(status, text));
    return true;
}

/* By the process that the statements are made by, which must have the handle. */
bool execute_map(struct session *session, const struct action *action)
{
    struct session_handle *section =
        handle_of_kind(session, action->line, action->name, HANDLE_SECTION);
    size_t size = action->size;
    void *base = NULL;
    char text[96];

    if (!section)
        return false;
    if (view_find(session, action->as))
        return report_failure(session, action->line, EXIT_UNUSABLE, "there is a view %s already",
                              action->as);
    sb_status status =
        sb_process_map(section->owner->process, section->value, (uint64_t)action->offset, &size,
                       protection_of(action), &base);
    result_set(session, "map", status, status < 0 ? 0 : size);
    report_call(session, action->line, "map %s as %s: %s, %zu bytes", action->name, action->as,
                report_status(status, text), status < 0 ? (size_t)0 : size);
    if (status < 0)
        return true;
    struct session_view *view = memory_allocate(sizeof *view);
    *view = (struct session_view){session->views, memory_copy_text(action->as),
                                  section->owner, (uint8_t *)base,
                                  size,           action->is_on};
    session->views = view;
    return true;
}

static struct session_view *resolve(struct session *session, const struct action *action)
{
    struct session_view *view = view_find(session, action->name);

    if (!view)
        (void)report_failure(session, action->line, EXIT_UNUSABLE, "there is no view %s",
                             action->name);
    return view;
}

bool execute_unmap(struct session *session, const struct action *action)
{
    struct session_view *view = resolve(session, action);
    char text[96];

    if (!view)
        return false;
    sb_status status = sb_process_unmap(view->owner->process, view->base);
    result_set(session, "unmap", status, 0);
    report_call(session, action->line, "unmap %s: %s", action->name, report_status(status, text));
    if (status >= 0)
        forget(session, view);
    return true;
}

/* The application's own access to its memory: no call, so only within the view. */
bool execute_view(struct session *session, const struct action *action)
{
    const struct action_data *data = &action->input.data;
    struct session_view *view = resolve(session, action);
    size_t length = data->bytes ? data->length : action->output.length;

    if (!view)
        return false;
    if ((uint64_t)action->offset > view->size || length > view->size - (size_t)action->offset)
        return report_failure(session, action->line, EXIT_UNUSABLE,
                              "view %s has %zu bytes, not %" PRIu64, view->name, view->size,
                              (uint64_t)action->offset + length);
    if (data->bytes && view->is_read_only)
        return report_failure(session, action->line, EXIT_UNUSABLE, "view %s is read-only",
                              view->name);
    uint8_t *place = view->base + action->offset;
    if (data->bytes)
        memcpy(place, data->bytes, length);
    result_set(session, "view", 0, length);
    result_set_output(session, place, length, true);
    report_call(session, action->line, "view %s: %zu bytes %s", view->name, length,
                data->bytes ? "written" : "read");
    if (!data->bytes)
        report_reply(session);
    return true;
}
