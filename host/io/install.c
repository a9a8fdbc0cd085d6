/*
 * Which drivers a reported device gets. Where Windows would look for an INF, the registry is asked:
 * the values Service, LowerFilters and UpperFilters of the device's key below Enum, which an
 * installation writes; or, for a device seen for the first time, Service below
 * Control\CriticalDeviceDatabase, in the key of one of its hardware ids (# for each backslash).
 */
#include "host/io/pnp.h"
#include "host/ke/ke.h"
#include "host/mm/mm.h"

enum { PATH_CHARACTERS = 400, MOST_DRIVERS = 16 };

static const WCHAR enum_root[] = L"\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\";
static const WCHAR critical_root[] =
    L"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\CriticalDeviceDatabase\\";
static const WCHAR services_root[] = L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\";

struct drivers {
    struct io_driver *list[MOST_DRIVERS]; /* referenced, the lowest first */
    ULONG count;
    BOOLEAN has_function;
};

/* The driver of a service, loaded if it is not. Referenced; NULL: it cannot be. */
static struct io_driver *driver_of(PCUNICODE_STRING service)
{
    static const WCHAR prefix[] = L"\\Driver\\";
    WCHAR text[PATH_CHARACTERS];
    UNICODE_STRING path = {0, sizeof(text), text};
    struct ob_open open = {.attributes = OBJ_CASE_INSENSITIVE, .wanted = &io_driver_type};
    void *driver;
    RtlAppendUnicodeToString(&path, prefix);
    RtlAppendUnicodeStringToString(&path, service);
    if (NT_SUCCESS(ob_lookup(current_machine(), &path, &open, &driver)))
        return driver;
    WCHAR key_text[PATH_CHARACTERS];
    UNICODE_STRING key = {0, sizeof(key_text), key_text};
    RtlAppendUnicodeToString(&key, services_root);
    RtlAppendUnicodeStringToString(&key, service);
    if (!NT_SUCCESS(ZwLoadDriver(&key)) ||
        !NT_SUCCESS(ob_lookup(current_machine(), &path, &open, &driver)))
        return NULL;
    return driver;
}

/* Called for each text of the value. */
static NTSTATUS NTAPI add_service(PWSTR value, ULONG type, PVOID data, ULONG length, PVOID context,
                                  PVOID entry)
{
    struct drivers *drivers = entry;
    UNICODE_STRING service;
    if (type != REG_SZ || drivers->count == MOST_DRIVERS)
        return STATUS_SUCCESS;
    RtlInitUnicodeString(&service, data);
    struct io_driver *driver = service.Length ? driver_of(&service) : NULL;
    if (driver)
        drivers->list[drivers->count++] = driver;
    return STATUS_SUCCESS;
}

static void read_services(PCWSTR key, PCWSTR value, struct drivers *drivers)
{
    RTL_QUERY_REGISTRY_TABLE table[2] = {
        {.QueryRoutine = add_service, .Name = (PWSTR)value, .EntryContext = drivers}};
    RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, key, table, NULL, NULL);
}

static void read_function(PCWSTR key, struct drivers *drivers)
{
    ULONG before = drivers->count;
    read_services(key, L"Service", drivers);
    drivers->has_function = drivers->has_function || drivers->count > before;
}

static void read_installed(const struct io_node *node, struct drivers *drivers)
{
    WCHAR text[PATH_CHARACTERS];
    UNICODE_STRING key = {0, sizeof(text), text};
    RtlAppendUnicodeToString(&key, enum_root);
    RtlAppendUnicodeStringToString(&key, &node->instance);
    text[key.Length / sizeof(WCHAR)] = 0;
    read_services(text, L"LowerFilters", drivers);
    read_function(text, drivers);
    read_services(text, L"UpperFilters", drivers);
}

static void read_critical(PCWSTR hardware_ids, struct drivers *drivers)
{
    for (PCWSTR id = hardware_ids; id && *id && !drivers->has_function;) {
        WCHAR text[PATH_CHARACTERS];
        UNICODE_STRING key = {0, sizeof(text) - sizeof(WCHAR), text};
        RtlAppendUnicodeToString(&key, critical_root);
        USHORT start = key.Length / sizeof(WCHAR);
        RtlAppendUnicodeToString(&key, id);
        text[key.Length / sizeof(WCHAR)] = 0;
        for (USHORT i = start; text[i]; i++)
            if (text[i] == '\\')
                text[i] = '#';
        read_function(text, drivers);
        while (*id)
            id++;
        id++;
    }
}

/* Without a function driver a device is started if its bus says it works raw. */
static BOOLEAN works_raw(const struct io_node *node)
{
    DEVICE_CAPABILITIES capabilities;
    return NT_SUCCESS(io_node_capabilities(node, &capabilities)) && capabilities.RawDeviceOK;
}

void io_node_install(struct io_node *node, PCWSTR hardware_ids)
{
    struct drivers drivers = {0};
    read_installed(node, &drivers);
    if (!drivers.has_function)
        read_critical(hardware_ids, &drivers);
    NTSTATUS status = drivers.has_function || works_raw(node) ? STATUS_SUCCESS : STATUS_NOT_FOUND;
    for (ULONG i = 0; i < drivers.count; i++) {
        if (NT_SUCCESS(status))
            status = io_node_add_driver(node, drivers.list[i]);
        ob_dereference(drivers.list[i]);
    }
    if (NT_SUCCESS(status))
        io_node_start(node);
}
