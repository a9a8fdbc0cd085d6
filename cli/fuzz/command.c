/* sysbuf fuzz: what to do. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/files.h"
#include "cli/fuzz/fuzz.h"

/* --show: an input in words. */
static int show(const struct fuzz_options *options)
{
    struct file_contents file;
    const char *reason;
    struct sb_fuzz *fuzz;
    char error[600];
    if (!file_read(options->shown, &file, &reason))
        return command_fail("--show: %s: %s", options->shown, reason);
    bool opened = sb_fuzz_open(&options->target, &fuzz, error, sizeof(error));
    if (opened) {
        char *script = sb_fuzz_script(fuzz, file.bytes, file.length);
        if (script)
            fputs(script, stdout);
        free(script);
        sb_fuzz_close(fuzz);
    }
    free(file.bytes);
    return opened ? EXIT_FINE : command_fail("%s: %s", options->target.driver, error);
}

int fuzz_command(int count, char **arguments)
{
    struct fuzz_options options;
    bool shown_help;
    int code = fuzz_options_read(count, arguments, &options, &shown_help);
    if (code != EXIT_FINE || shown_help)
        return code;
    if (options.shown)
        return show(&options);
    if (options.corpus && !corpus_make_folder("--corpus", options.corpus))
        return EXIT_UNUSABLE;
    return fuzz_in_jobs(&options);
}
