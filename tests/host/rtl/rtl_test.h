/* Common to the Rtl tests: NT's headers and cmocka in one file, and a few shorthands. */
#ifndef TESTS_HOST_RTL_RTL_TEST_H
#define TESTS_HOST_RTL_RTL_TEST_H

#include "host/nt.h"
#include "host/rtl/rtl.h"
#include "host/crt/crt.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "pool.h"

/* A UNICODE_STRING or STRING over an empty array. */
#define EMPTY_STRING(type, array) ((type){0, sizeof(array), (array)})

#define assert_status(expected, call) assert_int_equal((ULONG)(expected), (ULONG)(call))

/* `string` holds exactly the characters of a UTF-16 literal. */
#define assert_unicode(literal, string)                                     \
    do {                                                                    \
        assert_int_equal(sizeof(literal) - 2, (string).Length);             \
        assert_memory_equal(literal, (string).Buffer, sizeof(literal) - 2); \
    } while (0)

/* `string` holds exactly the bytes of a literal. */
#define assert_ansi(literal, string)                                        \
    do {                                                                    \
        assert_int_equal(sizeof(literal) - 1, (string).Length);             \
        assert_memory_equal(literal, (string).Buffer, sizeof(literal) - 1); \
    } while (0)

#endif
