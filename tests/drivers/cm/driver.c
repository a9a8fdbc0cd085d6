/* The registry from inside a driver: loading it is the test. Keys are made below the service's own.
 */
#include <ntifs.h>

#include "check.h"
#include "groups.h"

CHECK_DEFINITIONS("cm")

#define TEST_TAG 0x54736554
#define SERVICE  L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\CmTest"

static HANDLE top;
static PDRIVER_OBJECT this_driver;
static PUNICODE_STRING service;
static OBJECT_ATTRIBUTES attributes;
static UNICODE_STRING object_name;

static POBJECT_ATTRIBUTES named(HANDLE root, PCWSTR name)
{
    RtlInitUnicodeString(&object_name, name);
    InitializeObjectAttributes(&attributes, &object_name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                               root, NULL);
    return &attributes;
}

static PUNICODE_STRING text(PCWSTR name)
{
    static UNICODE_STRING strings[4];
    static int next;
    PUNICODE_STRING string = &strings[next++ % 4];

    RtlInitUnicodeString(string, name);
    return string;
}

/* Exports that mingw's import library lacks. */
static NTSTATUS(NTAPI *rename_key)(HANDLE key, PUNICODE_STRING name);
static NTSTATUS(NTAPI *query_several)(HANDLE key, PKEY_VALUE_ENTRY entries, ULONG count,
                                      PVOID buffer, PULONG length, PULONG needed);

static void check_routines(void)
{
    rename_key = MmGetSystemRoutineAddress(text(L"ZwRenameKey"));
    query_several = MmGetSystemRoutineAddress(text(L"ZwQueryMultipleValueKey"));
    CHECK(rename_key && query_several);
}

static void check_open(void)
{
    HANDLE key = NULL, other;
    ULONG disposition = 0;

    CHECK_STATUS(STATUS_OBJECT_NAME_NOT_FOUND,
                 ZwOpenKey(&key, KEY_READ, named(NULL, SERVICE L"\\No")));
    CHECK(key == NULL);
    CHECK_STATUS(STATUS_OBJECT_NAME_NOT_FOUND,
                 ZwCreateKey(&key, KEY_READ, named(NULL, SERVICE L"\\a\\b"), 0, NULL, 0, NULL));
    CHECK_STATUS(STATUS_OBJECT_PATH_SYNTAX_BAD,
                 ZwOpenKey(&key, KEY_READ, named(NULL, L"Registry")));
    CHECK_STATUS(STATUS_OBJECT_NAME_NOT_FOUND,
                 ZwOpenKey(&key, KEY_READ, named(NULL, L"\\Nowhere")));
    CHECK_STATUS(STATUS_OBJECT_TYPE_MISMATCH, ZwOpenKey(&key, KEY_READ, named(NULL, L"\\Device")));
    CHECK_STATUS(STATUS_INVALID_PARAMETER, ZwOpenKey(&key, KEY_READ, NULL));
    named(NULL, SERVICE);
    object_name.Length--;
    CHECK_STATUS(STATUS_OBJECT_NAME_INVALID, ZwOpenKey(&key, KEY_READ, &attributes));
    CHECK_STATUS(STATUS_SUCCESS, ZwCreateKey(&top, KEY_ALL_ACCESS, named(NULL, SERVICE), 0, NULL,
                                             REG_OPTION_NON_VOLATILE, &disposition));
    CHECK(disposition == REG_CREATED_NEW_KEY);
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwCreateKey(&other, KEY_READ, named(NULL, SERVICE), 0, NULL, 0, &disposition));
    CHECK(disposition == REG_OPENED_EXISTING_KEY);
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(other));
    /* The current control set is a link to the first one. */
    CHECK_STATUS(
        STATUS_SUCCESS,
        ZwOpenKey(&key, KEY_READ,
                  named(NULL, L"\\REGISTRY\\machine\\system\\CONTROLSET001\\services\\cmtest")));
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(key));
    CHECK_STATUS(STATUS_INVALID_HANDLE, ZwFlushKey(key));
    CHECK_STATUS(STATUS_OBJECT_PATH_SYNTAX_BAD, ZwOpenKey(&key, KEY_READ, named(top, L"\\x")));
}

