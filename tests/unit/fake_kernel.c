#include <ntifs.h>
#include <stdarg.h>

#include "fake_kernel.h"

void *calloc(size_t count, size_t size) __attribute__((sysv_abi));
void free(void *memory) __attribute__((sysv_abi));
#undef memcpy
#undef memmove
#undef memset

/* In front of each block stands its tag; the room keeps the block aligned as pool is. */
#define TAG_ROOM 16

static struct {
    unsigned calls;
    unsigned failing_call;
    struct fake_holdings held;
    DRIVER_OBJECT driver;
    PDEVICE_OBJECT device;
    BOOLEAN exclusive;
    FILE_OBJECT files[FAKE_FILES];
    unsigned file;
    FILE_OBJECT related;
    unsigned completions;
    bool lock_held;
    bool fails_to_wait;
    void (*while_waiting)(void);
    struct {
        UCHAR authority;
        UCHAR count;
        ULONG subauthority[2];
        ULONG mask;
    } entries[8];
    unsigned entry_count;
    unsigned dacl_count;
    ULONG log_component;
    ULONG log_level;
    char log[4096];
    size_t log_length;
} fake;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT object, PUNICODE_STRING path);

static void close_if_open(unsigned index)
{
    fake.file = index;
    if (fake.device == NULL || fake.files[index].FsContext2 == NULL)
        return;
    fake_simple(FAKE_CLEANUP);
    fake_simple(FAKE_CLOSE);
}

void fake_reset(void)
{
    for (unsigned index = 0; index < FAKE_FILES; index++)
        close_if_open(index);
    if (fake.device != NULL)
        free(fake.device);
    __builtin_memset(&fake, 0, sizeof(fake));
}

void fake_fail_call(unsigned n)
{
    fake.failing_call = n == 0 ? 0 : fake.calls + n;
}

unsigned fake_call_count(void)
{
    return fake.calls;
}

static BOOLEAN fails(void)
{
    return ++fake.calls == fake.failing_call;
}

/* What the driver library imports. */

NTSTATUS NTAPI IoCreateDevice(PDRIVER_OBJECT driver, ULONG extension, PUNICODE_STRING name,
                              DEVICE_TYPE type, ULONG characteristics, BOOLEAN exclusive,
                              PDEVICE_OBJECT *created)
{
    PDEVICE_OBJECT device;

    if (fails())
        return STATUS_INSUFFICIENT_RESOURCES;
    if (name->Length == 0 || type != FILE_DEVICE_UNKNOWN)
        return STATUS_INVALID_PARAMETER;
    device = calloc(1, sizeof(*device) + extension);
    device->DriverObject = driver;
    device->DeviceExtension = device + 1;
    device->Characteristics = characteristics;
    device->Flags = DO_DEVICE_INITIALIZING;
    driver->DeviceObject = device;
    fake.device = device;
    fake.exclusive = exclusive;
    fake.held.devices++;
    *created = device;
    return STATUS_SUCCESS;
}

VOID NTAPI IoDeleteDevice(PDEVICE_OBJECT device)
{
    device->DriverObject->DeviceObject = NULL;
    fake.held.devices--;
    fake.device = NULL;
    free(device);
}

NTSTATUS NTAPI IoCreateSymbolicLink(PUNICODE_STRING link, PUNICODE_STRING target)
{
    if (fails())
        return STATUS_INSUFFICIENT_RESOURCES;
    if (link->Length == 0 || target->Length == 0)
        return STATUS_INVALID_PARAMETER;
    fake.held.links++;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoDeleteSymbolicLink(PUNICODE_STRING link)
{
    (void)link;
    fake.held.links--;
    return STATUS_SUCCESS;
}

struct fake_request {
    IRP irp;
    IO_STACK_LOCATION stack;
    MDL mdl;
    UCHAR *buffer; /* the system's, or the pages */
    UCHAR *input;  /* of a direct method */
    unsigned completions;
};

/* No request may be completed under a spin lock. */
VOID FASTCALL IofCompleteRequest(PIRP irp, CCHAR boost)
{
    (void)boost;
    fake.held.mistakes += fake.lock_held;
    fake.completions++;
    CONTAINING_RECORD(irp, struct fake_request, irp)->completions++;
}

/* One processor, no preemption: a lock that is taken twice is a mistake. */
KIRQL NTAPI KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK lock)
{
    fake.held.mistakes += fake.lock_held || *lock != 0;
    fake.lock_held = true;
    *lock = 1;
    return PASSIVE_LEVEL;
}

