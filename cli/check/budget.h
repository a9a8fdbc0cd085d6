/*
 * How long a check may take in all, and what was left out because of that. Only a driver that is
 * slow or mostly stops the machine needs so long; for others nothing depends on the time.
 */
#ifndef SYSBUF_CLI_BUDGET_H
#define SYSBUF_CLI_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

enum { BUDGET_PHASES = 32 };

struct budget {
    int64_t start, total;                /* ns; total 0: no limit */
    int64_t end;                         /* of the present stage */
    const char *left_out[BUDGET_PHASES]; /* phases, each once */
    unsigned left_out_count;
};

void budget_begin(struct budget *budget, unsigned seconds);
/* The stage that begins may last until so much of the whole is spent. */
void budget_stage(struct budget *budget, unsigned percent);
/* False: no more cases may be run in this stage; phase is noted as left out. */
bool budget_allows(struct budget *budget, const char *phase);
/* Notes that part of a phase was left out. */
void budget_leave_out(struct budget *budget, const char *phase);
/* Seconds that the stage may still last, at least one; 0: no limit. */
unsigned budget_left(const struct budget *budget);
/* Seconds since the beginning. */
unsigned budget_seconds(const struct budget *budget);

#endif