static void check_names(void)
{
    union {
        KEY_BASIC_INFORMATION basic;
        KEY_FULL_INFORMATION full;
        UCHAR bytes[256];
    } data;
    ULONG length = 0;
    HANDLE sub, child;

    CHECK_STATUS(STATUS_SUCCESS, ZwCreateKey(&sub, KEY_ALL_ACCESS, named(top, L"Zeta"), 0,
                                             text(L"class"), REG_OPTION_VOLATILE, NULL));
    CHECK_STATUS(STATUS_CHILD_MUST_BE_VOLATILE,
                 ZwCreateKey(&child, KEY_READ, named(sub, L"Child"), 0, NULL, 0, NULL));
    CHECK_STATUS(STATUS_BUFFER_TOO_SMALL, ZwQueryKey(sub, KeyBasicInformation, NULL, 0, &length));
    CHECK(length == 16 + 8);
    CHECK_STATUS(STATUS_BUFFER_OVERFLOW, ZwQueryKey(sub, KeyBasicInformation, &data, 20, &length));
    CHECK(length == 24 && data.basic.NameLength == 8 && data.basic.Name[1] == 'e');
    CHECK_STATUS(STATUS_SUCCESS, ZwQueryKey(sub, KeyFullInformation, &data, sizeof data, &length));
    CHECK(length == 44 + 10 && data.full.ClassLength == 10 && data.full.ClassOffset == 44);
    CHECK_STATUS(STATUS_SUCCESS, ZwQueryKey(sub, KeyNameInformation, &data, sizeof data, &length));
    CHECK(length == 4 + *(ULONG *)&data);
    CHECK(_wcsnicmp((PWSTR)(data.bytes + 4), L"\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001", 37) ==
          0);
    CHECK_STATUS(STATUS_INVALID_PARAMETER,
                 ZwQueryKey(sub, (KEY_INFORMATION_CLASS)77, &data, sizeof data, &length));
    ZwClose(sub);
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwCreateKey(&sub, KEY_ALL_ACCESS, named(top, L"alpha"), 0, NULL, 0, NULL));
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwEnumerateKey(top, 0, KeyBasicInformation, &data, sizeof data, &length));
    CHECK(data.basic.NameLength == 10 && wcsncmp(data.basic.Name, L"alpha", 5) == 0);
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwEnumerateKey(top, 1, KeyBasicInformation, &data, sizeof data, &length));
    CHECK(data.basic.NameLength == 8 && wcsncmp(data.basic.Name, L"Zeta", 4) == 0);
    CHECK_STATUS(STATUS_NO_MORE_ENTRIES,
                 ZwEnumerateKey(top, 2, KeyBasicInformation, &data, sizeof data, &length));
    CHECK_STATUS(STATUS_CANNOT_DELETE, ZwDeleteKey(top));
    CHECK_STATUS(STATUS_SUCCESS, ZwDeleteKey(sub));
    CHECK_STATUS(STATUS_KEY_DELETED, ZwDeleteKey(sub));
    CHECK_STATUS(STATUS_KEY_DELETED,
                 ZwQueryKey(sub, KeyBasicInformation, &data, sizeof data, &length));
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(sub));
}

static void check_renaming(void)
{
    union {
        KEY_BASIC_INFORMATION basic;
        UCHAR bytes[64];
    } data;
    ULONG length = 0;
    HANDLE sub;

    CHECK_STATUS(STATUS_SUCCESS, ZwOpenKey(&sub, KEY_ALL_ACCESS, named(top, L"Zeta")));
    CHECK_STATUS(STATUS_SUCCESS, rename_key(sub, text(L"Beta")));
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(sub));
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwEnumerateKey(top, 0, KeyBasicInformation, &data, sizeof data, &length));
    CHECK(data.basic.NameLength == 8 && wcsncmp(data.basic.Name, L"Beta", 4) == 0);
}

