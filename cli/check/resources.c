#include "cli/check/resources.h"

#include <stdlib.h>

#include "cli/memory.h"

static void note(struct resources *resources, const struct sb_site *site)
{
    for (size_t i = 0; i < resources->count; i++)
        if (resources->sites[i].id == site->id)
            return;
    resources->sites = memory_grow(resources->sites, resources->count, sizeof *resources->sites);
    resources->sites[resources->count++] = *site;
}

static bool play(struct resources *resources, const char *script, uint64_t fail_site)
{
    struct case_variant variant = {.fail_site = fail_site};

    if (!budget_allows(resources->budget, "low resources") ||
        !case_run(resources->target, script, &variant, resources->result))
        return false;
    resources->cases++;
    findings_take(resources->findings, resources->result, script, &variant, "low resources");
    for (uint32_t i = 0; i < resources->result->site_count; i++)
        note(resources, &resources->result->sites[i]);
    return true;
}

void resources_try(struct resources *resources, const char *script)
{
    bool fine = play(resources, script, 0);

    while (fine && resources->tried < resources->count) {
        const struct sb_site *site = &resources->sites[resources->tried++];
        progress_show(resources->progress, "failing", site->routine);
        fine = play(resources, script, site->id);
    }
}

void resources_free(struct resources *resources)
{
    free(resources->sites);
}
