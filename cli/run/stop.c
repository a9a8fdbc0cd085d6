/* A machine that a driver stopped: what is said of it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sysbuf/image.h>

#include "cli/files.h"
#include "cli/names.h"
#include "cli/run/session.h"

bool stop_read(struct session *session, struct stop *stop)
{
    if (!sb_machine_bug_check(session->machine, &stop->bug_check))
        return false;
    size_t length = sb_machine_describe_stop(session->machine, NULL, 0);
    stop->description = memory_allocate(length + 1);
    sb_machine_describe_stop(session->machine, stop->description, length + 1);
    return true;
}

/* The file of a loaded driver, to look symbols up in. */
static struct sb_image *open_image(struct session *session, const char *module)
{
    struct session_driver *driver = driver_find(session, module);
    struct sb_image *image = NULL;
    struct file_contents file;
    const char *reason;

    if (driver && file_read(driver->path, &file, &reason)) {
        if (sb_image_open(file.bytes, file.length, &image, NULL, 0) < 0)
            image = NULL;
        free(file.bytes);
    }
    return image;
}

static void print_place(struct session *session, const struct sb_bug_check *bug_check)
{
    struct sb_image_symbol symbol;

    if (!bug_check->module[0]) {
        fprintf(stderr, "  at 0x%" PRIx64 ", outside of the drivers\n", bug_check->offset);
        return;
    }
    fprintf(stderr, "  at %s+0x%" PRIx64, bug_check->module, bug_check->offset);
    struct sb_image *image = open_image(session, bug_check->module);
    if (image && sb_image_symbol(image, (uint32_t)bug_check->offset, &symbol)) {
        if (symbol.function[0])
            fprintf(stderr, " %s+0x%" PRIx64, symbol.function, symbol.offset);
        if (symbol.source_file[0])
            fprintf(stderr, " (%s:%d)", symbol.source_file, symbol.line);
    }
    putc('\n', stderr);
    sb_image_close(image);
}

/* The line behind the first, unless it belongs to the registers or the stack already. */
const char *stop_reason(const char *description, int *length)
{
    const char *line = strchr(description, '\n');

    if (!line || !line[1] || line[1] == ' ' || strncmp(line + 1, "stack,", 6) == 0)
        return NULL;
    *length = (int)strcspn(line + 1, "\n");
    return line + 1;
}

void stop_report(struct session *session, const struct stop *stop)
{
    const struct sb_bug_check *bug_check = &stop->bug_check;
    const char *name = bug_check_name(bug_check->code), *reason;
    int length;

    log_flush(&session->log);
    fflush(stdout);
    fprintf(stderr, "sysbuf: the machine stopped: %s (0x%08" PRIX32 ")\n",
            name ? name : "bug check", bug_check->code);
    reason = stop_reason(stop->description, &length);
    if (reason)
        fprintf(stderr, "  %.*s\n", length, reason);
    print_place(session, bug_check);
    fprintf(stderr,
            "  parameters 0x%016" PRIX64 " 0x%016" PRIX64 "\n"
            "             0x%016" PRIX64 " 0x%016" PRIX64 "\n",
            bug_check->parameters[0], bug_check->parameters[1], bug_check->parameters[2],
            bug_check->parameters[3]);
    if (session->options->hides_log)
        fputs(stop->description, stderr);
}
