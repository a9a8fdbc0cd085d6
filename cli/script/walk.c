/* The order of execution: loops and variables; all other statements are the visitor's. */
#include "cli/script/script.h"

#include <string.h>

struct walking {
    const struct script_walk *walk;
    struct script_variables variables;
    struct script_error *error;
};

static bool walk_list(struct walking *walking, const struct script_statement *first);

static bool has_verb(const struct script_statement *statement, const char *verb)
{
    const struct script_word *word = &statement->words[0];

    return word->quote == SCRIPT_BARE && word->length == strlen(verb) &&
           memcmp(word->text, verb, word->length) == 0;
}

static bool expand_word(struct walking *walking, const struct script_statement *statement,
                        size_t index, struct arena *arena, struct script_text *text)
{
    return script_expand(&statement->words[index], &walking->variables, arena, text, walking->error,
                         statement->line);
}

static bool number_word(struct walking *walking, const struct script_statement *statement,
                        size_t index, uint64_t *value)
{
    struct arena arena = {0};
    struct script_text text;
    bool fine = expand_word(walking, statement, index, &arena, &text);

    if (fine && (text.is_quoted || !script_number(text.bytes, text.length, value)))
        fine = script_fail(walking->error, statement->line, "%.60s is no number", text.bytes);
    arena_free(&arena);
    return fine;
}

/* The variable's name is taken as it stands. */
static bool name_word(struct walking *walking, const struct script_statement *statement,
                      struct arena *arena, const char **name)
{
    const struct script_word *word = &statement->words[1];
    bool fine = word->quote == SCRIPT_BARE && word->length > 0 && word->length < 64;

    for (size_t i = 0; fine && i < word->length; i++) {
        char c = word->text[i];
        fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
               (i > 0 && c >= '0' && c <= '9');
    }
    if (!fine)
        return script_fail(walking->error, statement->line,
                           "a variable's name is of letters, digits and _");
    *name = arena_copy(arena, word->text, word->length);
    return true;
}

struct loop {
    const char *name;
    uint64_t from, to, step;
};

static bool read_loop(struct walking *walking, const struct script_statement *statement,
                      struct arena *arena, struct loop *loop)
{
    static const char usage[] = "usage: seq NAME FROM TO [step N] { ... }";
    size_t count = statement->word_count;
    struct script_text word = {.bytes = "step", .length = 4};

    if (count != 4 && count != 6)
        return script_fail(walking->error, statement->line, "%s", usage);
    loop->step = 1;
    if (count == 6 && (!expand_word(walking, statement, 4, arena, &word) ||
                       !number_word(walking, statement, 5, &loop->step)))
        return false;
    if (strcmp(word.bytes, "step") != 0)
        return script_fail(walking->error, statement->line, "%s", usage);
    if (loop->step == 0)
        return script_fail(walking->error, statement->line, "the step of a seq is 0");
    return name_word(walking, statement, arena, &loop->name) &&
           number_word(walking, statement, 2, &loop->from) &&
           number_word(walking, statement, 3, &loop->to);
}

/* From FROM to TO, both included; nothing when FROM is beyond TO. */
static bool run_loop(struct walking *walking, const struct script_statement *statement,
                     const struct loop *loop)
{
    for (uint64_t value = loop->from; value <= loop->to; value += loop->step) {
        script_variable_set(&walking->variables, loop->name, value);
        if (!walk_list(walking, statement->body))
            return false;
        if (walking->walk->is_check || loop->to - value < loop->step)
            break;
    }
    return true;
}

static bool walk_loop(struct walking *walking, const struct script_statement *statement)
{
    struct arena arena = {0};
    struct loop loop;
    bool fine = read_loop(walking, statement, &arena, &loop);

    if (fine && walking->walk->is_check && loop.from > loop.to)
        loop.to = loop.from; /* what never runs is checked as well */
    fine = fine && run_loop(walking, statement, &loop);
    arena_free(&arena);
    return fine;
}

static bool walk_set(struct walking *walking, const struct script_statement *statement)
{
    struct arena arena = {0};
    const char *name;
    uint64_t value;
    bool fine = statement->word_count == 3 ||
                script_fail(walking->error, statement->line, "usage: set NAME NUMBER");

    fine = fine && name_word(walking, statement, &arena, &name) &&
           number_word(walking, statement, 2, &value);
    if (fine)
        script_variable_set(&walking->variables, name, value);
    arena_free(&arena);
    return fine;
}

static bool walk_list(struct walking *walking, const struct script_statement *first)
{
    const struct script_walk *walk = walking->walk;
    bool fine = true;

    for (const struct script_statement *each = first; each && fine; each = each->next) {
        if (has_verb(each, "seq"))
            fine = walk_loop(walking, each);
        else if (has_verb(each, "set"))
            fine = walk_set(walking, each);
        else
            fine = walk->visit(walk->context, each, &walking->variables, walking->error);
    }
    return fine;
}

bool script_walk(const struct script *script, const struct script_walk *walk,
                 struct script_error *error)
{
    struct walking walking = {.walk = walk, .error = error};

    *error = (struct script_error){0};
    bool fine = walk_list(&walking, script->first);
    script_variables_free(&walking.variables);
    return fine;
}
