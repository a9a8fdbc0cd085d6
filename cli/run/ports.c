/* Completion ports. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/run/session.h"

bool execute_port(struct session *session, const struct action *action)
{
    struct session_process *owner = process_needed(session, action);
    sb_handle value = 0;
    char text[96];

    if (!owner)
        return false;
    sb_status status = sb_process_create_port(owner->process, &value);
    (void)handle_note(session, action, owner, action->name, HANDLE_PORT, value, status);
    result_set(session, "port", status, 0);
    report_call(session, action->line, "port %s: %s", action->name, report_status(status, text));
    return true;
}

bool execute_associate(struct session *session, const struct action *action)
{
    struct session_handle *port = handle_of_kind(session, action->line, action->name, HANDLE_PORT);
    struct session_process *owner;
    sb_handle file;
    const char *name;
    char text[96];

    if (!port || !handle_resolve(session, action, &owner, &file, &name))
        return false;
    sb_status status = sb_process_associate_port(owner->process, file, port->value, action->key);
    result_set(session, "associate", status, 0);
    report_call(session, action->line, "associate %s of %s: %s", action->name, name,
                report_status(status, text));
    return true;
}

/* What expect output looks at: the key and the context, eight bytes each. */
bool execute_packet(struct session *session, const struct action *action)
{
    struct session_handle *port = handle_of_kind(session, action->line, action->name, HANDLE_PORT);
    uint32_t limit = action->has_limit ? (uint32_t)action->milliseconds : SB_FOREVER;
    struct sb_packet packet = {0};
    uint64_t output[2];
    char text[96];

    if (!port)
        return false;
    sb_status status = sb_process_wait_port(port->owner->process, port->value, limit, &packet);
    bool has_packet = status == 0;
    if (has_packet)
        status = packet.io_status.status;
    result_set(session, "packet", status, has_packet ? packet.io_status.information : 0);
    output[0] = packet.key;
    output[1] = packet.context;
    if (has_packet)
        result_set_output(session, output, sizeof output, false);
    report_call(session, action->line, "packet %s: %s, information %" PRIu64 ", key %" PRIu64,
                action->name, report_status(status, text), session->result.information, packet.key);
    return true;
}

bool execute_post(struct session *session, const struct action *action)
{
    struct session_handle *port = handle_of_kind(session, action->line, action->name, HANDLE_PORT);
    struct sb_packet packet = {
        .key = action->key,
        .context = action->context,
        .io_status = {.status = (sb_status)action->code, .information = action->information}};
    char text[96];

    if (!port)
        return false;
    sb_status status = sb_process_post_port(port->owner->process, port->value, &packet);
    result_set(session, "post", status, 0);
    report_call(session, action->line, "post %s: %s", action->name, report_status(status, text));
    return true;
}
