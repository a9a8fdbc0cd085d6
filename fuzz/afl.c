/*
 * A driver under AFL++: links AFL++'s own runtime (afl-compiler-rt.o), which is its fork server,
 * its persistent loop and its shared memory (sysbuf-fuzz-afl is this): afl-fuzz -i SEEDS -o OUT --
 * sysbuf-fuzz-afl driver.sys Each input's blocks are noted anew, so that the same input gives the
 * same map. What breaks is written as a script to SYSBUF_CRASHES (.), and the process aborts, which
 * AFL++ takes as a crash. With a file's name behind the driver's that one input is run.
 * SYSBUF_VERIFY as for libFuzzer.
 *
 * A machine does not survive a fork: it is made behind the fork server.
 */
#include <stdio.h>
#include <unistd.h>

#include <sysbuf/fuzz.h>

enum { INPUTS_A_PROCESS = 100000 };

/* Of afl-compiler-rt. */
extern unsigned char *__afl_area_ptr;
extern unsigned int __afl_map_size;
extern unsigned int *__afl_fuzz_len;
extern unsigned char *__afl_fuzz_ptr;
void __afl_manual_init(void);
int __afl_persistent_loop(unsigned int count);
int __afl_sharedmem_fuzzing = 1; /* inputs come in shared memory */
/* afl-fuzz looks for these in the program. */
__attribute__((used)) static const char persistent[] = "##SIG_AFL_PERSISTENT##";
__attribute__((used)) static const char deferred[] = "##SIG_AFL_DEFER_FORKSRV##";

static void run(struct sb_fuzz *fuzz, const uint8_t *input, size_t length)
{
    const struct sb_coverage *coverage = sb_fuzz_coverage(fuzz);
    struct sb_fuzz_crash crash;
    if (!sb_fuzz_run(fuzz, input, length, &crash))
        sb_fuzz_abort(&crash);
    for (uint32_t i = 0; i < coverage->order_count; i++)
        __afl_area_ptr[coverage->order[i] % __afl_map_size] = 1;
    __afl_area_ptr[0] = 1; /* an input that reaches nothing is no failure */
}

static int run_file(struct sb_fuzz *fuzz, const char *path)
{
    static uint8_t input[SB_FUZZ_LONGEST];
    FILE *file = fopen(path, "rbe");
    if (!file) {
        fprintf(stderr, "sysbuf: %s cannot be read\n", path);
        return 2;
    }
    size_t length = fread(input, 1, sizeof(input), file);
    fclose(file);
    run(fuzz, input, length);
    return 0;
}

int main(int count, char **arguments)
{
    struct sb_fuzz *fuzz;
    if (count <= 2)
        __afl_manual_init();
    if (!sb_fuzz_open_for_engine(count > 1 ? arguments[1] : NULL, true, &fuzz))
        return 2;
    if (count > 2)
        return run_file(fuzz, arguments[2]);
    while (__afl_persistent_loop(INPUTS_A_PROCESS))
        run(fuzz, __afl_fuzz_ptr, *__afl_fuzz_len);
    _exit(0); /* the machine goes with the process */
}
