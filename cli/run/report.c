#include "cli/run/session.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/names.h"

enum { LINE_BYTES = 24, DUMP_BYTES = 16 };

void report_call(struct session *session, unsigned line, const char *format, ...)
{
    va_list arguments;

    log_flush(&session->log);
    if (session->options->is_quiet)
        return;
    if (line)
        printf("%4u  ", line);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    fflush(stdout);
}

bool report_failure(struct session *session, unsigned line, enum exit_code code, const char *format,
                    ...)
{
    va_list arguments;

    log_flush(&session->log);
    fflush(stdout);
    if (line)
        fprintf(stderr, "%s:%u: ", session->options->script_name, line);
    else
        fputs("sysbuf: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    putc('\n', stderr);
    if (session->code == EXIT_FINE)
        session->code = code;
    return false;
}

const char *report_status(sb_status status, char text[96])
{
    const char *name = status_name((uint32_t)status);

    if (name)
        snprintf(text, 96, "%s (0x%08" PRIX32 ")", name, (uint32_t)status);
    else
        snprintf(text, 96, "status 0x%08" PRIX32, (uint32_t)status);
    return text;
}

static char printable(uint8_t byte)
{
    return (char)(byte >= 0x20 && byte < 0x7F ? byte : '.');
}

const char *report_bytes(const uint8_t *bytes, size_t length, char *text, size_t capacity)
{
    size_t shown = length < LINE_BYTES ? length : LINE_BYTES, used = 0;

    for (size_t i = 0; i < shown; i++)
        used += (size_t)snprintf(text + used, capacity - used, "%02x ", bytes[i]);
    used += (size_t)snprintf(text + used, capacity - used, "%s |", shown < length ? "..." : "");
    for (size_t i = 0; i < shown && used + 8 < capacity; i++)
        text[used++] = printable(bytes[i]);
    snprintf(text + used, capacity - used, "|%s", shown < length ? "..." : "");
    return text;
}

static void dump(const uint8_t *bytes, size_t length)
{
    for (size_t at = 0; at < length; at += DUMP_BYTES) {
        printf("      %04zx ", at);
        for (size_t i = at; i < at + DUMP_BYTES; i++)
            if (i < length)
                printf(" %02x", bytes[i]);
            else
                fputs("   ", stdout);
        fputs("  |", stdout);
        for (size_t i = at; i < at + DUMP_BYTES && i < length; i++)
            putchar(printable(bytes[i]));
        fputs("|\n", stdout);
    }
}

void report_reply(struct session *session)
{
    const struct session_result *result = &session->result;
    char text[256];

    if (session->options->is_quiet || result->reply_length == 0)
        return;
    if (session->options->is_full)
        dump(result->output, result->reply_length);
    else
        printf("      %s\n", report_bytes(result->output, result->reply_length, text, sizeof text));
    fflush(stdout);
}
