/* Looking up the host's own exports: the registry of host/export.h, sorted once per process. */
#include "host/export.h"
#include "host/loader/loader.h"
#include "host/verifier/interpose.h"

enum { MOST_EXPORTS = 8192 };

static struct {
    uint32_t state; /* 0 not sorted, 1 being sorted, 2 sorted */
    uint32_t count;
    const struct export_entry *sorted[MOST_EXPORTS];
} table;

static int compare_text(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return (unsigned char)*a - (unsigned char)*b;
}

static void sift(uint32_t root, uint32_t count)
{
    for (;;) {
        uint32_t child = 2 * root + 1;
        if (child >= count)
            return;
        if (child + 1 < count &&
            compare_text(table.sorted[child]->name, table.sorted[child + 1]->name) < 0)
            child++;
        if (compare_text(table.sorted[root]->name, table.sorted[child]->name) >= 0)
            return;
        const struct export_entry *entry = table.sorted[root];
        table.sorted[root] = table.sorted[child];
        table.sorted[child] = entry;
        root = child;
    }
}

static void sort(void)
{
    for (const struct export_entry *entry = __start_sb_exports; entry < __stop_sb_exports; entry++)
        if (table.count < MOST_EXPORTS)
            table.sorted[table.count++] = entry;
    for (uint32_t i = table.count / 2; i-- > 0;)
        sift(i, table.count);
    for (uint32_t end = table.count; end-- > 1;) {
        const struct export_entry *entry = table.sorted[0];
        table.sorted[0] = table.sorted[end];
        table.sorted[end] = entry;
        sift(0, end);
    }
}

static void sort_once(void)
{
    uint32_t unsorted = 0;
    if (__atomic_compare_exchange_n(&table.state, &unsorted, 1, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE)) {
        sort();
        __atomic_store_n(&table.state, 2, __ATOMIC_RELEASE);
    }
    while (__atomic_load_n(&table.state, __ATOMIC_ACQUIRE) != 2)
        linux_yield();
}

/* hal.dll's routines are ntoskrnl's; so are those of the compatibility names. */
static const char *canonical(const char *module)
{
    static const char *const kernels[] = {"hal.dll", "ntkrnlmp.exe", "ntkrnlpa.exe"};
    for (ULONG i = 0; i < RTL_NUMBER_OF(kernels); i++)
        if (compare_text(module, kernels[i]) == 0)
            return "ntoskrnl.exe";
    return module;
}

BOOLEAN host_module_exists(const char *module)
{
    module = canonical(module);
    for (const struct export_entry *entry = __start_sb_exports; entry < __stop_sb_exports; entry++)
        if (compare_text(entry->module, module) == 0)
            return TRUE;
    return FALSE;
}

static const void *address_of(struct machine *machine, const struct export_entry *entry)
{
    if (!entry->address)
        return (const uint8_t *)machine->data_exports + entry->data_offset;
    return machine->verifier ? verifier_bind(entry->name, entry->address) : entry->address;
}

static const struct export_entry *last_below(uint64_t address)
{
    const struct export_entry *found = NULL;
    for (const struct export_entry *entry = __start_sb_exports; entry < __stop_sb_exports; entry++)
        if (entry->address && (uint64_t)entry->address <= address &&
            (!found || entry->address > found->address))
            found = entry;
    return found;
}

/* What stands in front of a routine counts as the routine. */
const struct export_entry *host_export_at(uint64_t address)
{
    const struct export_entry *found = last_below(address);
    const struct verifier_watch *watch = verifier_watch_at(address);
    if (!watch || (found && found->address > watch->address))
        return found;
    for (const struct export_entry *entry = __start_sb_exports; entry < __stop_sb_exports; entry++)
        if (compare_text(entry->name, watch->name) == 0)
            return entry;
    return NULL;
}

const void *host_export_find(struct machine *machine, const char *module, const char *name)
{
    uint32_t low = 0, high;
    sort_once();
    high = table.count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (compare_text(table.sorted[middle]->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    module = canonical(module);
    for (; low < table.count && compare_text(table.sorted[low]->name, name) == 0; low++)
        if (compare_text(table.sorted[low]->module, module) == 0)
            return address_of(machine, table.sorted[low]);
    return NULL;
}
