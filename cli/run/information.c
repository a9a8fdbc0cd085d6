/* What a file says of itself: NtQueryInformationFile and NtSetInformationFile. */
#include <inttypes.h>
#include <stdlib.h>

#include "cli/run/session.h"

bool execute_query(struct session *session, const struct action *action)
{
    struct sb_io_status io_status = {0};
    struct session_process *owner;
    sb_handle file;
    const char *name;
    char text[96];

    if (!handle_resolve(session, action, &owner, &file, &name))
        return false;
    uint32_t length = action->output.length;
    void *buffer = memory_allocate(length ? length : 1);
    sb_status status = sb_process_query_information(owner->process, file, &io_status, action->code,
                                                    buffer, length);
    result_set(session, "query", status, io_status.information);
    result_set_output(session, buffer, length, true);
    report_call(session, action->line, "query %" PRIu32 " of %s: %s, information %" PRIu64,
                action->code, name, report_status(status, text), io_status.information);
    report_reply(session);
    free(buffer);
    return true;
}

bool execute_change(struct session *session, const struct action *action)
{
    struct sb_io_status io_status = {0};
    struct session_process *owner;
    sb_handle file;
    const char *name;
    char text[96];

    if (!handle_resolve(session, action, &owner, &file, &name))
        return false;
    sb_status status =
        sb_process_set_information(owner->process, file, &io_status, action->code,
                                   action->input.data.bytes, (uint32_t)action->input.data.length);
    result_set(session, "change", status, io_status.information);
    report_call(session, action->line, "change %" PRIu32 " of %s: %s", action->code, name,
                report_status(status, text));
    return true;
}