static void check_values(void)
{
    union {
        KEY_VALUE_PARTIAL_INFORMATION partial;
        KEY_VALUE_FULL_INFORMATION full;
        UCHAR bytes[256];
    } data;
    ULONG number = 0x11223344, length = 0;

    CHECK_STATUS(
        STATUS_OBJECT_NAME_NOT_FOUND,
        ZwQueryValueKey(top, text(L"No"), KeyValuePartialInformation, &data, sizeof data, &length));
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwSetValueKey(top, text(L"Number"), 0, REG_DWORD, &number, sizeof number));
    CHECK_STATUS(STATUS_SUCCESS, ZwSetValueKey(top, text(L""), 0, REG_SZ, L"dflt", 10));
    CHECK_STATUS(STATUS_SUCCESS, ZwSetValueKey(top, text(L"Empty"), 0, REG_BINARY, NULL, 0));
    CHECK_STATUS(
        STATUS_BUFFER_TOO_SMALL,
        ZwQueryValueKey(top, text(L"number"), KeyValuePartialInformation, NULL, 0, &length));
    CHECK(length == 16);
    data.partial.DataLength = 0;
    CHECK_STATUS(
        STATUS_BUFFER_OVERFLOW,
        ZwQueryValueKey(top, text(L"number"), KeyValuePartialInformation, &data, 14, &length));
    CHECK(length == 16 && data.partial.DataLength == 4 && data.partial.Data[1] == 0x33);
    CHECK_STATUS(STATUS_SUCCESS, ZwQueryValueKey(top, text(L"NUMBER"), KeyValueFullInformation,
                                                 &data, sizeof data, &length));
    CHECK(length == 36 && data.full.DataOffset == 32 && data.full.NameLength == 12);
    CHECK(*(ULONG *)(data.bytes + data.full.DataOffset) == number && data.full.Name[0] == 'N');
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwEnumerateValueKey(top, 1, KeyValueFullInformation, &data, sizeof data, &length));
    CHECK(data.full.NameLength == 0 && data.full.Type == REG_SZ && data.full.DataLength == 10);
    CHECK_STATUS(STATUS_NO_MORE_ENTRIES,
                 ZwEnumerateValueKey(top, 3, KeyValueFullInformation, &data, sizeof data, &length));
    CHECK_STATUS(STATUS_INVALID_PARAMETER,
                 ZwQueryValueKey(top, text(L"Number"), (KEY_VALUE_INFORMATION_CLASS)9, &data,
                                 sizeof data, &length));
    CHECK_STATUS(STATUS_SUCCESS, ZwDeleteValueKey(top, text(L"empty")));
    CHECK_STATUS(STATUS_OBJECT_NAME_NOT_FOUND, ZwDeleteValueKey(top, text(L"empty")));
}

static void check_several_values(void)
{
    KEY_VALUE_ENTRY entries[2];
    UCHAR data[64];
    ULONG room = 0, needed = 0;

    entries[0].ValueName = text(L"Number");
    entries[1].ValueName = text(L"");
    CHECK_STATUS(STATUS_BUFFER_OVERFLOW, query_several(top, entries, 2, data, &room, &needed));
    CHECK(needed == 14 && entries[1].DataOffset == 4 && entries[1].DataLength == 10);
    room = sizeof data;
    CHECK_STATUS(STATUS_SUCCESS, query_several(top, entries, 2, data, &room, &needed));
    CHECK(room == 14 && *(ULONG *)data == 0x11223344);
}

struct seen {
    ULONG calls, type, length;
    WCHAR last[32];
};

static NTSTATUS NTAPI note(PWSTR name, ULONG type, PVOID data, ULONG length, PVOID context,
                           PVOID entry)
{
    struct seen *seen = entry;

    (void)name, (void)context;
    seen->calls++;
    seen->type = type;
    seen->length = length;
    if (length <= sizeof seen->last)
        RtlCopyMemory(seen->last, data, length);
    return STATUS_SUCCESS;
}

