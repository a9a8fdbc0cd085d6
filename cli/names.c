#include "cli/names.h"

#include <string.h>

#include <sysbuf/host.h>

static const char *name_of(const struct code_name *names, size_t count, uint32_t code)
{
    for (size_t i = 0; i < count; i++)
        if (names[i].code == code)
            return names[i].name;
    return NULL;
}

static bool code_of(const struct code_name *names, size_t count, const char *name, uint32_t *code)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i].name, name) == 0) {
            *code = names[i].code;
            return true;
        }
    }
    return false;
}

const char *status_name(uint32_t status)
{
    if (status == (uint32_t)SB_STATUS_MACHINE_STOPPED)
        return "MACHINE_STOPPED"; /* the host's own, in no header of Windows */
    return name_of(status_names, status_names_count, status);
}

const char *bug_check_name(uint32_t code)
{
    const uint32_t missing_import = 0xC0000263;

    if (code == missing_import) /* the host's use of a status: a missing import was used */
        return "DRIVER_ENTRYPOINT_NOT_FOUND";
    return name_of(bug_check_names, bug_check_names_count, code);
}

bool status_from_name(const char *name, uint32_t *status)
{
    if (strcmp(name, "MACHINE_STOPPED") == 0) {
        *status = (uint32_t)SB_STATUS_MACHINE_STOPPED;
        return true;
    }
    return code_of(status_names, status_names_count, name, status);
}

bool bug_check_from_name(const char *name, uint32_t *code)
{
    return code_of(bug_check_names, bug_check_names_count, name, code);
}
