/* Numbers, variables and what is computed from them. */
#include "cli/script/script.h"

#include <stdlib.h>
#include <string.h>

enum { DEEPEST_PARENTHESIS = 32 };

struct script_variable {
    struct script_variable *next;
    char *name;
    uint64_t value;
};

bool script_variable_get(const struct script_variables *variables, const char *name, size_t length,
                         uint64_t *value)
{
    for (struct script_variable *each = variables->first; each; each = each->next) {
        if (strlen(each->name) == length && memcmp(each->name, name, length) == 0) {
            *value = each->value;
            return true;
        }
    }
    return false;
}

void script_variable_set(struct script_variables *variables, const char *name, uint64_t value)
{
    struct script_variable *variable = variables->first;

    while (variable && strcmp(variable->name, name) != 0)
        variable = variable->next;
    if (!variable) {
        variable = memory_allocate(sizeof *variable);
        variable->name = memory_copy_text(name);
        variable->next = variables->first;
        variables->first = variable;
    }
    variable->value = value;
}

void script_variables_free(struct script_variables *variables)
{
    while (variables->first) {
        struct script_variable *next = variables->first->next;
        free(variables->first->name);
        free(variables->first);
        variables->first = next;
    }
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

/* The digits at *at, without sign; false when there are none or they exceed 64 bits. */
static bool read_digits(const char **at, const char *end, uint64_t *value)
{
    unsigned base = 10;
    const char *start = *at;

    if (end - *at > 2 && start[0] == '0' && (start[1] == 'x' || start[1] == 'X')) {
        base = 16;
        start = *at += 2;
    }
    *value = 0;
    for (; *at < end && (unsigned)digit_of(**at) < base; ++*at) {
        unsigned digit = (unsigned)digit_of(**at);
        if (*value > (UINT64_MAX - digit) / base)
            return false;
        *value = *value * base + digit;
    }
    return *at > start;
}

bool script_number(const char *text, size_t length, uint64_t *value)
{
    const char *at = text, *end = text + length;
    bool negative = at < end && *at == '-';
    uint64_t magnitude;

    at += negative;
    if (!read_digits(&at, end, &magnitude) || at != end)
        return false;
    if (negative && magnitude > (uint64_t)1 << 63)
        return false;
    *value = negative ? 0 - magnitude : magnitude;
    return true;
}

struct evaluation {
    const char *at, *end;
    const struct script_variables *variables;
    struct script_error *error;
    unsigned line, depth;
};

static void skip_blanks(struct evaluation *evaluation)
{
    while (evaluation->at < evaluation->end && (*evaluation->at == ' ' || *evaluation->at == '\t'))
        evaluation->at++;
}

static bool next_is(struct evaluation *evaluation, const char *text)
{
    size_t length = strlen(text);

    skip_blanks(evaluation);
    if ((size_t)(evaluation->end - evaluation->at) < length ||
        memcmp(evaluation->at, text, length) != 0)
        return false;
    evaluation->at += length;
    return true;
}

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool sum(struct evaluation *evaluation, unsigned level, uint64_t *value);

static bool parenthesis(struct evaluation *evaluation, uint64_t *value)
{
    if (evaluation->depth++ == DEEPEST_PARENTHESIS)
        return script_fail(evaluation->error, evaluation->line,
                           "more than %d parentheses in one another", DEEPEST_PARENTHESIS);
    if (!sum(evaluation, 0, value))
        return false;
    evaluation->depth--;
    if (!next_is(evaluation, ")"))
        return script_fail(evaluation->error, evaluation->line, "a ) is missing");
    return true;
}

static bool variable(struct evaluation *evaluation, uint64_t *value)
{
    const char *name = evaluation->at;

    while (evaluation->at < evaluation->end && is_name_byte(*evaluation->at))
        evaluation->at++;
    int length = (int)(evaluation->at - name);
    if (length == 0)
        return script_fail(evaluation->error, evaluation->line,
                           "a number or a variable is missing in $( )");
    if (!script_variable_get(evaluation->variables, name, (size_t)length, value))
        return script_fail(evaluation->error, evaluation->line, "there is no variable %.*s",
                           length > 60 ? 60 : length, name);
    return true;
}

static bool factor(struct evaluation *evaluation, uint64_t *value)
{
    unsigned minus = 0;

    while (next_is(evaluation, "-"))
        minus++;
    skip_blanks(evaluation);
    if (evaluation->at < evaluation->end && *evaluation->at >= '0' && *evaluation->at <= '9') {
        if (!read_digits(&evaluation->at, evaluation->end, value))
            return script_fail(evaluation->error, evaluation->line,
                               "a number does not fit into 64 bits");
    } else if (next_is(evaluation, "(")) {
        if (!parenthesis(evaluation, value))
            return false;
    } else {
        (void)next_is(evaluation, "$");
        if (!variable(evaluation, value))
            return false;
    }
    if (minus % 2)
        *value = 0 - *value;
    return true;
}

/* Operators from the loosest binding to the tightest. */
static const char *const levels[][4] = {
    {"|", "^"}, {"&"}, {"<<", ">>"}, {"+", "-"}, {"*", "/", "%"}};
enum { LEVEL_COUNT = sizeof levels / sizeof *levels };

static bool apply(struct evaluation *evaluation, char operation, uint64_t *left, uint64_t right)
{
    if ((operation == '/' || operation == '%') && right == 0)
        return script_fail(evaluation->error, evaluation->line, "a division by zero");
    switch (operation) {
    case '|':
        *left |= right;
        break;
    case '^':
        *left ^= right;
        break;
    case '&':
        *left &= right;
        break;
    case '<':
        *left = right < 64 ? *left << right : 0;
        break;
    case '>':
        *left = right < 64 ? *left >> right : 0;
        break;
    case '+':
        *left += right;
        break;
    case '-':
        *left -= right;
        break;
    case '*':
        *left *= right;
        break;
    case '/':
        *left /= right;
        break;
    default:
        *left %= right;
    }
    return true;
}

static const char *next_operator(struct evaluation *evaluation, unsigned level)
{
    for (unsigned i = 0; i < 4 && levels[level][i]; i++)
        if (next_is(evaluation, levels[level][i]))
            return levels[level][i];
    return NULL;
}

static bool sum(struct evaluation *evaluation, unsigned level, uint64_t *value)
{
    const char *operation;

    if (level == LEVEL_COUNT)
        return factor(evaluation, value);
    if (!sum(evaluation, level + 1, value))
        return false;
    while ((operation = next_operator(evaluation, level))) {
        uint64_t right;
        if (!sum(evaluation, level + 1, &right) || !apply(evaluation, *operation, value, right))
            return false;
    }
    return true;
}

bool script_evaluate(const char *text, size_t length, const struct script_variables *variables,
                     uint64_t *value, struct script_error *error, unsigned line)
{
    struct evaluation evaluation = {
        .at = text, .end = text + length, .variables = variables, .error = error, .line = line};

    if (!sum(&evaluation, 0, value))
        return false;
    skip_blanks(&evaluation);
    if (evaluation.at != evaluation.end)
        return script_fail(error, line, "what is %.*s in a $( )?",
                           (int)(evaluation.end - evaluation.at), evaluation.at);
    return true;
}