VOID NTAPI KeReleaseSpinLock(PKSPIN_LOCK lock, KIRQL irql)
{
    fake.held.mistakes += !fake.lock_held || *lock != 1 || irql != PASSIVE_LEVEL;
    fake.lock_held = false;
    *lock = 0;
}

VOID NTAPI KeInitializeSpinLock(PKSPIN_LOCK lock)
{
    *lock = 0;
}

VOID NTAPI IoReleaseCancelSpinLock(KIRQL irql)
{
    fake.held.mistakes += irql != DISPATCH_LEVEL;
}

VOID NTAPI KeInitializeEvent(PKEVENT event, EVENT_TYPE type, BOOLEAN signalled)
{
    event->Header.Type = (UCHAR)type;
    event->Header.SignalState = signalled;
}

LONG NTAPI KeSetEvent(PKEVENT event, KPRIORITY boost, BOOLEAN wait)
{
    LONG before = event->Header.SignalState;

    (void)boost;
    fake.held.mistakes += wait;
    event->Header.SignalState = 1;
    return before;
}

/* What else the machine does meanwhile is the test's; then time is up. */
NTSTATUS NTAPI KeWaitForSingleObject(PVOID object, KWAIT_REASON reason, KPROCESSOR_MODE mode,
                                     BOOLEAN alertable, PLARGE_INTEGER timeout)
{
    (void)reason;
    fake.held.mistakes +=
        fake.lock_held || mode != UserMode || alertable || timeout == NULL || timeout->QuadPart > 0;
    if (fake.while_waiting != NULL)
        fake.while_waiting();
    if (((PKEVENT)object)->Header.SignalState != 0)
        return STATUS_SUCCESS;
    return fake.fails_to_wait ? STATUS_USER_APC : STATUS_TIMEOUT;
}

PVOID NTAPI MmMapLockedPagesSpecifyCache(PMDL mdl, KPROCESSOR_MODE mode, MEMORY_CACHING_TYPE type,
                                         PVOID address, ULONG bug_check, ULONG priority)
{
    fake.held.mistakes += mode != KernelMode || type != MmCached || address != NULL || bug_check ||
                          (priority & 0x40000000) == 0;
    if (fails())
        return NULL;
    mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
    mdl->MappedSystemVa = mdl->StartVa;
    return mdl->MappedSystemVa;
}

PVOID NTAPI ExAllocatePoolWithTag(POOL_TYPE type, SIZE_T length, ULONG tag)
{
    ULONG *block;

    if (fails() || type != NonPagedPoolNx || tag == 0)
        return NULL;
    block = calloc(1, TAG_ROOM + length);
    *block = tag;
    __builtin_memset((UCHAR *)block + TAG_ROOM, 0x5A, length);
    fake.held.blocks++;
    return (UCHAR *)block + TAG_ROOM;
}

VOID NTAPI ExFreePoolWithTag(PVOID block, ULONG tag)
{
    ULONG *start = (ULONG *)((UCHAR *)block - TAG_ROOM);

    fake.held.blocks--;
    fake.held.mistakes += *start != tag;
    free(start);
}

VOID NTAPI RtlInitUnicodeString(PUNICODE_STRING string, PCWSTR source)
{
    USHORT length = 0;

    while (source[length / sizeof(WCHAR)] != 0)
        length += sizeof(WCHAR);
    string->Buffer = (PWSTR)(ULONG_PTR)source;
    string->Length = length;
    string->MaximumLength = length + sizeof(WCHAR);
}

