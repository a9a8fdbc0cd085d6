/* Variables and escapes in words. */
#include "cli/script/script.h"

#include <stdio.h>
#include <string.h>

struct expansion {
    const struct script_word *word;
    const struct script_variables *variables;
    struct script_error *error;
    unsigned line;
    size_t at; /* in the word */
    char *out; /* NULL: only measure */
    size_t length;
};

static void put(struct expansion *expansion, const char *text, size_t length)
{
    if (expansion->out)
        memcpy(expansion->out + expansion->length, text, length);
    expansion->length += length;
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *found = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;

    return found ? (int)(found - digits) : -1;
}

/* Behind a backslash in double quotes. */
static bool escape(struct expansion *expansion)
{
    static const char names[] = "ntr0\\\"$", values[] = "\n\t\r\0\\\"$";
    const struct script_word *word = expansion->word;
    char name = word->text[expansion->at++];
    const char *found = name ? strchr(names, name) : NULL;

    if (found) {
        put(expansion, &values[found - names], 1);
        return true;
    }
    if (name == 'x' && word->length - expansion->at >= 2) {
        int high = hex_digit(word->text[expansion->at]);
        int low = hex_digit(word->text[expansion->at + 1]);
        if (high >= 0 && low >= 0) {
            put(expansion, &(char){(char)(high << 4 | low)}, 1);
            expansion->at += 2;
            return true;
        }
    }
    return script_fail(expansion->error, expansion->line,
                       "\\%c means nothing between double quotes: write \\\\ for a backslash, or "
                       "use single quotes",
                       name);
}

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static size_t expression_length(const struct expansion *expansion)
{
    const struct script_word *word = expansion->word;
    size_t end = expansion->at;

    for (unsigned depth = 1; end < word->length; end++) {
        depth += word->text[end] == '(';
        depth -= word->text[end] == ')';
        if (depth == 0)
            break;
    }
    return end - expansion->at;
}

static size_t name_length(const struct expansion *expansion)
{
    size_t end = expansion->at;

    while (end < expansion->word->length && is_name_byte(expansion->word->text[end]))
        end++;
    return end - expansion->at;
}

/* Behind a dollar sign: a name, {name} or (expression). */
static bool variable(struct expansion *expansion)
{
    const struct script_word *word = expansion->word;
    const char *text = word->text + expansion->at;
    size_t rest = word->length - expansion->at, length;
    char decimal[24];
    uint64_t value;

    if (rest > 0 && *text == '(') {
        expansion->at++;
        length = expression_length(expansion);
        if (length == word->length - expansion->at)
            return script_fail(expansion->error, expansion->line, "a $( is not closed");
        if (!script_evaluate(text + 1, length, expansion->variables, &value, expansion->error,
                             expansion->line))
            return false;
        expansion->at += length + 1;
    } else {
        bool braced = rest > 0 && *text == '{';
        expansion->at += braced;
        text += braced;
        length = name_length(expansion);
        if (length == 0 || (braced && (length + 1 >= rest || text[length] != '}')))
            return script_fail(expansion->error, expansion->line,
                               "behind a $ a variable's name must follow");
        if (!script_variable_get(expansion->variables, text, length, &value))
            return script_fail(expansion->error, expansion->line, "there is no variable %.*s",
                               length > 60 ? 60 : (int)length, text);
        expansion->at += length + braced;
    }
    put(expansion, decimal,
        (size_t)snprintf(decimal, sizeof decimal, "%llu", (unsigned long long)value));
    return true;
}

static bool run(struct expansion *expansion)
{
    const struct script_word *word = expansion->word;

    expansion->at = expansion->length = 0;
    while (expansion->at < word->length) {
        char c = word->text[expansion->at++];
        bool fine = true;
        if (c == '$' && word->quote != SCRIPT_SINGLE)
            fine = variable(expansion);
        else if (c == '\\' && word->quote == SCRIPT_DOUBLE && expansion->at < word->length)
            fine = escape(expansion);
        else
            put(expansion, &c, 1);
        if (!fine)
            return false;
    }
    return true;
}

bool script_expand(const struct script_word *word, const struct script_variables *variables,
                   struct arena *arena, struct script_text *text, struct script_error *error,
                   unsigned line)
{
    struct expansion expansion = {
        .word = word, .variables = variables, .error = error, .line = line};

    if (!run(&expansion))
        return false;
    expansion.out = arena_allocate(arena, expansion.length + 1);
    (void)run(&expansion);
    text->bytes = expansion.out;
    text->length = expansion.length;
    text->is_quoted = word->quote != SCRIPT_BARE;
    return true;
}
