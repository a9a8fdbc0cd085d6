/*
 * Checks inside a test driver: a failed one is told by DbgPrint, with its group (groups.h) and its
 * text, and DriverEntry then refuses. Any thread, any IRQL.
 */
#ifndef TESTS_DRIVERS_CHECK_H
#define TESTS_DRIVERS_CHECK_H

extern volatile LONG checks, failures;
extern const char *check_driver, *check_group;
void check(int condition, const char *text, int line);
void check_status(NTSTATUS expected, NTSTATUS status, const char *text, int line);

#define CHECK(condition)             check(!!(condition), #condition, __LINE__)
#define CHECK_STATUS(expected, call) check_status(expected, call, #call, __LINE__)

/* For the list of a driver of several files. */
#define CHECK_GROUP_DECLARATION(name) void check_##name(void);

/* The definitions, in one file of the driver; name is how it calls itself in the log. */
#define CHECK_DEFINITIONS(name)                                                               \
    volatile LONG checks, failures;                                                           \
    const char *check_driver = name, *check_group = "driver";                                 \
    void check(int condition, const char *text, int line)                                     \
    {                                                                                         \
        InterlockedIncrement(&checks);                                                        \
        if (condition)                                                                        \
            return;                                                                           \
        InterlockedIncrement(&failures);                                                      \
        DbgPrint("%s %s: line %d: %s\n", check_driver, check_group, line, text);              \
    }                                                                                         \
    void check_status(NTSTATUS expected, NTSTATUS status, const char *text, int line)         \
    {                                                                                         \
        InterlockedIncrement(&checks);                                                        \
        if (status == expected)                                                               \
            return;                                                                           \
        InterlockedIncrement(&failures);                                                      \
        DbgPrint("%s %s: line %d: %s: 0x%08x, not 0x%08x\n", check_driver, check_group, line, \
                 text, status, expected);                                                     \
    }

#endif