static void check_rtl(void)
{
    RTL_QUERY_REGISTRY_TABLE table[4];
    struct seen seen;
    struct {
        LONG size;
        ULONG type;
        UCHAR data[16];
    } binary = {.size = sizeof binary};
    ULONG number = 7, fallback = 99;
    UNICODE_STRING string = {0};
    WCHAR small[2];

    CHECK_STATUS(STATUS_SUCCESS,
                 RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, L"CmTest\\Parameters", L"Count",
                                       REG_DWORD, &number, sizeof number)); /* makes the key */
    CHECK_STATUS(STATUS_SUCCESS,
                 RtlCreateRegistryKey(RTL_REGISTRY_SERVICES, L"CmTest\\Parameters"));
    RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, L"CmTest\\Parameters", L"Count", REG_DWORD,
                          &number, sizeof number);
    CHECK_STATUS(STATUS_SUCCESS, RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, L"CmTest\\Parameters",
                                                       L"Text", REG_SZ, L"hello", 12));
    RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, L"CmTest\\Parameters", L"List", REG_MULTI_SZ,
                          L"one\0two\0", 18);
    RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, L"CmTest\\Parameters", L"Path", REG_EXPAND_SZ,
                          L"%SystemRoot%\\x", 30);
    RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, L"CmTest\\Parameters", L"Bytes", REG_BINARY,
                          L"abcdef", 12);
    CHECK_STATUS(STATUS_SUCCESS, RtlCheckRegistryKey(RTL_REGISTRY_SERVICES, L"CmTest"));
    CHECK_STATUS(STATUS_OBJECT_NAME_NOT_FOUND, RtlCheckRegistryKey(RTL_REGISTRY_SERVICES, L"None"));

    RtlZeroMemory(table, sizeof table);
    number = 0;
    table[0].Flags = RTL_QUERY_REGISTRY_SUBKEY;
    table[0].Name = L"Parameters";
    table[1].Flags = RTL_QUERY_REGISTRY_DIRECT;
    table[1].Name = L"Count";
    table[1].EntryContext = &number;
    table[1].DefaultType = REG_DWORD;
    table[1].DefaultData = &fallback;
    table[1].DefaultLength = sizeof fallback;
    table[2].Flags = RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_REQUIRED;
    table[2].Name = L"Text";
    table[2].EntryContext = &string;
    CHECK_STATUS(STATUS_SUCCESS,
                 RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"CmTest", table, NULL, NULL));
    CHECK(number == 7 && string.Length == 10 && string.MaximumLength == 12);
    CHECK(string.Buffer && wcscmp(string.Buffer, L"hello") == 0);
    RtlFreeUnicodeString(&string);
    table[1].Name = L"Missing";
    table[2].EntryContext = &binary;
    table[2].Name = L"Bytes";
    CHECK_STATUS(STATUS_SUCCESS,
                 RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"CmTest", table, NULL, NULL));
    CHECK(number == 99 && binary.size == 12 && binary.type == REG_BINARY);
    CHECK(binary.data[0] == 'a' && binary.data[10] == 'f');
    table[2].Name = L"Missing";
    CHECK_STATUS(STATUS_OBJECT_NAME_NOT_FOUND,
                 RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"CmTest", table, NULL, NULL));
    string = (UNICODE_STRING){0, sizeof small, small};
    table[2].Name = L"Text";
    table[2].EntryContext = &string;
    CHECK_STATUS(STATUS_BUFFER_TOO_SMALL,
                 RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"CmTest", table, NULL, NULL));
    table[2].Flags |= 0x100; /* RTL_QUERY_REGISTRY_TYPECHECK */
    table[2].DefaultType = (ULONG)REG_DWORD << 24;
    CHECK_STATUS(STATUS_OBJECT_TYPE_MISMATCH,
                 RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"CmTest", table, NULL, NULL));

    RtlZeroMemory(table, sizeof table);
    RtlZeroMemory(&seen, sizeof seen);
    table[0].QueryRoutine = note;
    table[0].Name = L"List";
    table[0].EntryContext = &seen;
    CHECK_STATUS(STATUS_SUCCESS, RtlQueryRegistryValues(RTL_REGISTRY_SERVICES,
                                                        L"CmTest\\Parameters", table, NULL, NULL));
    CHECK(seen.calls == 2 && seen.type == REG_SZ && seen.length == 8 && seen.last[0] == 't');
    table[0].Flags = RTL_QUERY_REGISTRY_NOEXPAND;
    CHECK_STATUS(STATUS_SUCCESS, RtlQueryRegistryValues(RTL_REGISTRY_SERVICES,
                                                        L"CmTest\\Parameters", table, NULL, NULL));
    CHECK(seen.calls == 3 && seen.type == REG_MULTI_SZ && seen.length == 18);
    table[0].Flags = 0;
    table[0].Name = L"Path";
    CHECK_STATUS(STATUS_SUCCESS, RtlQueryRegistryValues(RTL_REGISTRY_SERVICES,
                                                        L"CmTest\\Parameters", table, NULL, NULL));
    CHECK(seen.type == REG_SZ && wcscmp(seen.last, L"C:\\Windows\\x") == 0);
    seen.calls = 0;
    table[0].Name = NULL;
    CHECK_STATUS(STATUS_SUCCESS, RtlQueryRegistryValues(RTL_REGISTRY_SERVICES,
                                                        L"CmTest\\Parameters", table, NULL, NULL));
    CHECK(seen.calls == 6); /* five values, one of them a list of two */
    table[0].Flags = RTL_QUERY_REGISTRY_DIRECT;
    CHECK_STATUS(
        STATUS_INVALID_PARAMETER,
        RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"CmTest\\Parameters", table, NULL, NULL));
    CHECK_STATUS(STATUS_SUCCESS,
                 RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, L"CmTest\\Parameters", L"Count"));
    CHECK_STATUS(STATUS_OBJECT_NAME_NOT_FOUND,
                 RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, L"CmTest\\Parameters", L"Count"));
}