NTSTATUS NTAPI RtlCreateAcl(PACL acl, ULONG length, ULONG revision)
{
    if (fails())
        return STATUS_INVALID_PARAMETER;
    acl->AclRevision = (UCHAR)revision;
    acl->AclSize = (USHORT)length;
    acl->AceCount = 0;
    fake.entry_count = 0;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlInitializeSid(PSID sid, PSID_IDENTIFIER_AUTHORITY authority, UCHAR count)
{
    SID *body = sid;

    if (fails())
        return STATUS_INVALID_PARAMETER;
    body->Revision = SID_REVISION;
    body->SubAuthorityCount = count;
    body->IdentifierAuthority = *authority;
    return STATUS_SUCCESS;
}

PULONG NTAPI RtlSubAuthoritySid(PSID sid, ULONG index)
{
    return &((SID *)sid)->SubAuthority[index];
}

NTSTATUS NTAPI RtlAddAccessAllowedAce(PACL acl, ULONG revision, ACCESS_MASK mask, PSID sid)
{
    const SID *body = sid;
    size_t used = sizeof(ACL) + (acl->AceCount + 1) * (sizeof(ACCESS_ALLOWED_ACE) + 8);

    (void)revision;
    if (fails() || used > acl->AclSize || fake.entry_count == 8)
        return STATUS_ALLOTTED_SPACE_EXCEEDED;
    acl->AceCount++;
    fake.entries[fake.entry_count].authority = body->IdentifierAuthority.Value[5];
    fake.entries[fake.entry_count].count = body->SubAuthorityCount;
    for (UCHAR index = 0; index < body->SubAuthorityCount; index++)
        fake.entries[fake.entry_count].subauthority[index] =
            *RtlSubAuthoritySid((PSID)(ULONG_PTR)body, index);
    fake.entries[fake.entry_count].mask = mask;
    fake.entry_count++;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlCreateSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, ULONG revision)
{
    SECURITY_DESCRIPTOR *body = descriptor;

    if (fails())
        return STATUS_UNKNOWN_REVISION;
    __builtin_memset(body, 0, sizeof(*body));
    body->Revision = (UCHAR)revision;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlSetDaclSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, BOOLEAN present,
                                            PACL acl, BOOLEAN defaulted)
{
    SECURITY_DESCRIPTOR *body = descriptor;

    (void)defaulted;
    if (fails() || !present)
        return STATUS_UNKNOWN_REVISION;
    body->Dacl = acl;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ObOpenObjectByPointer(PVOID object, ULONG attributes, PACCESS_STATE state,
                                     ACCESS_MASK access, POBJECT_TYPE type, KPROCESSOR_MODE mode,
                                     PHANDLE handle)
{
    (void)state;
    (void)type;
    if (fails())
        return STATUS_INSUFFICIENT_RESOURCES;
    if (object != fake.device || (attributes & OBJ_KERNEL_HANDLE) == 0 || access != WRITE_DAC ||
        mode != KernelMode)
        return STATUS_INVALID_PARAMETER;
    fake.held.handles++;
    *handle = &fake;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwSetSecurityObject(HANDLE handle, SECURITY_INFORMATION information,
                                   PSECURITY_DESCRIPTOR descriptor)
{
    if (fails())
        return STATUS_INSUFFICIENT_RESOURCES;
    if (handle != &fake || information != DACL_SECURITY_INFORMATION)
        return STATUS_INVALID_PARAMETER;
    fake.dacl_count = ((SECURITY_DESCRIPTOR *)descriptor)->Dacl->AceCount;
    return STATUS_SUCCESS;
}

/* The driver has no parameters. */
NTSTATUS NTAPI ZwOpenKey(PHANDLE key, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes)
{
    (void)key, (void)access, (void)attributes;
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS NTAPI ZwQueryValueKey(HANDLE key, PUNICODE_STRING name,
                               KEY_VALUE_INFORMATION_CLASS information_class, PVOID information,
                               ULONG length, PULONG needed)
{
    (void)key, (void)name, (void)information_class, (void)information, (void)length, (void)needed;
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

BOOLEAN NTAPI RtlEqualUnicodeString(PCUNICODE_STRING first, PCUNICODE_STRING second,
                                    BOOLEAN ignores_case)
{
    (void)ignores_case;
    return first->Length == second->Length &&
           __builtin_memcmp(first->Buffer, second->Buffer, first->Length) == 0;
}

NTSTATUS NTAPI ZwClose(HANDLE handle)
{
    (void)handle;
    fake.held.handles--;
    return STATUS_SUCCESS;
}

HANDLE NTAPI PsGetCurrentProcessId(VOID)
{
    return (HANDLE)(ULONG_PTR)4242;
}

/* The formats the library uses, no more: %u, %x and %08x. */
static void log_character(char character)
{
    if (fake.log_length + 1 < sizeof(fake.log))
        fake.log[fake.log_length++] = character;
}

static void log_number(ULONG number, ULONG base, ULONG least_digits)
{
    if (number >= base || least_digits > 1)
        log_number(number / base, base, least_digits > 1 ? least_digits - 1 : 0);
    log_character("0123456789abcdef"[number % base]);
}

/* The list is NT's: pointer-sized slots in a row. */
ULONG NTAPI vDbgPrintEx(ULONG component, ULONG level, PCCH format, va_list list)
{
    const ULONG_PTR *slots = *(const ULONG_PTR *const *)&list;

    fake.log_component = component;
    fake.log_level = level;
    for (; *format != '\0'; format++) {
        if (*format != '%') {
            log_character(*format);
            continue;
        }
        format++;
        if (*format == '0')
            format += 2;
        if (*format == 's')
            for (const char *text = (const char *)*slots; *text != '\0'; text++)
                log_character(*text);
        else
            log_number((ULONG)*slots, *format == 'u' ? 10 : 16, 1);
        slots++;
    }
    return 0;
}

void *__cdecl nt_memcpy(void *to, const void *from, size_t length)
{
    return __builtin_memcpy(to, from, length);
}

void *__cdecl nt_memmove(void *to, const void *from, size_t length)
{
    return __builtin_memmove(to, from, length);
}

void *__cdecl nt_memset(void *to, int byte, size_t length)
{
    return __builtin_memset(to, byte, length);
}

/* The test's side. */

uint32_t fake_start(void)
{
    UNICODE_STRING path;
    NTSTATUS status;

    RtlInitUnicodeString(&path, L"\\Registry\\Machine\\Test");
    status = DriverEntry(&fake.driver, &path);
    if (NT_SUCCESS(status))
        fake.device->Flags &= ~DO_DEVICE_INITIALIZING;
    return (uint32_t)status;
}

void fake_unload(void)
{
    fake.driver.DriverUnload(&fake.driver);
}

struct fake_holdings fake_holdings(void)
{
    return fake.held;
}

uint32_t fake_device_flags(void)
{
    return fake.device->Flags;
}

uint32_t fake_device_characteristics(void)
{
    return fake.device->Characteristics;
}

bool fake_device_exclusive(void)
{
    return fake.exclusive;
}

uint32_t fake_granted(unsigned authority, uint32_t first, uint32_t second)
{
    unsigned index;

    for (index = 0; index < fake.entry_count; index++)
        if (fake.entries[index].authority == authority &&
            fake.entries[index].subauthority[0] == first &&
            (fake.entries[index].count == 1 || fake.entries[index].subauthority[1] == second))
            return fake.entries[index].mask;
    return 0;
}

unsigned fake_dacl_count(void)
{
    return fake.dacl_count;
}

void fake_use_file(unsigned index)
{
    fake.file = index;
}

void fake_while_waiting(void (*what)(void), bool fails_to_wait)
{
    fake.while_waiting = what;
    fake.fails_to_wait = fails_to_wait;
}

static void prepare(struct fake_request *request, enum fake_major major)
{
    __builtin_memset(request, 0, sizeof(*request));
    request->irp.RequestorMode = UserMode;
    request->irp.StackCount = 1;
    request->irp.CurrentLocation = 1;
    request->irp.Tail.Overlay.CurrentStackLocation = &request->stack;
    request->stack.MajorFunction = (UCHAR)major;
    request->stack.DeviceObject = fake.device;
    request->stack.FileObject = &fake.files[fake.file];
    fake.completions = 0;
}

static struct fake_result dispatch(struct fake_request *request)
{
    struct fake_result result = {0};

    request->irp.IoStatus.Status = (NTSTATUS)0xDEADBEEF;
    request->irp.IoStatus.Information = 0xDEADBEEF;
    result.returned = (uint32_t)fake.driver.MajorFunction[request->stack.MajorFunction](
        fake.device, &request->irp);
    result.status = (uint32_t)request->irp.IoStatus.Status;
    result.information = request->irp.IoStatus.Information;
    result.completions = request->completions;
    return result;
}

struct fake_result fake_open(const char *name, bool relative)
{
    FILE_OBJECT *file = &fake.files[fake.file];
    struct fake_request request;
    WCHAR wide[32];
    USHORT length = 0;

    /* A file object is opened once: what was open before is closed. */
    close_if_open(fake.file);
    __builtin_memset(file, 0, sizeof(*file));
    while (name != NULL && name[length] != '\0') {
        wide[length] = (WCHAR)name[length];
        length++;
    }
    file->FileName.Buffer = wide;
    file->FileName.Length = length * sizeof(WCHAR);
    file->RelatedFileObject = relative ? &fake.related : NULL;
    prepare(&request, FAKE_CREATE);
    return dispatch(&request);
}

struct fake_result fake_simple(enum fake_major major)
{
    struct fake_request request;

    prepare(&request, major);
    return dispatch(&request);
}

/* METHOD_BUFFERED: one buffer, the input at its beginning. */
static void attach_buffered(struct fake_request *request, const void *input, uint32_t input_length,
                            uint32_t output_length)
{
    uint32_t length = input_length > output_length ? input_length : output_length;

    request->buffer = length != 0 ? calloc(1, length) : NULL;
    if (length != 0)
        __builtin_memset(request->buffer, 0xA5, length);
    if (input_length != 0)
        __builtin_memcpy(request->buffer, input, input_length);
    request->irp.AssociatedIrp.SystemBuffer = request->buffer;
}

/* Pages of the caller's, described by an MDL that is not mapped yet. */
static void attach_pages(struct fake_request *request, const void *data, uint32_t length)
{
    if (length == 0)
        return;
    request->buffer = calloc(1, length);
    __builtin_memset(request->buffer, 0xA5, length);
    if (data != NULL)
        __builtin_memcpy(request->buffer, data, length);
    request->mdl.StartVa = request->buffer;
    request->mdl.ByteCount = length;
    request->irp.MdlAddress = &request->mdl;
}

static void attach_input(struct fake_request *request, const void *input, uint32_t length)
{
    if (length == 0)
        return;
    request->input = calloc(1, length);
    __builtin_memcpy(request->input, input, length);
    request->irp.AssociatedIrp.SystemBuffer = request->input;
}

static void prepare_control(struct fake_request *request, uint32_t code, const void *input,
                            uint32_t input_length, void *output, uint32_t output_length)
{
    if ((code & 3) == 0) {
        attach_buffered(request, input, input_length, output_length);
    } else {
        attach_input(request, input, input_length);
        attach_pages(request, output, output_length);
    }
    request->stack.Parameters.DeviceIoControl.IoControlCode = code;
    request->stack.Parameters.DeviceIoControl.InputBufferLength = input_length;
    request->stack.Parameters.DeviceIoControl.OutputBufferLength = output_length;
}

static void prepare_transfer(struct fake_request *request, enum fake_major major, const void *data,
                             uint32_t length)
{
    if ((fake.device->Flags & DO_DIRECT_IO) != 0)
        attach_pages(request, data, length);
    else
        attach_buffered(request, data, data != NULL ? length : 0, length);
    if (major == FAKE_READ)
        request->stack.Parameters.Read.Length = length;
    else
        request->stack.Parameters.Write.Length = length;
    request->stack.Parameters.Read.ByteOffset.QuadPart = 0x1234567890;
}

static struct fake_result end(struct fake_request *request, struct fake_result result, void *reply,
                              uint32_t output_length)
{
    uint64_t copied = result.information < output_length ? result.information : output_length;

    if (reply != NULL && copied != 0)
        __builtin_memcpy(reply, request->buffer, copied);
    free(request->buffer);
    free(request->input);
    return result;
}

static struct fake_result control(struct fake_request *request, uint32_t code, const void *input,
                                  uint32_t input_length, void *reply, uint32_t output_length)
{
    prepare_control(request, code, input, input_length, NULL, output_length);
    return end(request, dispatch(request), reply, output_length);
}

struct fake_result fake_control(uint32_t code, const void *input, uint32_t input_length,
                                void *reply, uint32_t output_length, uint8_t granted)
{
    struct fake_request request;

    prepare(&request, FAKE_DEVICE_CONTROL);
    request.stack.Flags = granted;
    return control(&request, code, input, input_length, reply, output_length);
}

struct fake_result fake_control_without_file(uint32_t code, const void *input, uint32_t length)
{
    struct fake_request request;

    prepare(&request, FAKE_DEVICE_CONTROL);
    request.stack.FileObject = NULL;
    return control(&request, code, input, length, NULL, 64);
}

struct fake_result fake_control_from_kernel(uint32_t code)
{
    struct fake_request request;

    prepare(&request, FAKE_DEVICE_CONTROL);
    request.irp.RequestorMode = KernelMode;
    return control(&request, code, NULL, 0, NULL, 0);
}

struct fake_result fake_send(uint32_t code, const void *input, uint32_t input_length, void *data,
                             uint32_t data_length)
{
    struct fake_request request;

    prepare(&request, FAKE_DEVICE_CONTROL);
    prepare_control(&request, code, input, input_length, data, data_length);
    return end(&request, dispatch(&request), NULL, 0);
}

struct fake_result fake_read(void *reply, uint32_t length)
{
    struct fake_request request;

    prepare(&request, FAKE_READ);
    prepare_transfer(&request, FAKE_READ, NULL, length);
    return end(&request, dispatch(&request), reply, length);
}

struct fake_result fake_write(const void *data, uint32_t length)
{
    struct fake_request request;

    prepare(&request, FAKE_WRITE);
    prepare_transfer(&request, FAKE_WRITE, data, length);
    return end(&request, dispatch(&request), NULL, 0);
}

/* ---- requests that wait ---- */

struct fake_request *fake_begin(uint32_t code, uint32_t output_length)
{
    struct fake_request *request = calloc(1, sizeof(*request));

    prepare(request, FAKE_DEVICE_CONTROL);
    prepare_control(request, code, NULL, 0, NULL, output_length);
    dispatch(request);
    return request;
}

struct fake_request *fake_begin_cancelled(uint32_t code, uint32_t output_length)
{
    struct fake_request *request = calloc(1, sizeof(*request));

    prepare(request, FAKE_DEVICE_CONTROL);
    request->irp.Cancel = TRUE;
    prepare_control(request, code, NULL, 0, NULL, output_length);
    dispatch(request);
    return request;
}

struct fake_request *fake_begin_transfer(enum fake_major major, const void *data, uint32_t length)
{
    struct fake_request *request = calloc(1, sizeof(*request));

    prepare(request, major);
    prepare_transfer(request, major, data, length);
    dispatch(request);
    return request;
}

bool fake_waits(const struct fake_request *request)
{
    return request->completions == 0 &&
           (request->stack.Control & SL_PENDING_RETURNED) == SL_PENDING_RETURNED;
}

bool fake_take_cancel_routine(struct fake_request *request)
{
    request->irp.Cancel = TRUE;
    request->input = (UCHAR *)IoSetCancelRoutine(&request->irp, NULL);
    return request->input != NULL;
}

void fake_run_cancel_routine(struct fake_request *request)
{
    PDRIVER_CANCEL routine = (PDRIVER_CANCEL)(ULONG_PTR)request->input;

    request->input = NULL;
    request->irp.CancelIrql = DISPATCH_LEVEL;
    routine(fake.device, &request->irp);
}

bool fake_cancel(struct fake_request *request)
{
    if (!fake_take_cancel_routine(request))
        return false;
    fake_run_cancel_routine(request);
    return true;
}

struct fake_result fake_end(struct fake_request *request, void *reply, uint32_t capacity)
{
    struct fake_result result = {(uint32_t)request->irp.IoStatus.Status,
                                 (uint32_t)request->irp.IoStatus.Status,
                                 request->irp.IoStatus.Information, request->completions};

    result = end(request, result, reply, capacity);
    free(request);
    return result;
}

uint32_t fake_log_component(void)
{
    return fake.log_component;
}

uint32_t fake_log_level(void)
{
    return fake.log_level;
}

const char *fake_log(void)
{
    fake.log[fake.log_length] = '\0';
    return fake.log;
}
