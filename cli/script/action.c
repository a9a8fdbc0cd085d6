/* The verbs: from a statement's words to its action. Requests are in request_action.c, expectations
 * in expectation.c. */
#include "cli/script/verbs.h"

#include <string.h>

static bool load(struct cursor *cursor, struct action *action)
{
    return cursor_take_text(cursor, "the driver's file", &action->path) &&
           (!cursor_take_keyword(cursor, "as") ||
            cursor_take_name(cursor, "the driver's name", &action->as));
}

static bool optional_name(struct cursor *cursor, struct action *action)
{
    return !cursor_has_more(cursor) || cursor_take_name(cursor, "a name", &action->name);
}

static bool start(struct cursor *cursor, struct action *action)
{
    return optional_name(cursor, action);
}

static bool unload(struct cursor *cursor, struct action *action)
{
    return optional_name(cursor, action);
}

static bool take_bits(struct cursor *cursor, struct action *action)
{
    uint64_t bits;

    if (!cursor_take_number(cursor, 64, "32 or 64", &bits))
        return false;
    if (bits != 32 && bits != 64)
        return cursor_fail(cursor, "a process is of 32 or 64 bits");
    action->has_bits = true;
    action->is_32_bit = bits == 32;
    return true;
}

static bool process(struct cursor *cursor, struct action *action)
{
    if (!cursor_take_name(cursor, "the process's name", &action->name))
        return false;
    while (cursor_has_more(cursor)) {
        if (cursor_take_keyword(cursor, "user"))
            action->is_ordinary = true;
        else if (cursor_take_keyword(cursor, "admin"))
            action->is_ordinary = false;
        else if (cursor_take_keyword(cursor, "bits")) {
            if (!take_bits(cursor, action))
                return false;
        } else if (!cursor_take_keyword(cursor, "quota"))
            break;
        else if (!cursor_take_number(cursor, UINT64_MAX, "the quota", &action->quota))
            return false;
    }
    return true;
}

static bool as(struct cursor *cursor, struct action *action)
{
    if (cursor_take_keyword(cursor, "admin"))
        return true;
    action->is_ordinary = cursor_take_keyword(cursor, "user");
    return action->is_ordinary ||
           cursor_take_name(cursor, "admin, user or a process", &action->name);
}

static bool bits(struct cursor *cursor, struct action *action)
{
    return take_bits(cursor, action);
}

static bool exit_process(struct cursor *cursor, struct action *action)
{
    return !cursor_has_more(cursor) || cursor_take_process(cursor, &action->name);
}

static bool event(struct cursor *cursor, struct action *action)
{
    if (!cursor_take_name(cursor, "the event's name", &action->name))
        return false;
    action->is_manual = cursor_take_keyword(cursor, "manual");
    if (!action->is_manual)
        (void)cursor_take_keyword(cursor, "auto");
    action->is_on = cursor_take_keyword(cursor, "signaled");
    return true;
}

/* signal and reset */
static bool named_event(struct cursor *cursor, struct action *action)
{
    return cursor_take_name(cursor, "an event", &action->name);
}

static bool nothing(struct cursor *cursor, struct action *action)
{
    (void)cursor;
    (void)action;
    return true;
}

static bool guard(struct cursor *cursor, struct action *action)
{
    action->is_on = cursor_take_keyword(cursor, "on");
    return action->is_on || cursor_take_keyword(cursor, "off") ||
           cursor_fail(cursor, "on or off is expected");
}

static bool sleep_for(struct cursor *cursor, struct action *action)
{
    const uint64_t hour = 3600 * 1000;

    return cursor_take_number(cursor, hour, "a number of milliseconds", &action->milliseconds);
}

/* All the words, with a blank between two. */
static bool print(struct cursor *cursor, struct action *action)
{
    size_t length = 1;

    for (size_t i = cursor->next; i < cursor->count; i++)
        length += cursor->words[i].length + 1;
    char *text = arena_allocate(cursor->arena, length), *end = text;
    for (; cursor_has_more(cursor); cursor->next++) {
        const struct script_text *word = &cursor->words[cursor->next];
        if (end != text)
            *end++ = ' ';
        memcpy(end, word->bytes, word->length);
        end += word->length;
    }
    action->path = text;
    return true;
}