struct heard {
    ULONG sets, posts, opens, closes;
    NTSTATUS answer, post_status;
    PVOID call_context, object_context;
};

static NTSTATUS NTAPI listen(PVOID context, PVOID class, PVOID argument)
{
    struct heard *heard = context;
    PREG_SET_VALUE_KEY_INFORMATION set = argument;
    PREG_POST_OPERATION_INFORMATION post = argument;

    switch ((REG_NOTIFY_CLASS)(ULONG_PTR) class) {
    case RegNtPreSetValueKey:
        heard->sets++;
        heard->object_context = set->ObjectContext;
        set->CallContext = heard;
        return heard->answer;
    case RegNtPostSetValueKey:
        heard->posts++;
        heard->post_status = post->Status;
        heard->call_context = post->CallContext;
        return STATUS_SUCCESS;
    case RegNtPreOpenKeyEx:
        heard->opens++;
        return STATUS_SUCCESS;
    case RegNtPreKeyHandleClose:
        heard->closes++;
        return STATUS_SUCCESS;
    default:
        return STATUS_SUCCESS;
    }
}

static void check_callbacks(void)
{
    struct heard high = {0}, low = {0};
    LARGE_INTEGER high_cookie, low_cookie, none;
    PCUNICODE_STRING name = NULL;
    PVOID object = NULL, old = &high;
    ULONG_PTR id = 0;
    HANDLE key;

    CHECK_STATUS(STATUS_SUCCESS, CmRegisterCallbackEx(listen, text(L"200000"), this_driver, &high,
                                                      &high_cookie, NULL));
    CHECK_STATUS(STATUS_SUCCESS, CmRegisterCallbackEx(listen, text(L"100000.5"), this_driver, &low,
                                                      &low_cookie, NULL));
    CHECK_STATUS(STATUS_FLT_INSTANCE_ALTITUDE_COLLISION,
                 CmRegisterCallbackEx(listen, text(L"200000"), this_driver, &high, &none, NULL));
    CHECK_STATUS(STATUS_SUCCESS, ZwSetValueKey(top, text(L"v"), 0, REG_DWORD, &id, 4));
    CHECK(high.sets == 1 && low.sets == 1 && high.posts == 1 && low.posts == 1);
    CHECK(high.post_status == STATUS_SUCCESS && high.call_context == &high &&
          low.call_context == &low);
    low.answer = STATUS_ACCESS_DENIED; /* refuses: only those above hear of the end */
    CHECK_STATUS(STATUS_ACCESS_DENIED, ZwSetValueKey(top, text(L"v"), 0, REG_DWORD, &id, 4));
    CHECK(high.posts == 2 && low.posts == 1 && high.post_status == STATUS_ACCESS_DENIED);
    high.answer = STATUS_CALLBACK_BYPASS;
    CHECK_STATUS(STATUS_SUCCESS, ZwSetValueKey(top, text(L"w"), 0, REG_DWORD, &id, 4));
    CHECK(low.sets == 2);
    high.answer = low.answer = STATUS_SUCCESS;
    CHECK_STATUS(STATUS_OBJECT_NAME_NOT_FOUND, ZwDeleteValueKey(top, text(L"w")));
    CHECK_STATUS(STATUS_SUCCESS, ZwOpenKey(&key, KEY_READ, named(NULL, SERVICE)));
    CHECK(high.opens == 1);
    CHECK_STATUS(STATUS_SUCCESS,
                 ObReferenceObjectByHandle(top, 0, NULL, KernelMode, &object, NULL));
    CHECK_STATUS(STATUS_SUCCESS, CmCallbackGetKeyObjectID(&high_cookie, object, &id, &name));
    CHECK(id != 0 && name && name->Length > 70);
    CHECK_STATUS(STATUS_SUCCESS, CmSetCallbackObjectContext(object, &high_cookie, &low, &old));
    CHECK(old == NULL);
    CHECK_STATUS(STATUS_SUCCESS, ZwSetValueKey(top, text(L"v"), 0, REG_DWORD, &id, 4));
    CHECK(high.object_context == &low && low.object_context == NULL);
    ObDereferenceObject(object);
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(key));
    CHECK(high.closes == 1);
    CHECK_STATUS(STATUS_SUCCESS, CmUnRegisterCallback(high_cookie));
    CHECK_STATUS(STATUS_SUCCESS, CmUnRegisterCallback(low_cookie));
    CHECK_STATUS(STATUS_INVALID_PARAMETER, CmUnRegisterCallback(low_cookie));
    ZwSetValueKey(top, text(L"v"), 0, REG_DWORD, &id, 4);
    CHECK(high.sets == 4);
}

