/* The machine's registry. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/run/machine.h"

enum { LARGEST_VALUE = 1 << 20 };

/* A key that does not begin with a backslash lies below the last driver's own, which is ".". */
static char *full_key(struct session *session, const char *key)
{
    static const char services[] = "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\";
    const struct session_driver *driver = driver_find(session, NULL);
    const char *name = driver ? driver->name : "";
    char *full;

    if (key[0] == '\\')
        return memory_copy_text(key);
    if (strcmp(key, ".") == 0)
        key = "";
    if (asprintf(&full, "%s%.*s%s%s", services, (int)strcspn(name, "."), name, key[0] ? "\\" : "",
                 key) < 0)
        return memory_copy_text("");
    return full;
}

static sb_status read_value(struct session *session, struct sb_process *process, const char *key,
                            const char *name)
{
    uint8_t *data = memory_allocate(LARGEST_VALUE);
    uint32_t type, needed = 0;
    sb_status status =
        sb_process_read_registry(process, key, name, &type, data, LARGEST_VALUE, &needed);

    result_set(session, "registry", status, status < 0 ? 0 : needed);
    if (status >= 0)
        result_set_output(session, data, needed, true);
    free(data);
    return status;
}

bool execute_registry(struct session *session, const struct action *action)
{
    struct session_process *process = process_current(session);
    const struct action_data *data = &action->input.data;
    sb_status status;
    char text[96];

    if (!process)
        return report_failure(session, action->line, EXIT_UNUSABLE,
                              "the machine makes no more processes");
    char *key = full_key(session, action->path);
    if (action->is_on) {
        status = sb_process_write_registry(process->process, key, action->name, action->code,
                                           data->bytes, (uint32_t)data->length);
        result_set(session, "registry", status, 0);
    } else {
        status = read_value(session, process->process, key, action->name);
    }
    report_call(session, action->line, "registry %s %s %s: %s", action->is_on ? "write" : "read",
                key, action->name, report_status(status, text));
    if (!action->is_on)
        report_reply(session);
    free(key);
    return true;
}
