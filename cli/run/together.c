#include "cli/run/together.h"

#include <stdlib.h>

#include "cli/run/request.h"

struct together {
    struct together *next;
    enum action_kind kind;
    unsigned line;
    struct session_process *owner;
    sb_handle handle;
    char *name;
    struct request *request;       /* ioctl, read, write */
    struct session_driver *driver; /* unload */
    struct sb_machine *machine;
    sb_status status;
};

static bool take_request(struct session *session, struct together *call,
                         const struct action *action)
{
    call->request = request_prepare(session, action);
    return call->request != NULL;
}

static bool take_driver(struct session *session, struct together *call, const struct action *action)
{
    call->driver = driver_find(session, action->name);
    if (!call->driver || !call->driver->driver)
        return report_failure(session, action->line, EXIT_UNUSABLE, "there is no such driver");
    call->name = memory_copy_text(call->driver->name);
    return true;
}

static bool take_handle(struct session *session, struct together *call, const struct action *action)
{
    const char *name;

    if (!handle_resolve(session, action, &call->owner, &call->handle, &name))
        return false;
    call->name = memory_copy_text(name);
    return true;
}

static bool take(struct session *session, struct together *call, const struct action *action)
{
    switch (action->kind) {
    case ACTION_IOCTL:
    case ACTION_READ:
    case ACTION_WRITE:
        return take_request(session, call, action);
    case ACTION_UNLOAD:
        return take_driver(session, call, action);
    default:
        return take_handle(session, call, action);
    }
}

bool together_add(struct session *session, const struct action *action)
{
    struct together *call = memory_allocate(sizeof *call), **last = &session->together;

    call->kind = action->kind;
    call->line = action->line;
    call->machine = session->machine;
    if (!take(session, call, action)) {
        free(call);
        return false;
    }
    while (*last)
        last = &(*last)->next;
    *last = call;
    return true;
}

/* On the call's own thread: nothing of the session may be touched. */
static void run(void *context)
{
    struct together *call = context;
    struct sb_io_status io_status = {0};

    if (call->request)
        request_run(call->request);
    else if (call->kind == ACTION_UNLOAD)
        call->status = sb_machine_unload_driver(call->machine, call->driver->driver);
    else if (call->kind == ACTION_CLOSE)
        call->status = sb_process_close(call->owner->process, call->handle);
    else if (call->kind == ACTION_CANCEL)
        call->status = sb_process_cancel(call->owner->process, call->handle, NULL);
    else
        call->status = sb_process_flush(call->owner->process, call->handle, &io_status);
}

static void show(struct session *session, struct together *call)
{
    const char *verb = action_verb_of(call->kind);
    char text[96];

    if (call->request) {
        request_settle(session, call->request);
        return;
    }
    result_set(session, verb, call->status, 0);
    report_call(session, call->line, "%s %s: %s", verb, call->name,
                report_status(call->status, text));
    if (call->status < 0)
        return;
    if (call->kind == ACTION_UNLOAD)
        call->driver->driver = NULL;
    struct session_handle *handle =
        call->kind == ACTION_CLOSE ? handle_find(session, call->name) : NULL;
    if (handle)
        handle_forget(session, handle);
}

bool together_run(struct session *session)
{
    struct sb_action actions[SB_MOST_ACTIONS];
    uint32_t count = 0;

    for (struct together *each = session->together; each; each = each->next) {
        if (count == SB_MOST_ACTIONS)
            return report_failure(session, each->line, EXIT_UNUSABLE, "more than %u calls together",
                                  SB_MOST_ACTIONS);
        actions[count++] = (struct sb_action){run, each};
    }
    if (count == 0)
        return true;
    if (sb_machine_run_actions(session->machine, actions, count) < 0)
        return report_failure(session, session->together->line, EXIT_UNUSABLE,
                              "the machine does not run so many threads");
    while (session->together) {
        struct together *call = session->together;
        session->together = call->next;
        show(session, call);
        free(call->name);
        free(call);
    }
    return true;
}

void together_free(struct session *session)
{
    while (session->together) {
        struct together *call = session->together;
        session->together = call->next;
        if (call->request)
            request_drop(call->request);
        free(call->name);
        free(call);
    }
}
