/* From text to statements. A word's quotes are found here; what is in it is replaced later. */
#include "cli/script/script.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEEPEST_LOOP = 16 };

struct reader {
    struct script *script;
    struct script_error *error;
    const char *at, *end;
    unsigned line;
    struct script_word *words; /* of the statement that is being read */
    size_t word_count;
};

enum token { TOKEN_WORD, TOKEN_END_OF_STATEMENT, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_END, TOKEN_WRONG };

bool script_fail(struct script_error *error, unsigned line, const char *format, ...)
{
    va_list arguments;

    error->line = line;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool ends_word(const struct reader *reader)
{
    return reader->at == reader->end || is_blank(*reader->at) || *reader->at == '\n' ||
           *reader->at == ';';
}

static void skip_blanks(struct reader *reader)
{
    while (reader->at < reader->end && is_blank(*reader->at))
        reader->at++;
    if (reader->at < reader->end && *reader->at == '#')
        while (reader->at < reader->end && *reader->at != '\n')
            reader->at++;
}

static bool check_bytes(const char *text, size_t length, struct script_error *error)
{
    unsigned line = 1;

    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte == '\n')
            line++;
        else if ((byte < 0x20 && byte != '\t' && byte != '\r') || byte == 0x7F)
            return script_fail(error, line, "byte 0x%02X: this is no text", byte);
    }
    return true;
}

static bool read_quoted(struct reader *reader, struct script_word *word)
{
    char quote = *reader->at++;

    word->quote = quote == '"' ? SCRIPT_DOUBLE : SCRIPT_SINGLE;
    word->text = reader->at;
    while (reader->at < reader->end && *reader->at != quote && *reader->at != '\n') {
        if (quote == '"' && *reader->at == '\\' && reader->end - reader->at > 1)
            reader->at++;
        reader->at++;
    }
    if (reader->at >= reader->end || *reader->at != quote)
        return script_fail(reader->error, reader->line, "a %c is not closed", quote);
    word->length = (size_t)(reader->at - word->text);
    reader->at++;
    if (!ends_word(reader))
        return script_fail(reader->error, reader->line, "a blank must follow the closing %c",
                           quote);
    return true;
}

/* Behind "$(": up to the parenthesis that closes it. */
static bool skip_expression(struct reader *reader)
{
    unsigned depth = 1;

    while (depth > 0) {
        if (reader->at == reader->end || *reader->at == '\n')
            return script_fail(reader->error, reader->line, "a $( is not closed");
        depth += *reader->at == '(';
        depth -= *reader->at == ')';
        reader->at++;
    }
    return true;
}

static bool read_bare(struct reader *reader, struct script_word *word)
{
    word->quote = SCRIPT_BARE;
    word->text = reader->at;
    while (!ends_word(reader)) {
        if (*reader->at == '"' || *reader->at == '\'')
            return script_fail(reader->error, reader->line, "a blank must stand in front of %c",
                               *reader->at);
        bool expression =
            *reader->at == '$' && reader->end - reader->at > 1 && reader->at[1] == '(';
        reader->at += expression ? 2 : 1;
        if (expression && !skip_expression(reader))
            return false;
    }
    word->length = (size_t)(reader->at - word->text);
    return true;
}

static bool is_word(const struct script_word *word, const char *text)
{
    return word->quote == SCRIPT_BARE && word->length == strlen(text) &&
           memcmp(word->text, text, word->length) == 0;
}

static enum token read_token(struct reader *reader, struct script_word *word)
{
    skip_blanks(reader);
    if (reader->at == reader->end)
        return TOKEN_END;
    if (*reader->at == '\n' || *reader->at == ';') {
        return TOKEN_END_OF_STATEMENT;
    }
    bool quoted = *reader->at == '"' || *reader->at == '\'';
    if (quoted ? !read_quoted(reader, word) : !read_bare(reader, word))
        return TOKEN_WRONG;
    if (is_word(word, "{"))
        return TOKEN_OPEN;
    return is_word(word, "}") ? TOKEN_CLOSE : TOKEN_WORD;
}

