/*
 * As much of cmocka as tests/host/requests_*.c use, for Windows: a claim that does not hold is
 * printed as the drivers print theirs (tests/drivers/check.h), and its test goes on.
 */
#ifndef TESTS_WINE_CMOCKA_H
#define TESTS_WINE_CMOCKA_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Counts the claim; calls.c has them. */
void call_claim(int holds, const char *text, int line);
void call_claim_equal(uint64_t left, uint64_t right, const char *text, int line);

#define assert_true(a)     call_claim(!!(a), #a, __LINE__)
#define assert_non_null(a) call_claim((a) != NULL, #a " != NULL", __LINE__)
#define assert_int_equal(a, b) \
    call_claim_equal((uint64_t)(a), (uint64_t)(b), #a " == " #b, __LINE__)
#define assert_int_not_equal(a, b) call_claim((a) != (b), #a " != " #b, __LINE__)
#define assert_memory_equal(a, b, size) \
    call_claim(memcmp(a, b, size) == 0, "memcmp(" #a ", " #b ", " #size ") == 0", __LINE__)
#define fail_msg(...) call_claim((printf(__VA_ARGS__), printf("\n"), 0), #__VA_ARGS__, __LINE__)
#define print_message printf

#endif