static const struct verb {
    const char *name;
    enum action_kind kind;
    bool (*parse)(struct cursor *cursor, struct action *action);
    const char *usage;
} verbs[] = {
    {"load", ACTION_LOAD, load, "load FILE [as NAME]"},
    {"start", ACTION_START, start, "start [DRIVER]"},
    {"unload", ACTION_UNLOAD, unload, "unload [DRIVER]"},
    {"process", ACTION_PROCESS, process, "process NAME [admin|user] [bits 32|64] [quota BYTES]"},
    {"as", ACTION_AS, as, "as admin|user|PROCESS"},
    {"bits", ACTION_BITS, bits, "bits 32|64"},
    {"exit", ACTION_EXIT, exit_process, "exit [PROCESS]"},
    {"open", ACTION_OPEN, verb_open,
     "open PATH [as HANDLE] [access WHAT...] [share WHAT...] [disposition HOW] [overlapped]"},
    {"close", ACTION_CLOSE, verb_close, "close [HANDLE]"},
    {"duplicate", ACTION_DUPLICATE, verb_duplicate,
     "duplicate [HANDLE] [to PROCESS] [access WHAT...] [close] as NAME"},
    {"ioctl", ACTION_IOCTL, verb_ioctl,
     "ioctl [HANDLE] CODE [in BUFFER] [out LENGTH] [event EVENT] [async] [as REQUEST]"},
    {"read", ACTION_READ, verb_read,
     "read [HANDLE] LENGTH [at OFFSET] [event EVENT] [async] [as REQUEST]"},
    {"write", ACTION_WRITE, verb_write,
     "write [HANDLE] BUFFER [at OFFSET] [event EVENT] [async] [as REQUEST]"},
    {"flush", ACTION_FLUSH, verb_close, "flush [HANDLE]"},
    {"cancel", ACTION_CANCEL, verb_close, "cancel [HANDLE|REQUEST]"},
    {"stats", ACTION_STATS, verb_close, "stats [HANDLE]"},
    {"wait", ACTION_WAIT, verb_wait, "wait REQUEST|EVENT [for MILLISECONDS]"},
    {"event", ACTION_EVENT, event, "event NAME [manual|auto] [signaled]"},
    {"signal", ACTION_SIGNAL, named_event, "signal EVENT"},
    {"reset", ACTION_RESET, named_event, "reset EVENT"},
    {"port", ACTION_PORT, verb_port, "port NAME"},
    {"associate", ACTION_ASSOCIATE, verb_associate, "associate PORT [key N] [of HANDLE]"},
    {"packet", ACTION_PACKET, verb_packet, "packet PORT [for MILLISECONDS]"},
    {"post", ACTION_POST, verb_post, "post PORT [key N] [context N] [status S] [information N]"},
    {"section", ACTION_SECTION, verb_section, "section NAME SIZE [named PATH] [read-only]"},
    {"map", ACTION_MAP, verb_map, "map SECTION [at OFFSET] [length N] [read-only] as VIEW"},
    {"unmap", ACTION_UNMAP, verb_unmap, "unmap VIEW"},
    {"view", ACTION_VIEW, verb_view, "view VIEW [at OFFSET] LENGTH|DATA"},
    {"query", ACTION_QUERY, verb_query, "query CLASS LENGTH [of HANDLE]"},
    {"change", ACTION_CHANGE, verb_change, "change CLASS DATA [of HANDLE]"},
    {"shutdown", ACTION_SHUTDOWN, nothing, "shutdown"},
    {"device", ACTION_DEVICE, verb_device,
     "device add [ID] [of DRIVER] [as DEVICE], device ACTION [DEVICE]"},
    {"registry", ACTION_REGISTRY, verb_registry,
     "registry write KEY NAME TYPE VALUE, registry read KEY NAME"},
    {"guard", ACTION_GUARD, guard, "guard on|off"},
    {"sleep", ACTION_SLEEP, sleep_for, "sleep MILLISECONDS"},
    {"print", ACTION_PRINT, print, "print TEXT..."},
    {"expect", ACTION_EXPECT, verb_expect,
     "expect [status S] [success] [failure] [information N] [bytes [at N] DATA] "
     "[output [at N] DATA] [log TEXT [within MS]] [no log [TEXT]] [bugcheck CODE]"},
};

const char *action_verb(size_t index)
{
    return index < sizeof verbs / sizeof *verbs ? verbs[index].name : NULL;
}

const char *action_verb_of(enum action_kind kind)
{
    size_t i = 0;

    while (verbs[i].kind != kind)
        i++;
    return verbs[i].name;
}

static const struct verb *find_verb(const struct script_text *word)
{
    for (size_t i = 0; !word->is_quoted && i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verbs[i].name, word->bytes) == 0)
            return &verbs[i];
    return NULL;
}

static bool expand_words(const struct script_statement *statement,
                         const struct script_variables *variables, struct cursor *cursor)
{
    cursor->words = arena_allocate(cursor->arena, statement->word_count * sizeof *cursor->words);
    cursor->count = statement->word_count;
    for (size_t i = 0; i < statement->word_count; i++)
        if (!script_expand(&statement->words[i], variables, cursor->arena, &cursor->words[i],
                           cursor->error, cursor->line))
            return false;
    return true;
}

/* What works on a thread of its own, at any time. */
static bool goes_together(enum action_kind kind)
{
    return kind == ACTION_IOCTL || kind == ACTION_READ || kind == ACTION_WRITE ||
           kind == ACTION_FLUSH || kind == ACTION_CANCEL || kind == ACTION_CLOSE ||
           kind == ACTION_UNLOAD;
}

/* "together" in front of the verb. */
static bool take_together(struct cursor *cursor, struct action *action)
{
    const struct script_text *first = &cursor->words[0];

    if (first->is_quoted || strcmp(first->bytes, "together") != 0)
        return true;
    action->is_together = true;
    cursor->words++;
    cursor->count--;
    return cursor->count > 0 ||
           script_fail(cursor->error, cursor->line, "a call must follow together");
}

bool action_parse(const struct script_statement *statement,
                  const struct script_variables *variables, const struct action_files *files,
                  struct arena *arena, struct action *action, struct script_error *error)
{
    struct cursor cursor = {
        .line = statement->line, .arena = arena, .files = files, .error = error, .next = 1};

    *action = (struct action){.line = statement->line};
    if (!expand_words(statement, variables, &cursor) || !take_together(&cursor, action))
        return false;
    const struct verb *verb = find_verb(&cursor.words[0]);
    if (!verb)
        return script_fail(error, statement->line,
                           "'%.60s' is no statement; see 'sysbuf help script'",
                           cursor.words[0].bytes);
    cursor.usage = verb->usage;
    action->kind = verb->kind;
    if (action->is_together && !goes_together(action->kind))
        return script_fail(
            error, statement->line,
            "ioctl, read, write, flush, cancel, close or unload must follow together");
    if (!verb->parse(&cursor, action))
        return false;
    if (action->is_together && action->is_asynchronous)
        return cursor_fail(&cursor, "together and async exclude each other");
    if (cursor_has_more(&cursor))
        return cursor_fail(&cursor, "'%.60s' has no place here", cursor.words[cursor.next].bytes);
    return true;
}
