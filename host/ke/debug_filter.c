#include "host/ke/debug_filter.h"

#include "host/machine.h"

void debug_filter_initialize(struct debug_filter *filter, ULONG mask)
{
    filter->system = 1u << DPFLTR_ERROR_LEVEL;
    for (ULONG component = 0; component < DEBUG_FILTER_COMPONENTS; component++)
        filter->components[component] = mask ? mask : ~0u;
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
        __atomic_or_fetch(&filter->components[component], debug_level_bits(level),
                          __ATOMIC_RELAXED);
    else
        __atomic_and_fetch(&filter->components[component], ~debug_level_bits(level),
                           __ATOMIC_RELAXED);
    return STATUS_SUCCESS;
}
SB_EXPORT(DbgSetDebugFilterState)
