#include "cli/check/progress.h"

#include <stdio.h>

static void write_line(struct progress *progress)
{
    unsigned seconds = budget_seconds(progress->budget);

    progress->last = seconds;
    fprintf(stderr, "\r\033[K%3u s, %u finding%s: %s %s", seconds, progress->findings->count,
            progress->findings->count == 1 ? "" : "s", progress->phase, progress->what);
}

void progress_show(struct progress *progress, const char *phase, const char *what)
{
    if (!progress->is_shown)
        return;
    progress->phase = phase;
    snprintf(progress->what, sizeof progress->what, "%s", what);
    write_line(progress);
}

void progress_again(struct progress *progress)
{
    if (progress->is_shown && progress->phase && budget_seconds(progress->budget) != progress->last)
        write_line(progress);
}

void progress_end(const struct progress *progress)
{
    if (progress->is_shown)
        fputs("\r\033[K", stderr);
}
