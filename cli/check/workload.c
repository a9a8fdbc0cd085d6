/* The order of the workload's parts. */
#include "cli/check/workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/check/parts.h"
#include "cli/check/search.h"
#include "cli/memory.h"

bool workload_case(struct workload *workload, const char *phase, const char *script,
                   const struct case_variant *variant, unsigned *new)
{
    if (!budget_allows(workload->budget, phase) ||
        !case_run(workload->target, script, variant, workload->result))
        return false;
    workload->cases++;
    unsigned count = findings_take(workload->findings, workload->result, script, variant, phase);
    if (new)
        *new = count;
    progress_again(workload->progress);
    return true;
}

void workload_run(struct workload *workload)
{
    part_start_and_stop(workload);
    if (workload->has_plug_and_play)
        part_plug_and_play(workload);
    for (size_t i = 0; i < workload->device_count; i++) {
        struct device *device = &workload->devices[i];
        part_open_and_close(workload, device);
        for (size_t k = 0; k < device->entrance_count; k++)
            part_buffers(workload, device, &device->entrances[k]);
        for (size_t k = 0; k < device->entrance_count; k++)
            part_fields(workload, device, &device->entrances[k]);
        part_state(workload, device);
        part_pending(workload, device);
        part_sequences(workload, device);
        part_ordinary(workload, device);
    }
    if (workload->device_count)
        search_run(workload);
    for (size_t i = 0; i < workload->device_count; i++)
        for (size_t k = 0; k < workload->devices[i].entrance_count; k++)
            part_second_look(workload, &workload->devices[i], &workload->devices[i].entrances[k]);
    for (size_t i = 0; i < workload->device_count && workload->schedules; i++)
        part_races(workload, &workload->devices[i]);
}

static void free_entrance(struct entrance *entrance)
{
    free(entrance->call);
    for (size_t i = 0; i < ANSWERED; i++)
        free(entrance->answered[i]);
    lines_free(&entrance->good);
    lines_free(&entrance->fresh);
    free(entrance->fresh_status);
    lines_free(&entrance->makers);
    lines_free(&entrance->users);
}

void workload_free(struct workload *workload)
{
    for (size_t i = 0; i < workload->device_count; i++) {
        struct device *device = &workload->devices[i];
        for (size_t k = 0; k < device->entrance_count; k++)
            free_entrance(&device->entrances[k]);
        free(device->entrances);
        lines_free(&device->makers);
        free(device->open);
    }
    free(workload->devices);
    lines_free(&workload->hangs);
}
