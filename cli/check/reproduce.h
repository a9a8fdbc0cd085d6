/* Scripts that show a finding and little else, in files. */
#ifndef SYSBUF_CLI_REPRODUCE_H
#define SYSBUF_CLI_REPRODUCE_H

#include "cli/check/budget.h"
#include "cli/check/findings.h"

/* Leaves out of the finding's script what it does not need, by trying; result is scratch. */
void reproduce_minimise(const struct case_target *target, struct found *found,
                        struct budget *budget, struct case_result *result);
/* Writes the script as folder/NUMBER-RULE.script, making the folder; notes its name. False: said
 * why. */
bool reproduce_write(const struct case_target *target, struct found *found, unsigned number,
                     const char *folder);

#endif
