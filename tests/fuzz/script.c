/* The script language on any bytes: parsed, walked as a check, every statement made an action. */
#include <stddef.h>
#include <stdint.h>

#include "cli/script/action.h"

static bool visit(void *context, const struct script_statement *statement,
                  const struct script_variables *variables, struct script_error *error)
{
    struct arena arena = {0};
    struct action action;
    bool fine = action_parse(statement, variables, NULL, &arena, &action, error);

    (void)context;
    if (fine != (error->line == 0))
        __builtin_trap(); /* either an action or an error */
    arena_free(&arena);
    return fine;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct script_walk walk = {visit, NULL, true};
    struct script_error error = {0};
    struct script script;

    if (!script_parse(&script, (const char *)data, size, &error)) {
        if (error.line == 0 || error.text[0] == 0)
            __builtin_trap(); /* an error says where and what */
        return 0;
    }
    if (!script_walk(&script, &walk, &error) && (error.line == 0 || error.text[0] == 0))
        __builtin_trap();
    script_free(&script);
    return 0;
}
