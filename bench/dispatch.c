/*
 * A few calls of one command, for callgrind to count the instructions of the last: dispatch_count
 * library|hand. bench/dispatch.sh has the counting done.
 */
#include <bench/dispatch_contract.h>
#include <tests/unit/fake_kernel.h>

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    uint32_t input[DISPATCH_INPUT / 4] = {41};
    struct fake_result result;
    uint32_t reply;

    if (argc != 2 || (strcmp(argv[1], "library") != 0 && strcmp(argv[1], "hand") != 0)) {
        fprintf(stderr, "usage: dispatch_count library|hand\n");
        return 2;
    }
    fake_reset();
    if (fake_start() != FAKE_STATUS_SUCCESS || fake_open(NULL, false).status != FAKE_STATUS_SUCCESS)
        return 1;
    dispatch_by_hand = strcmp(argv[1], "hand") == 0;
    for (int call = 0; call < 10; call++) {
        reply = 0;
        result = fake_control(DISPATCH_COMMAND, input, sizeof(input), &reply, sizeof(reply), 0);
        if (result.status != FAKE_STATUS_SUCCESS || result.information != 4 || reply != 42) {
            fprintf(stderr, "dispatch_count: a wrong answer\n");
            return 1;
        }
    }
    fake_simple(FAKE_CLEANUP);
    fake_simple(FAKE_CLOSE);
    fake_unload();
    return 0;
}
