/*
 * A driver that fails to start at the step that its service's name ends in, so that one file shows
 * each: ...Description, ...Device, ...Load, ...Link; any other name starts.
 *
 * All have the same device, so that the one that starts proves that the others left none behind.
 * Where a name has to be taken already, MyDevice has taken it.
 */
#include <sysbuf/driver.h>
#include <mydevice/contract.h>

#define DEVICE_NAME L"\\Device\\SbRefuse"
#define LINK_NAME   L"\\??\\SbRefuse"

static NTSTATUS load(void)
{
    sb_log(SB_LOG_INFO, "refuse: load\n");
    return STATUS_SUCCESS;
}

static NTSTATUS load_fails(void)
{
    sb_log(SB_LOG_INFO, "refuse: load fails\n");
    return STATUS_INSUFFICIENT_RESOURCES;
}

static void unload(void)
{
    sb_log(SB_LOG_INFO, "refuse: unload\n");
}

static NTSTATUS nothing(struct sb_call *call)
{
    UNREFERENCED_PARAMETER(call);
    return STATUS_SUCCESS;
}

static const struct sb_command unserved_method[] = {
    {.code = SB_CONTROL_CODE(SB_DEVICE_UNKNOWN, 0x800, SB_METHOD_NEITHER, SB_ACCESS_ANY),
     .handler = nothing},
};

static const struct sb_driver starts = {
    .device_name = DEVICE_NAME, .link_name = LINK_NAME, .load = load, .unload = unload};
static const struct sb_driver fails_description = {.device_name = DEVICE_NAME,
                                                   .link_name = LINK_NAME,
                                                   .commands = unserved_method,
                                                   .command_count = SB_COUNT(unserved_method),
                                                   .load = load,
                                                   .unload = unload};
static const struct sb_driver fails_device = {
    .device_name = MYDEVICE_DEVICE_NAME, .link_name = LINK_NAME, .load = load, .unload = unload};
static const struct sb_driver fails_load = {
    .device_name = DEVICE_NAME, .link_name = LINK_NAME, .load = load_fails, .unload = unload};
static const struct sb_driver fails_link = {
    .device_name = DEVICE_NAME, .link_name = MYDEVICE_LINK_NAME, .load = load, .unload = unload};

static BOOLEAN ends_in(PCUNICODE_STRING text, const wchar_t *end)
{
    UNICODE_STRING tail;
    UNICODE_STRING rest;

    RtlInitUnicodeString(&tail, end);
    if (text->Length < tail.Length)
        return FALSE;
    rest.Buffer = text->Buffer + (text->Length - tail.Length) / sizeof(WCHAR);
    rest.Length = tail.Length;
    rest.MaximumLength = tail.Length;
    return RtlEqualUnicodeString(&rest, &tail, TRUE);
}

static const struct sb_driver *choose(PCUNICODE_STRING registry_path)
{
    if (ends_in(registry_path, L"Description"))
        return &fails_description;
    if (ends_in(registry_path, L"Device"))
        return &fails_device;
    if (ends_in(registry_path, L"Load"))
        return &fails_load;
    if (ends_in(registry_path, L"Link"))
        return &fails_link;
    return &starts;
}

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT object, PUNICODE_STRING registry_path)
{
    return sb_driver_start(object, registry_path, choose(registry_path));
}