static void check_notify(void)
{
    IO_STATUS_BLOCK status_block = {.Status = 1};
    ULONG number = 5;
    HANDLE key, sub;

    CHECK_STATUS(STATUS_SUCCESS, ZwOpenKey(&key, KEY_ALL_ACCESS, named(NULL, SERVICE)));
    CHECK_STATUS(STATUS_INVALID_PARAMETER,
                 ZwNotifyChangeKey(key, NULL, NULL, NULL, &status_block, 0, FALSE, NULL, 0, TRUE));
    CHECK_STATUS(STATUS_PENDING,
                 ZwNotifyChangeKey(key, NULL, NULL, NULL, &status_block,
                                   REG_NOTIFY_CHANGE_LAST_SET | REG_NOTIFY_CHANGE_NAME, FALSE, NULL,
                                   0, TRUE));
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwCreateKey(&sub, KEY_ALL_ACCESS, named(key, L"Deep"), 0, NULL, 0, NULL));
    CHECK(status_block.Status == STATUS_NOTIFY_ENUM_DIR);
    status_block.Status = 1;
    CHECK_STATUS(STATUS_PENDING,
                 ZwNotifyChangeKey(key, NULL, NULL, NULL, &status_block, REG_NOTIFY_CHANGE_LAST_SET,
                                   FALSE, NULL, 0, TRUE));
    ZwSetValueKey(sub, text(L"n"), 0, REG_DWORD, &number, 4); /* not the watched key */
    CHECK(status_block.Status == 1);
    ZwSetValueKey(key, text(L"n"), 0, REG_DWORD, &number, 4);
    CHECK(status_block.Status == STATUS_NOTIFY_ENUM_DIR);
    CHECK_STATUS(STATUS_PENDING,
                 ZwNotifyChangeKey(sub, NULL, NULL, NULL, &status_block, REG_NOTIFY_CHANGE_LAST_SET,
                                   FALSE, NULL, 0, TRUE));
    CHECK_STATUS(STATUS_SUCCESS, ZwDeleteKey(sub));
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(sub));
    CHECK(status_block.Status == STATUS_NOTIFY_CLEANUP);
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(key));
}

