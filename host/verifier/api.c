/* include/sysbuf/host.h: findings. */
#include "host/api.h"

#include "host/ke/text.h"
#include "host/verifier/state.h"

uint32_t sb_machine_finding_count(struct sb_machine *machine)
{
    struct verifier_state *state = machine_of(machine)->verifier_state;
    return state ? __atomic_load_n(&state->findings.count, __ATOMIC_ACQUIRE) : 0;
}

static void describe(const struct verifier_finding *from, struct sb_finding *finding)
{
    *finding = (struct sb_finding){
        .offset = from->offset,
        .line = from->line,
        .count = from->count,
        .request = from->request,
    };
    sb_rule(from->rule, &finding->rule);
    for (int i = 0; i < 4; i++)
        finding->parameters[i] = from->parameters[i];
    text_format(finding->message, sizeof(finding->message), "%s", from->message);
    finding->subject = from->subject;
    text_format(finding->module, sizeof(finding->module), "%s", from->module);
    text_format(finding->function, sizeof(finding->function), "%s", from->function);
    text_format(finding->source_file, sizeof(finding->source_file), "%s", from->source_file);
}

bool sb_machine_finding(struct sb_machine *machine, uint32_t index, struct sb_finding *finding,
                        char *stack, size_t stack_size)
{
    struct verifier_state *state = machine_of(machine)->verifier_state;
    if (!state)
        return false;
    linux_lock(&state->findings.lock);
    const struct verifier_finding *found = state->findings.first;
    while (found && index-- > 0)
        found = found->next;
    if (found) {
        describe(found, finding);
        if (stack && stack_size)
            text_format(stack, stack_size, "%s", found->description ? found->description : "");
    }
    linux_unlock(&state->findings.lock);
    return found != NULL;
}

void sb_machine_mark_request(struct sb_machine *machine, uint64_t request)
{
    struct verifier_state *state = machine_of(machine)->verifier_state;
    if (!state)
        return;
    linux_lock(&state->findings.lock);
    state->findings.request = request;
    linux_unlock(&state->findings.lock);
}
