/* Application processes, and the names of their handles. */
#include "cli/run/session.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/run/request.h"

struct session_process *process_find(struct session *session, const char *name)
{
    struct session_process *each = session->processes;

    while (each && strcmp(each->name, name) != 0)
        each = each->next;
    return each;
}

struct session_process *process_add(struct session *session, const char *name,
                                    const struct sb_process_options *options)
{
    struct sb_process *made;
    sb_status status = sb_process_create(session->machine, options, &made);

    if (status < 0)
        return NULL;
    struct session_process *process = memory_allocate(sizeof *process);
    process->name = memory_copy_text(name);
    process->is_ordinary = options->is_ordinary;
    process->is_32_bit = options->is_32_bit;
    process->process = made;
    process->next = session->processes;
    session->processes = process;
    return process;
}

struct session_process *process_current(struct session *session)
{
    static const char *const names[2][2] = {{"admin", "admin32"}, {"user", "user32"}};
    const char *name = names[session->as_ordinary][session->as_32_bit];
    struct sb_process_options options = {.is_ordinary = session->as_ordinary,
                                         .is_32_bit = session->as_32_bit};

    if (session->process)
        return session->process;
    struct session_process *found = process_find(session, name);
    return found ? found : process_add(session, name, &options);
}

struct session_process *process_needed(struct session *session, const struct action *action)
{
    struct session_process *process = process_current(session);

    if (!process)
        (void)report_failure(session, action->line, EXIT_UNUSABLE,
                             "the machine makes no more processes");
    return process;
}

struct session_process *process_named(struct session *session, const char *name)
{
    struct session_process *found = process_find(session, name);
    bool is_user = strcmp(name, "user") == 0;

    if (!found && (is_user || strcmp(name, "admin") == 0))
        found = process_add(session, name, &(struct sb_process_options){.is_ordinary = is_user});
    return found;
}

void handle_forget(struct session *session, struct session_handle *handle)
{
    struct session_handle **link = &session->handles;

    while (*link && *link != handle)
        link = &(*link)->next;
    if (!*link)
        return;
    *link = handle->next;
    free(handle->name);
    free(handle);
}

static void forget_handles_of(struct session *session, const struct session_process *owner)
{
    struct session_handle *next;

    for (struct session_handle *each = session->handles; each; each = next) {
        next = each->next;
        if (each->owner == owner)
            handle_forget(session, each);
    }
}

void process_exit(struct session *session, struct session_process *process)
{
    struct session_process **link = &session->processes;

    requests_free_done(session, process);
    sb_process_destroy(process->process);
    requests_forget_memory(session, process);
    forget_handles_of(session, process);
    views_forget_of(session, process);
    while (*link != process)
        link = &(*link)->next;
    *link = process->next;
    if (session->process == process)
        session->process = NULL;
    free(process->name);
    free(process);
}

void processes_exit_all(struct session *session)
{
    while (session->processes)
        process_exit(session, session->processes);
}

struct session_handle *handle_find(struct session *session, const char *name)
{
    struct session_handle *each = session->handles;

    while (each && strcmp(each->name, name) != 0)
        each = each->next;
    return each;
}

static struct session_handle *handle_add(struct session *session, struct session_process *owner,
                                         const char *name, sb_handle value)
{
    struct session_handle *older = handle_find(session, name);

    if (older)
        handle_forget(session, older);
    struct session_handle *handle = memory_allocate(sizeof *handle);
    handle->name = memory_copy_text(name);
    handle->owner = owner;
    handle->value = value;
    handle->next = session->handles;
    session->handles = handle;
    return handle;
}

struct session_handle *handle_note(struct session *session, const struct action *action,
                                   struct session_process *owner, const char *name,
                                   enum handle_kind kind, sb_handle value, sb_status status)
{
    struct session_handle *handle = handle_add(session, owner, name, value);

    handle->kind = kind;
    handle->failure = status < 0 ? status : 0;
    handle->line = action->line;
    return handle;
}

/* The file that the process named or opened last. */
static struct session_handle *last_file(struct session *session,
                                        const struct session_process *owner)
{
    struct session_handle *each = session->handles;

    while (each && (each->owner != owner || each->kind != HANDLE_FILE))
        each = each->next;
    return each;
}

static bool use(struct session *session, unsigned line, const struct session_handle *handle,
                struct session_process **owner, sb_handle *value, const char **name)
{
    char text[96];

    if (handle->failure)
        return report_failure(session, line, EXIT_EXPECTATION,
                              "%s is not open: the open in line %u gave %s", handle->name,
                              handle->line, report_status(handle->failure, text));
    *owner = handle->owner;
    *value = handle->value;
    *name = handle->name;
    return true;
}

bool handle_resolve(struct session *session, const struct action *action,
                    struct session_process **owner, sb_handle *value, const char **name)
{
    const struct action_handle *wanted = &action->handle;

    *owner = process_needed(session, action);
    if (!*owner)
        return false;
    if (wanted->has_value) {
        *value = wanted->value;
        *name = "handle";
        return true;
    }
    struct session_handle *handle =
        wanted->name ? handle_find(session, wanted->name) : last_file(session, *owner);
    if (!handle && wanted->name)
        return report_failure(session, action->line, EXIT_UNUSABLE, "there is no handle %s",
                              wanted->name);
    if (!handle)
        return report_failure(session, action->line, EXIT_UNUSABLE,
                              "process %s has opened nothing yet", (*owner)->name);
    return use(session, action->line, handle, owner, value, name);
}

struct session_handle *handle_of_kind(struct session *session, unsigned line, const char *name,
                                      enum handle_kind kind)
{
    static const char *const kinds[] = {"file", "event", "completion port", "section"};
    struct session_handle *found = handle_find(session, name);

    if (found && found->kind == kind)
        return found;
    (void)report_failure(session, line, EXIT_UNUSABLE, "there is no %s %s", kinds[kind], name);
    return NULL;
}