/* A change between two requests of one handle ends the second at once. */
static void check_notify_kept(void)
{
    IO_STATUS_BLOCK status_block = {.Status = 1};
    ULONG number = 5;
    HANDLE key;

    CHECK_STATUS(STATUS_SUCCESS, ZwOpenKey(&key, KEY_ALL_ACCESS, named(NULL, SERVICE)));
    CHECK_STATUS(STATUS_PENDING,
                 ZwNotifyChangeKey(key, NULL, NULL, NULL, &status_block, REG_NOTIFY_CHANGE_LAST_SET,
                                   FALSE, NULL, 0, TRUE));
    ZwSetValueKey(key, text(L"n"), 0, REG_DWORD, &number, 4);
    CHECK(status_block.Status == STATUS_NOTIFY_ENUM_DIR);
    ZwSetValueKey(key, text(L"n"), 0, REG_DWORD, &number, 4); /* nobody asked: kept for the next */
    CHECK_STATUS(STATUS_NOTIFY_ENUM_DIR,
                 ZwNotifyChangeKey(key, NULL, NULL, NULL, &status_block, REG_NOTIFY_CHANGE_LAST_SET,
                                   FALSE, NULL, 0, FALSE));
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(key));
}

static void check_version(void)
{
    RTL_QUERY_REGISTRY_TABLE table[2];
    ULONG major = 0;

    RtlZeroMemory(table, sizeof table);
    table[0].Flags = RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_REQUIRED;
    table[0].Name = L"CurrentMajorVersionNumber";
    table[0].EntryContext = &major;
    CHECK_STATUS(STATUS_SUCCESS,
                 RtlQueryRegistryValues(RTL_REGISTRY_WINDOWS_NT, NULL, table, NULL, NULL));
    CHECK(major == 10);
}

static void check_object_name(void)
{
    union {
        OBJECT_NAME_INFORMATION name;
        UCHAR bytes[256];
    } data;
    ULONG length = 0;
    PVOID object = NULL;
    HANDLE key;

    CHECK_STATUS(STATUS_SUCCESS, ZwOpenKey(&key, KEY_ALL_ACCESS, named(NULL, SERVICE)));
    CHECK_STATUS(STATUS_SUCCESS,
                 ObReferenceObjectByHandle(key, 0, NULL, KernelMode, &object, NULL));
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(key));
    if (!object)
        return;
    CHECK_STATUS(STATUS_SUCCESS, ObQueryNameString(object, &data.name, sizeof data, &length));
    CHECK(data.name.Name.Length > 60 && _wcsnicmp(data.name.Name.Buffer, L"\\REGISTRY\\", 10) == 0);
    ObDereferenceObject(object);
}

/* The driver's own key is there before DriverEntry runs. */
static void check_service(void)
{
    RTL_QUERY_REGISTRY_TABLE table[3];
    UNICODE_STRING image = {0};
    ULONG type = 0;

    RtlZeroMemory(table, sizeof table);
    table[0].Flags = table[1].Flags =
        RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_REQUIRED | RTL_QUERY_REGISTRY_NOEXPAND;
    table[0].Name = L"Type";
    table[0].EntryContext = &type;
    table[1].Name = L"ImagePath";
    table[1].EntryContext = &image;
    CHECK_STATUS(STATUS_SUCCESS,
                 RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, service->Buffer, table, NULL, NULL));
    CHECK(type == SERVICE_KERNEL_DRIVER && image.Length > 8);
    CHECK(image.Buffer && wcscmp(image.Buffer + image.Length / 2 - 4, L".sys") == 0);
    if (image.Buffer)
        RtlFreeUnicodeString(&image);
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    (void)driver;
}

static void check_close(void)
{
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(top));
}

static struct check_group groups[] = {
    CHECK_GROUP(service),        CHECK_GROUP(routines),    CHECK_GROUP(open),
    CHECK_GROUP(names),          CHECK_GROUP(renaming),    CHECK_GROUP(values),
    CHECK_GROUP(several_values), CHECK_GROUP(rtl),         CHECK_GROUP(callbacks),
    CHECK_GROUP(notify),         CHECK_GROUP(notify_kept), CHECK_GROUP(version),
    CHECK_GROUP(object_name),    CHECK_GROUP(close),
};

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    driver->DriverUnload = unload;
    this_driver = driver;
    service = path;
    run_groups(path, groups, RTL_NUMBER_OF(groups));
    return groups_result();
}
