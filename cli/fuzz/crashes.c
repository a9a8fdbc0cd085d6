/* A crash on disk: identity.input, identity.script and identity.txt. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/fuzz/fuzz.h"

static void path_of(char path[4096], const struct fuzz_options *options,
                    const struct sb_fuzz_crash *crash, const char *suffix)
{
    snprintf(path, 4096, "%s/%s%s", options->crashes, crash->identity, suffix);
}

static bool write_file(const char *path, const void *bytes, size_t length)
{
    FILE *file = fopen(path, "wbe");
    bool written = file && fwrite(bytes, 1, length, file) == length;
    if (file && fclose(file) != 0)
        written = false;
    if (!written)
        command_fail("%s cannot be written", path);
    return written;
}

static void write_report(const char *path, const struct sb_fuzz_crash *crash)
{
    FILE *file = fopen(path, "we");
    if (!file)
        return;
    fprintf(file, "%s\n%s\n%s", crash->title,
            crash->is_reproduced
                ? "The script does it again on a new machine."
                : "It did not happen again on a new machine: it depends on time or on chance.",
            crash->report ? crash->report : "");
    fclose(file);
}

void crash_save(const struct fuzz_options *options, const struct sb_fuzz_crash *crash)
{
    char path[4096];
    path_of(path, options, crash, ".script");
    if (access(path, F_OK) == 0)
        return;
    printf("crash: %s%s\n", crash->title,
           crash->is_reproduced ? "" : " (not reproduced on a new machine)");
    fflush(stdout);
    if (!corpus_make_folder("--crashes", options->crashes))
        return;
    if (crash->script && write_file(path, crash->script, strlen(crash->script)))
        printf("  %s\n", path);
    path_of(path, options, crash, ".input");
    if (crash->input)
        write_file(path, crash->input, crash->input_length);
    path_of(path, options, crash, ".txt");
    write_report(path, crash);
    fflush(stdout);
}
