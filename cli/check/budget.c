#include "cli/check/budget.h"

#include <string.h>
#include <time.h>

enum { SECOND = 1000000000 };

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * SECOND + time.tv_nsec;
}

void budget_begin(struct budget *budget, unsigned seconds)
{
    *budget = (struct budget){.start = now(), .total = (int64_t)seconds * SECOND};
    budget_stage(budget, 100);
}

void budget_stage(struct budget *budget, unsigned percent)
{
    budget->end = budget->start + budget->total / 100 * percent;
}

void budget_leave_out(struct budget *budget, const char *phase)
{
    for (unsigned i = 0; i < budget->left_out_count; i++)
        if (strcmp(budget->left_out[i], phase) == 0)
            return;
    if (budget->left_out_count < BUDGET_PHASES)
        budget->left_out[budget->left_out_count++] = phase;
}

bool budget_allows(struct budget *budget, const char *phase)
{
    if (!budget->total || now() < budget->end)
        return true;
    budget_leave_out(budget, phase);
    return false;
}

unsigned budget_left(const struct budget *budget)
{
    int64_t left = (budget->end - now()) / SECOND;

    return !budget->total ? 0 : left > 1 ? (unsigned)left : 1;
}

unsigned budget_seconds(const struct budget *budget)
{
    return (unsigned)((now() - budget->start) / SECOND);
}
