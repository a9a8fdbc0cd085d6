/* Checks inside a test driver: a failed one is told by DbgPrint, and DriverEntry then refuses. */
#ifndef TESTS_DRIVERS_CHECK_H
#define TESTS_DRIVERS_CHECK_H

extern unsigned checks, failures;
void check(int condition, const char *text, int line);
void check_status(NTSTATUS expected, NTSTATUS status, const char *text, int line);

#define CHECK(condition)             check(condition, #condition, __LINE__)
#define CHECK_STATUS(expected, call) check_status(expected, call, #call, __LINE__)

/* The definitions, in one file of the driver; name is how it calls itself in the log. */
#define CHECK_DEFINITIONS(name)                                                             \
    unsigned checks, failures;                                                              \
    void check(int condition, const char *text, int line)                                   \
    {                                                                                       \
        checks++;                                                                           \
        if (condition)                                                                      \
            return;                                                                         \
        failures++;                                                                         \
        DbgPrint(name ": line %d: %s\n", line, text);                                       \
    }                                                                                       \
    void check_status(NTSTATUS expected, NTSTATUS status, const char *text, int line)       \
    {                                                                                       \
        checks++;                                                                           \
        if (status == expected)                                                             \
            return;                                                                         \
        failures++;                                                                         \
        DbgPrint(name ": line %d: %s: 0x%08x, not 0x%08x\n", line, text, status, expected); \
    }

#endif