static void skip_separator(struct reader *reader)
{
    if (*reader->at == '\n')
        reader->line++;
    reader->at++;
}

/* The words up to the end of the statement or a brace. */
static enum token read_words(struct reader *reader)
{
    struct script_word word;
    enum token token;

    reader->word_count = 0;
    while ((token = read_token(reader, &word)) == TOKEN_WORD) {
        reader->words = memory_grow(reader->words, reader->word_count, sizeof word);
        reader->words[reader->word_count++] = word;
    }
    return token;
}

static struct script_statement *keep_statement(struct reader *reader)
{
    struct arena *arena = &reader->script->arena;
    struct script_statement *statement = arena_allocate(arena, sizeof *statement);
    size_t size = reader->word_count * sizeof *reader->words;

    statement->line = reader->line;
    statement->word_count = reader->word_count;
    statement->words = arena_allocate(arena, size);
    memcpy(statement->words, reader->words, size);
    return statement;
}

/* What ends a list of statements. */
enum closing { CLOSED_BY_TEXT, CLOSED_BY_BRACE, CLOSED_BY_END };

static bool read_list(struct reader *reader, struct script_statement **link, enum closing closing,
                      unsigned opened, unsigned depth);

static bool read_loop(struct reader *reader, struct script_statement *loop, enum token token,
                      unsigned depth)
{
    if (depth == DEEPEST_LOOP)
        return script_fail(reader->error, reader->line, "more than %d loops in one another",
                           DEEPEST_LOOP);
    return read_list(reader, &loop->body, token == TOKEN_OPEN ? CLOSED_BY_BRACE : CLOSED_BY_END,
                     loop->line, depth + 1);
}

/* A brace where none belongs, or the list's own end. */
static bool close_list(struct reader *reader, enum closing closing, enum closing found)
{
    if (closing == found)
        return true;
    return script_fail(reader->error, reader->line,
                       closing == CLOSED_BY_END     ? "this seq is closed by end, not by }"
                       : closing == CLOSED_BY_BRACE ? "this seq is closed by }, not by end"
                                                    : "there is no seq that this would close");
}

static bool read_list(struct reader *reader, struct script_statement **link, enum closing closing,
                      unsigned opened, unsigned depth)
{
    for (;;) {
        enum token token = read_words(reader);
        bool is_loop = reader->word_count > 0 && is_word(&reader->words[0], "seq");

        if (token == TOKEN_WRONG)
            return false;
        if (token == TOKEN_OPEN && !is_loop)
            return script_fail(reader->error, reader->line, "a { belongs to seq only");
        if (reader->word_count == 1 && is_word(&reader->words[0], "end"))
            return close_list(reader, closing, CLOSED_BY_END);
        if (reader->word_count > 0) {
            *link = keep_statement(reader);
            if (is_loop && token == TOKEN_CLOSE)
                return script_fail(reader->error, reader->line, "this seq has no {");
            if (is_loop && !read_loop(reader, *link, token, depth))
                return false;
            link = &(*link)->next;
            if (is_loop)
                continue;
        }
        if (token == TOKEN_CLOSE)
            return close_list(reader, closing, CLOSED_BY_BRACE);
        if (token == TOKEN_END)
            break;
        skip_separator(reader);
    }
    if (closing != CLOSED_BY_TEXT)
        return script_fail(reader->error, opened, "this seq is not closed");
    return true;
}

bool script_parse(struct script *script, const char *text, size_t length,
                  struct script_error *error)
{
    struct reader reader = {.script = script, .error = error, .line = 1};

    *script = (struct script){0};
    if (!check_bytes(text, length, error))
        return false;
    script->text = arena_copy(&script->arena, text, length);
    reader.at = script->text;
    reader.end = script->text + length;
    bool parsed = read_list(&reader, &script->first, CLOSED_BY_TEXT, 0, 0);
    free(reader.words);
    if (!parsed)
        script_free(script);
    return parsed;
}

void script_free(struct script *script)
{
    arena_free(&script->arena);
    *script = (struct script){0};
}
