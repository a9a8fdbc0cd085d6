/* Names of NTSTATUS values and bug check codes; the tables are made from mingw-w64's headers. */
#ifndef SYSBUF_CLI_NAMES_H
#define SYSBUF_CLI_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct code_name {
    uint32_t code;
    const char *name;
};

extern const struct code_name status_names[];
extern const size_t status_names_count;
extern const struct code_name bug_check_names[];
extern const size_t bug_check_names_count;

/* The name of a code; NULL when it has none. */
const char *status_name(uint32_t status);
const char *bug_check_name(uint32_t code);
/* The code of a name; false when no code is called so. */
bool status_from_name(const char *name, uint32_t *status);
bool bug_check_from_name(const char *name, uint32_t *code);

#endif
