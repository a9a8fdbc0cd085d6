/* An access that must not be: what was there, and the finding or the bug check. */
#include "host/sanitizer/sanitizer.h"

#include <sysbuf/host.h>

#include "host/ke/ke.h"
#include "host/ke/text.h"
#include "host/seh/safe_memory.h"
#include "host/verifier/pool_text.h"
#include "host/verifier/report.h"
#include "host/verifier/state.h"

enum { KASAN_ILLEGAL_ACCESS = 0x1F2, FRAME_SEARCH = 64 * 1024, VARIABLES_TEXT = 1024 };

/* ---- local variables ---- */
/* The frame begins with a magic number (another one when its function has returned), the address of
 * its description ("2 32 8 4 text:12 64 4 1 i": how many variables; of each: offset, size, length
 * of its name, name and line) and a code address. The shadow of its first bytes is
 * SHADOW_STACK_LEFT. */
static const char *find_frame(uint64_t address, uint64_t *frame)
{
    enum { MAGIC = 0x41B58AB3, RETURNED_MAGIC = 0x45E0360E };
    for (uint64_t at = address & ~31ull, i = 0; i < FRAME_SEARCH; at -= 32, i += 32) {
        uint64_t head[2];
        if (seh_read_some(at, head, sizeof(head)) == sizeof(head) &&
            (head[0] == MAGIC || head[0] == RETURNED_MAGIC)) {
            *frame = at;
            return (const char *)head[1];
        }
    }
    return NULL;
}

static uint64_t take_number(const char **text)
{
    uint64_t number = 0;
    while (**text == ' ')
        (*text)++;
    for (; **text >= '0' && **text <= '9'; (*text)++)
        number = number * 10 + (uint64_t)(**text - '0');
    return number;
}

struct variable {
    uint64_t start, size;
    const char *name;
    int name_length;
    uint64_t line;
};

static void take_variable(const char **text, struct variable *variable)
{
    variable->start = take_number(text);
    variable->size = take_number(text);
    uint64_t length = take_number(text);
    if (**text == ' ')
        (*text)++;
    const char *end = *text;
    for (uint64_t i = 0; i < length && *end; i++)
        end++;
    variable->name = *text;
    variable->name_length = (int)(end - *text);
    variable->line = 0;
    *text = end;
    for (int i = 0; i < variable->name_length; i++)
        if (variable->name[i] == ':') {
            const char *line = variable->name + i + 1;
            variable->line = take_number(&line);
            variable->name_length = i;
        }
}

static uint64_t distance(const struct variable *variable, uint64_t offset)
{
    if (offset < variable->start)
        return variable->start - offset;
    uint64_t behind = offset - variable->start;
    return behind < variable->size ? 0 : behind - variable->size + 1;
}

/* The variable that is nearest to the byte. */
static BOOLEAN find_variable(uint64_t address, struct variable *nearest)
{
    uint64_t frame;
    char description[VARIABLES_TEXT];
    const char *text = find_frame(address, &frame);
    if (!text)
        return FALSE;
    SIZE_T length = seh_read_some((uint64_t)text, description, sizeof(description) - 1);
    description[length] = 0;
    text = description;
    uint64_t count = take_number(&text);
    for (uint64_t i = 0; i < count && *text; i++) {
        struct variable each;
        take_variable(&text, &each);
        if (i == 0 || distance(&each, address - frame) < distance(nearest, address - frame))
            *nearest = each;
    }
    nearest->start += frame;
    return count != 0;
}

static void describe_local(uint64_t bad, const char *what, char text[SANITIZER_TEXT])
{
    struct variable variable;
    if (!find_variable(bad, &variable)) {
        text_format(text, SANITIZER_TEXT, "the stack%s", what);
        return;
    }
    text_format(text, SANITIZER_TEXT, "offset %I64d of the local variable '%.*s' of %I64u bytes%s",
                (int64_t)(bad - variable.start), variable.name_length, variable.name, variable.size,
                what);
    SIZE_T length = strlen(text);
    if (variable.line)
        text_format(text + length, SANITIZER_TEXT - length, " (line %I64u)", variable.line);
}

/* ---- the rest ---- */
static void describe_global(uint64_t bad, char text[SANITIZER_TEXT])
{
    const struct sanitizer_global *global = sanitizer_find_global(bad);
    if (!global) {
        text_format(text, SANITIZER_TEXT, "between the global variables");
        return;
    }
    text_format(text, SANITIZER_TEXT, "offset %I64d of the global variable '%s' of %I64u bytes",
                (int64_t)(bad - global->address), global->name, global->size);
}

static void describe_pool(uint64_t bad, char text[SANITIZER_TEXT], char *notes)
{
    const struct special_block *block = special_find_meant(current_machine(), bad);
    if (!block) {
        text_format(text, SANITIZER_TEXT, "memory that is no block of the pool");
        return;
    }
    text_format(text, SANITIZER_TEXT, "offset %I64d of %s%s",
                (int64_t)(bad - (uint64_t)block->start), pool_block(block).text,
                block->state == SPECIAL_FREED ? ", freed before" : "");
    pool_notes(block, notes);
}

/* A granule that is usable in part: the next tells why. */
static uint8_t code_of(uint64_t bad)
{
    uint8_t code = *linux_shadow_of(bad);
    return code < 8 ? *linux_shadow_of(bad + 8) : code;
}

void sanitizer_describe(uint64_t bad, char text[SANITIZER_TEXT], char *notes)
{
    notes[0] = 0;
    switch (code_of(bad)) {
    case SHADOW_STACK_RETURNED:
        describe_local(bad, ", whose function has returned", text);
        break;
    case SHADOW_STACK_SCOPE:
        describe_local(bad, ", out of its scope", text);
        break;
    case SHADOW_STACK_LEFT:
    case SHADOW_STACK_MIDDLE:
    case SHADOW_STACK_RIGHT:
        describe_local(bad, "", text);
        break;
    case SHADOW_ALLOCA_LEFT:
        text_format(text, SANITIZER_TEXT, "before an array of variable length on the stack");
        break;
    case SHADOW_ALLOCA_RIGHT:
        text_format(text, SANITIZER_TEXT, "behind an array of variable length on the stack");
        break;
    case SHADOW_GLOBAL:
        describe_global(bad, text);
        break;
    default:
        describe_pool(bad, text, notes);
    }
}

_Noreturn void sanitizer_report(uint64_t bad, uint64_t address, uint64_t size, BOOLEAN is_write,
                                const void *caller)
{
    /* As documented for the bug check: the address, the size, who, and the shadow with a bit 8. */
    ULONG_PTR stop[4] = {address, size, (ULONG_PTR)caller, code_of(bad) | (is_write ? 0x100u : 0)};
    char where[SANITIZER_TEXT], message[VERIFIER_MESSAGE_SIZE], notes[POOL_NOTES_SIZE];
    sanitizer_describe(bad, where, notes);
    text_format(message, sizeof(message), "%I64u byte%s %s where the driver has none: %s", size,
                size == 1 ? " was" : "s were", is_write ? "written" : "read", where);
    if (current_machine()->verifier && verifier_checks(SB_VERIFY_POOL))
        verifier_report_at(RULE_ADDRESS_SANITIZER,
                           &(struct verifier_place){.caller = caller, .notes = notes}, stop + 1,
                           "%s", message);
    ke_bug_check_because(KASAN_ILLEGAL_ACCESS, stop, (uint64_t)caller, NULL, message);
}
