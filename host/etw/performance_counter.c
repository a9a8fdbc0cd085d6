/* Performance counter sets of drivers. They are kept; no consumer ever collects them, so that their
 * callbacks are not called. */
#include "host/machine.h"
#include "host/mm/mm.h"

enum { PCW_TAG = 0x20776350 };

struct counter_set {
    LONG instances; /* atomic */
};

struct counter_instance {
    struct counter_set *set;
};

/* As PCW_REGISTRATION_INFORMATION begins. */
struct registration_information {
    ULONG version, counter_count;
    const UNICODE_STRING *name;
};

NTSTATUS NTAPI nt_PcwRegister(struct counter_set **registered,
                              const struct registration_information *information)
{
    if (!registered || !information || !information->name)
        return STATUS_INVALID_PARAMETER;
    struct counter_set *set = mm_pool_allocate_zero(current_machine(), sizeof(*set), PCW_TAG);
    if (!set)
        return STATUS_INSUFFICIENT_RESOURCES;
    *registered = set;
    return STATUS_SUCCESS;
}
SB_EXPORT_AS("PcwRegister", nt_PcwRegister)

VOID NTAPI nt_PcwUnregister(struct counter_set *set)
{
    if (set)
        mm_pool_free(current_machine(), set);
}
SB_EXPORT_AS("PcwUnregister", nt_PcwUnregister)

NTSTATUS NTAPI nt_PcwCreateInstance(struct counter_instance **created, struct counter_set *set,
                                    const UNICODE_STRING *name, ULONG count, const void *data)
{
    struct counter_instance *instance =
        mm_pool_allocate_zero(current_machine(), sizeof(*instance), PCW_TAG);
    if (!instance)
        return STATUS_INSUFFICIENT_RESOURCES;
    instance->set = set;
    __atomic_add_fetch(&set->instances, 1, __ATOMIC_RELAXED);
    *created = instance;
    return STATUS_SUCCESS;
}
SB_EXPORT_AS("PcwCreateInstance", nt_PcwCreateInstance)

VOID NTAPI nt_PcwCloseInstance(struct counter_instance *instance)
{
    if (!instance)
        return;
    __atomic_sub_fetch(&instance->set->instances, 1, __ATOMIC_RELAXED);
    mm_pool_free(current_machine(), instance);
}
SB_EXPORT_AS("PcwCloseInstance", nt_PcwCloseInstance)

/* For a consumer's buffer, given to the callback alone. */
NTSTATUS NTAPI nt_PcwAddInstance(PVOID buffer, const UNICODE_STRING *name, ULONG id, ULONG count,
                                 const void *data)
{
    return STATUS_INVALID_PARAMETER;
}
SB_EXPORT_AS("PcwAddInstance", nt_PcwAddInstance)
