#include "host/ke/debug_filter.h"

#include "host/machine.h"

/* A level below 32 is a bit's number, anything else the bits themselves. */
static ULONG level_bits(ULONG level)
{
    return level < 32 ? 1u << level : level;
}

void debug_filter_initialize(struct debug_filter *filter, ULONG mask)
{
    filter->system = 1u << DPFLTR_ERROR_LEVEL;
    for (ULONG component = 0; component < DEBUG_FILTER_COMPONENTS; component++)
        filter->components[component] = mask ? mask : ~0u;
}

bool debug_filter_shows(const struct debug_filter *filter, ULONG component, ULONG level)
{
    ULONG mask = __atomic_load_n(&filter->system, __ATOMIC_RELAXED);
    if (component < DEBUG_FILTER_COMPONENTS)
        mask |= __atomic_load_n(&filter->components[component], __ATOMIC_RELAXED);
    return (mask & level_bits(level)) != 0;
}

NTSTATUS NTAPI DbgQueryDebugFilterState(ULONG component, ULONG level)
{
    const struct debug_filter *filter = &current_machine()->debug_filter;
    if (component >= DEBUG_FILTER_COMPONENTS)
        return STATUS_INVALID_PARAMETER_1;
    return debug_filter_shows(filter, component, level);
}
SB_EXPORT(DbgQueryDebugFilterState)

NTSTATUS NTAPI DbgSetDebugFilterState(ULONG component, ULONG level, BOOLEAN state)
{
    struct debug_filter *filter = &current_machine()->debug_filter;
    if (component >= DEBUG_FILTER_COMPONENTS)
        return STATUS_INVALID_PARAMETER_1;
    if (state)
        __atomic_or_fetch(&filter->components[component], level_bits(level), __ATOMIC_RELAXED);
    else
        __atomic_and_fetch(&filter->components[component], ~level_bits(level), __ATOMIC_RELAXED);
    return STATUS_SUCCESS;
}
SB_EXPORT(DbgSetDebugFilterState)
