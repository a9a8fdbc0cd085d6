/*
 * What the files of the client library's test program share.
 */
#ifndef TESTS_CLIENT_TEST_H
#define TESTS_CLIENT_TEST_H

#include <sysbuf/client.h>

#include "check.h"

/* Opens a device; ends the program where it does not open. */
struct sb_client *open_or_end(const char *path);

/* The error of a call of RUDE_RETURN_STATUS with this NTSTATUS. */
enum sb_error call_with_status(struct sb_client *rude, uint32_t status, uint32_t timeout);

/* The tests, by file. */
void test_arguments(void);
void test_errors(void);
void test_untouched(void);
void test_echo(void);
void test_no_device(void);
void test_timeouts(void);
void test_deaf(void);
void test_close(void);
void test_given_up(void);
void test_threads(void);
void test_notify(void);
void test_direct(void);
void test_transfers(void);
void test_handshake(void);

#endif
