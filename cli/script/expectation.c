/* expect: clauses, one after the other. */
#include <string.h>

#include "cli/names.h"
#include "cli/script/verbs.h"

static bool take_code(struct cursor *cursor, bool (*from_name)(const char *, uint32_t *),
                      const char *what, uint64_t *value)
{
    const char *name;
    uint32_t code;

    if (cursor_is_number(cursor))
        return cursor_take_number(cursor, UINT32_MAX, what, value);
    if (!cursor_take_text(cursor, what, &name))
        return false;
    if (!from_name(name, &code))
        return cursor_fail(cursor, "%.80s is no known name", name);
    *value = code;
    return true;
}

/* Either "none" or data, at an offset. */
static bool take_bytes(struct cursor *cursor, struct expectation *expectation)
{
    if (cursor_take_keyword(cursor, "none")) {
        expectation->data.bytes = (const uint8_t *)"";
        return true;
    }
    expectation->has_offset = cursor_take_keyword(cursor, "at");
    if (expectation->has_offset &&
        !cursor_take_number(cursor, LARGEST_DATA, "an offset", &expectation->offset))
        return false;
    return cursor_take_data(cursor, &expectation->data) &&
           (!expectation->data.pointers ||
            cursor_fail(cursor, "a pointer's value cannot be expected"));
}

static bool take_log(struct cursor *cursor, struct expectation *expectation)
{
    const struct script_text *word = &cursor->words[cursor->next];
    const char *text;

    if (!cursor_take_text(cursor, "a text", &text))
        return false;
    expectation->data =
        (struct action_data){.bytes = (const uint8_t *)text, .length = word->length};
    return !cursor_take_keyword(cursor, "within") ||
           cursor_take_number(cursor, 3600 * 1000, "a number of milliseconds",
                              &expectation->number);
}

/* The text is optional where no clause follows. */
static bool take_no_log(struct cursor *cursor, struct expectation *expectation)
{
    if (!cursor_take_keyword(cursor, "log"))
        return cursor_fail(cursor, "log must follow no");
    if (!cursor_has_more(cursor))
        return true;
    return take_log(cursor, expectation);
}

static bool take_clause(struct cursor *cursor, struct expectation *expectation)
{
    if (cursor_take_keyword(cursor, "status")) {
        expectation->kind = EXPECT_STATUS;
        return take_code(cursor, status_from_name, "a status", &expectation->number);
    }
    if (cursor_take_keyword(cursor, "information")) {
        expectation->kind = EXPECT_INFORMATION;
        return cursor_take_number(cursor, UINT64_MAX, "a number", &expectation->number);
    }
    if (cursor_take_keyword(cursor, "bytes")) {
        expectation->kind = EXPECT_BYTES;
        return take_bytes(cursor, expectation);
    }
    if (cursor_take_keyword(cursor, "output")) {
        expectation->kind = EXPECT_OUTPUT;
        return take_bytes(cursor, expectation);
    }
    if (cursor_take_keyword(cursor, "log")) {
        expectation->kind = EXPECT_LOG;
        return take_log(cursor, expectation);
    }
    if (cursor_take_keyword(cursor, "no")) {
        expectation->kind = EXPECT_NO_LOG;
        return take_no_log(cursor, expectation);
    }
    if (cursor_take_keyword(cursor, "bugcheck")) {
        expectation->kind = EXPECT_BUG_CHECK;
        return take_code(cursor, bug_check_from_name, "a bug check code", &expectation->number);
    }
    bool success = cursor_take_keyword(cursor, "success");
    expectation->kind = success ? EXPECT_SUCCESS : EXPECT_FAILURE;
    return success || cursor_take_keyword(cursor, "failure") ||
           cursor_fail(cursor, "what is expected?");
}

bool verb_expect(struct cursor *cursor, struct action *action)
{
    struct expectation **link = &action->expectations;

    do {
        *link = arena_allocate(cursor->arena, sizeof **link);
        if (!take_clause(cursor, *link))
            return false;
        link = &(*link)->next;
    } while (cursor_has_more(cursor));
    return true;
}
