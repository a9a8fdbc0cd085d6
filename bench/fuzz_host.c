/*
 * Fuzzing a driver, engine and all: fuzz_host DRIVER.sys INPUTS RULES [SCRIPT]
 * RULES is SB_VERIFY_* as a number. Prints requests a second. With SCRIPT it writes the same
 * requests there for `sysbuf run` as well, and prints how many there are. A crash ends it: the
 * drivers that are measured have none.
 */
#define _POSIX_C_SOURCE 200809L

#include <sysbuf/fuzz.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_SEEDS = 256 };

static struct {
    uint8_t bytes[SB_FUZZ_LONGEST];
    size_t length;
} seeds[MOST_SEEDS];

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int fail(const char *what)
{
    fprintf(stderr, "fuzz_host: %s\n", what);
    return 1;
}

static uint32_t make_seeds(const struct sb_fuzz *fuzz)
{
    uint32_t count = 0;

    while (count < MOST_SEEDS && (seeds[count].length = sb_fuzz_seed(
                                      fuzz, count, seeds[count].bytes, SB_FUZZ_LONGEST)) != 0)
        count++;
    return count;
}

static void write_script(FILE *script, const struct sb_fuzz *fuzz)
{
    char *text = sb_fuzz_script(fuzz, NULL, 0);

    if (text != NULL)
        fputs(text, script);
    free(text);
}

/* Changes the seeds in turn; false: something broke. */
static int run(struct sb_fuzz *fuzz, long inputs, FILE *script)
{
    static uint8_t input[SB_FUZZ_LONGEST];
    uint32_t count = make_seeds(fuzz);
    struct sb_fuzz_crash crash;
    size_t length;
    long i;

    for (i = 0; i < inputs; i++) {
        uint32_t from = (uint32_t)i % count, other = (uint32_t)(i / count) % count;
        length = seeds[from].length;
        memcpy(input, seeds[from].bytes, length);
        length = sb_fuzz_mutate(fuzz, input, length, sizeof(input), seeds[other].bytes,
                                seeds[other].length, (uint64_t)i);
        if (!sb_fuzz_run(fuzz, input, length, &crash))
            return fail(crash.title);
        if (script != NULL)
            write_script(script, fuzz);
    }
    return sb_fuzz_finish(fuzz, &crash) ? 0 : fail(crash.title);
}

int main(int argc, char **argv)
{
    long inputs = argc >= 4 ? strtol(argv[2], NULL, 10) : 0;
    FILE *script = argc == 5 ? fopen(argv[4], "w") : NULL;
    struct sb_fuzz_options options = {0};
    struct sb_fuzz *fuzz;
    char error[600];
    double start;
    int code;

    if (inputs <= 0 || (argc == 5 && script == NULL))
        return fail("usage: fuzz_host DRIVER.sys INPUTS RULES [SCRIPT]") + 1;
    options.driver = argv[1];
    options.verify = (uint32_t)strtoul(argv[3], NULL, 0);
    if (!sb_fuzz_open(&options, &fuzz, error, sizeof(error)))
        return fail(error);
    start = now();
    code = run(fuzz, inputs, script);
    if (script != NULL)
        printf("%llu\n", (unsigned long long)sb_fuzz_requests(fuzz));
    else
        printf("%.0f\n", (double)sb_fuzz_requests(fuzz) / (now() - start));
    sb_fuzz_close(fuzz);
    if (script != NULL && fclose(script) != 0)
        return fail("the script cannot be written");
    return code;
}
