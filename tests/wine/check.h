/*
 * What the test programs assert with. Every check counts; a failed one prints where and why.
 */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <stdbool.h>

/* Counts a check; where it does not hold, prints the text, a printf format. Any thread. */
#define CHECK(holds, ...) check((holds), __FILE__, __LINE__, __VA_ARGS__)
bool check(bool holds, const char *file, int line, const char *format, ...);

/*
 * Notes something that a runtime does not show. closed says whether it does show it by now: then
 * the note is out of date, and on the version that it was made for (Wine 8) that is a failure.
 */
void check_gap(bool closed, const char *what);

/* Prints how many checks there were; 0 if there were some and all held, else 1. */
int check_result(void);

/* A test by its name on the command line. */
struct test {
    const char *name;
    void (*run)(void);
};

/* Runs the test that argv[1] names and prints the result; 2 if there is none of that name. */
int check_main(int argc, char **argv, const struct test *tests, unsigned count);

#endif
