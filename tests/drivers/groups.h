/*
 * The checks of a test driver in groups with names. A runtime that lacks a routine would end at its
 * call, so the value Skip (REG_MULTI_SZ) in the driver's service key names groups to leave out;
 * each of them is told. Without the value all of them run. For the file with DriverEntry; needs
 * check.h and its definitions.
 */
#ifndef TESTS_DRIVERS_GROUPS_H
#define TESTS_DRIVERS_GROUPS_H

struct check_group {
    const char *name;
    void (*run)(void);
    BOOLEAN is_skipped;
};

#define CHECK_GROUP(name)          \
    {                              \
#name, check_##name, FALSE \
    }
#define CHECK_GROUP_ITEM(name) CHECK_GROUP(name), /* of a list such as KE_GROUPS */

struct check_groups {
    struct check_group *first;
    ULONG count;
};

static BOOLEAN group_is_named(const struct check_group *group, PCWSTR name)
{
    ULONG i = 0;

    while (group->name[i] && group->name[i] == name[i])
        i++;
    return group->name[i] == 0 && name[i] == 0;
}

static void group_skip(const struct check_groups *groups, PCWSTR name)
{
    ULONG found = 0;

    for (ULONG i = 0; i < groups->count; i++)
        if (group_is_named(&groups->first[i], name))
            found += groups->first[i].is_skipped = TRUE;
    if (!found)
        DbgPrint("%s: there is no group %ws\n", check_driver, name);
}

/* Called with the whole value, a list of texts with an empty one at its end. */
static NTSTATUS NTAPI groups_skip(PWSTR value, ULONG type, PVOID data, ULONG length, PVOID context,
                                  PVOID entry)
{
    PCWSTR name = data, end = name + length / sizeof(WCHAR);

    (void)value, (void)context;
    if (type != REG_MULTI_SZ)
        return STATUS_OBJECT_TYPE_MISMATCH;
    while (name < end && *name) {
        group_skip(entry, name);
        name += wcslen(name) + 1;
    }
    return STATUS_SUCCESS;
}

/* Names groups to leave out; service is what DriverEntry was given. PASSIVE_LEVEL. */
static void groups_choose(PUNICODE_STRING service, struct check_group *first, ULONG count)
{
    struct check_groups groups = {first, count};
    RTL_QUERY_REGISTRY_TABLE table[2];

    RtlZeroMemory(table, sizeof table);
    table[0].QueryRoutine = groups_skip;
    table[0].Flags = RTL_QUERY_REGISTRY_NOEXPAND;
    table[0].Name = L"Skip";
    table[0].EntryContext = &groups;
    RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, service->Buffer, table, NULL, NULL);
}

/* Runs the groups that are not left out, in their order. */
static void groups_run(const struct check_group *first, ULONG count)
{
    for (ULONG i = 0; i < count; i++) {
        if (first[i].is_skipped) {
            DbgPrint("%s: skips %s\n", check_driver, first[i].name);
            continue;
        }
        check_group = first[i].name;
        first[i].run();
    }
    check_group = "driver";
}

/* Both. */
static inline void run_groups(PUNICODE_STRING service, struct check_group *first, ULONG count)
{
    groups_choose(service, first, count);
    groups_run(first, count);
}

/* What the driver found, told; what DriverEntry returns. */
static NTSTATUS groups_result(void)
{
    DbgPrint("%s: %d checks, %d failed\n", check_driver, checks, failures);
    return failures ? STATUS_UNSUCCESSFUL : STATUS_SUCCESS;
}

#endif
