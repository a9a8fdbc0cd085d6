/*
 * The script language of `sysbuf run`, as text: statements, words, loops and variables. What the
 * words of a statement mean is in action.h. The language is described in sysbuf-script(5).
 */
#ifndef SYSBUF_CLI_SCRIPT_H
#define SYSBUF_CLI_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/memory.h"

enum script_quote { SCRIPT_BARE, SCRIPT_SINGLE, SCRIPT_DOUBLE };

/* A word as it stands in the script, without its quotes. */
struct script_word {
    const char *text; /* not terminated */
    size_t length;
    enum script_quote quote;
};

struct script_statement {
    struct script_statement *next;
    unsigned line;
    struct script_word *words;
    size_t word_count;             /* at least 1 */
    struct script_statement *body; /* of a seq: what is repeated, in order; may be NULL */
};

struct script {
    char *text;
    struct script_statement *first;
    struct arena arena;
};

struct script_error {
    unsigned line;
    char text[400];
};
/* Fills error and returns false, so that a parser can return it. */
bool script_fail(struct script_error *error, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Cuts the text (copied) into statements. False: error says why, and nothing needs to be freed. */
bool script_parse(struct script *script, const char *text, size_t length,
                  struct script_error *error);
void script_free(struct script *script);

/* ---- variables: numbers by name ---- */
struct script_variables {
    struct script_variable *first;
};
bool script_variable_get(const struct script_variables *variables, const char *name, size_t length,
                         uint64_t *value);
void script_variable_set(struct script_variables *variables, const char *name, uint64_t value);
void script_variables_free(struct script_variables *variables);

/* The value of "n * 4 + 0x10": numbers, variables, + - * / % & | ^ << >> and parentheses, on
 * unsigned numbers of 64 bits that wrap around. */
bool script_evaluate(const char *text, size_t length, const struct script_variables *variables,
                     uint64_t *value, struct script_error *error, unsigned line);
/* "123", "-1" or "0x7B", the whole of it. */
bool script_number(const char *text, size_t length, uint64_t *value);

/* A word after variables and escapes are replaced; terminated, but may hold zero bytes. */
struct script_text {
    const char *bytes;
    size_t length;
    bool is_quoted;
};
bool script_expand(const struct script_word *word, const struct script_variables *variables,
                   struct arena *arena, struct script_text *text, struct script_error *error,
                   unsigned line);

/* ---- walking ---- */
struct script_walk {
    /* Called for each statement but seq and set, in order. Returning false ends the walk. */
    bool (*visit)(void *context, const struct script_statement *statement,
                  const struct script_variables *variables, struct script_error *error);
    void *context;
    /* Each loop's body once, with the first value: a check that needs no time. */
    bool is_check;
};
/* False when a visit returned false, or when a seq or set is wrong: error->line is not 0 then. */
bool script_walk(const struct script *script, const struct script_walk *walk,
                 struct script_error *error);

#endif
