/* Handles, names and device stacks, from inside. */
#include "driver.h"

#ifndef DIRECTORY_ALL_ACCESS
#define DIRECTORY_ALL_ACCESS 0xF000F
#endif

NTSYSAPI NTSTATUS NTAPI ZwCreateDirectoryObject(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);
NTSYSAPI NTSTATUS NTAPI ZwOpenDirectoryObject(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);

extern POBJECT_TYPE NTSYSAPI *IoDeviceObjectType;

static UNICODE_STRING folder = RTL_CONSTANT_STRING(L"\\RequestsTest");
static UNICODE_STRING link_name = RTL_CONSTANT_STRING(L"\\RequestsTest\\Link");
static UNICODE_STRING event_name = RTL_CONSTANT_STRING(L"\\RequestsTest\\Event");
static UNICODE_STRING event_by_link = RTL_CONSTANT_STRING(L"\\RequestsTest\\Link\\Event");

static void events(void)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE event, again, copy;
    PKEVENT object;
    LARGE_INTEGER none = {.QuadPart = 0};
    OBJECT_HANDLE_INFORMATION information;
    LONG before = 99;
    InitializeObjectAttributes(&attributes, &event_name, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwCreateEvent(&event, EVENT_ALL_ACCESS, &attributes, SynchronizationEvent, FALSE));
    CHECK_STATUS(STATUS_OBJECT_NAME_COLLISION,
                 ZwCreateEvent(&again, EVENT_ALL_ACCESS, &attributes, SynchronizationEvent, FALSE));
    attributes.Attributes |= OBJ_OPENIF;
    CHECK_STATUS(STATUS_OBJECT_NAME_EXISTS,
                 ZwCreateEvent(&again, EVENT_ALL_ACCESS, &attributes, SynchronizationEvent, FALSE));
    CHECK_STATUS(STATUS_TIMEOUT, ZwWaitForSingleObject(event, FALSE, &none));
    CHECK_STATUS(STATUS_SUCCESS, ZwSetEvent(again, &before));
    CHECK(before == 0);
    CHECK_STATUS(STATUS_SUCCESS, ZwWaitForSingleObject(event, FALSE, &none));
    CHECK_STATUS(STATUS_TIMEOUT, ZwWaitForSingleObject(event, FALSE, &none));
    CHECK_STATUS(STATUS_SUCCESS,
                 ObReferenceObjectByHandle(event, EVENT_MODIFY_STATE, *ExEventObjectType,
                                           KernelMode, (PVOID *)&object, &information));
    CHECK(information.GrantedAccess == EVENT_ALL_ACCESS);
    CHECK_STATUS(
        STATUS_INVALID_HANDLE, /* a kernel handle is not the user's */
        ObReferenceObjectByHandle(event, 0, *ExEventObjectType, UserMode, (PVOID *)&object, NULL));
    CHECK(object == NULL);
    CHECK_STATUS(
        STATUS_OBJECT_TYPE_MISMATCH,
        ObReferenceObjectByHandle(event, 0, *IoFileObjectType, KernelMode, (PVOID *)&object, NULL));
    CHECK_STATUS(STATUS_SUCCESS,
                 ObReferenceObjectByHandle(event, 0, NULL, KernelMode, (PVOID *)&object, NULL));
    ObDereferenceObject(object);
    ObDereferenceObject(object);
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwDuplicateObject(NtCurrentProcess(), event, NtCurrentProcess(), &copy,
                                   EVENT_MODIFY_STATE, OBJ_KERNEL_HANDLE, 0));
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(copy));
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(again));
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(event));
    CHECK_STATUS(STATUS_SUCCESS, /* the name went with the last handle */
                 ZwCreateEvent(&event, EVENT_ALL_ACCESS, &attributes, NotificationEvent, TRUE));
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(event));
}

static void links(void)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE link, event, opened;
    WCHAR text[64];
    UNICODE_STRING target = {0, sizeof(text), text};
    ULONG needed = 0;
    InitializeObjectAttributes(&attributes, &link_name, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_STATUS(STATUS_SUCCESS, IoCreateSymbolicLink(&link_name, &folder));
    CHECK_STATUS(STATUS_SUCCESS, ZwOpenSymbolicLinkObject(&link, GENERIC_READ, &attributes));
    CHECK_STATUS(STATUS_SUCCESS, ZwQuerySymbolicLinkObject(link, &target, &needed));
    CHECK(RtlEqualUnicodeString(&target, &folder, FALSE) && needed == folder.Length + 2u);
    target.MaximumLength = 4;
    CHECK_STATUS(STATUS_BUFFER_TOO_SMALL, ZwQuerySymbolicLinkObject(link, &target, &needed));
    attributes.ObjectName = &event_name;
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwCreateEvent(&event, EVENT_ALL_ACCESS, &attributes, NotificationEvent, TRUE));
    attributes.ObjectName = &event_by_link;
    attributes.Attributes |= OBJ_OPENIF;
    CHECK_STATUS(STATUS_OBJECT_NAME_EXISTS,
                 ZwCreateEvent(&opened, EVENT_ALL_ACCESS, &attributes, NotificationEvent, TRUE));
    ZwClose(opened);
    ZwClose(event);
    ZwClose(link);
    CHECK_STATUS(STATUS_SUCCESS, IoDeleteSymbolicLink(&link_name));
    CHECK_STATUS(STATUS_OBJECT_NAME_NOT_FOUND, IoDeleteSymbolicLink(&link_name));
}

static void names_of(HANDLE handle, PVOID object)
{
    UCHAR buffer[256];
    POBJECT_NAME_INFORMATION name = (POBJECT_NAME_INFORMATION)buffer;
    ULONG needed = 0, again = 0;
    CHECK_STATUS(STATUS_INFO_LENGTH_MISMATCH, ObQueryNameString(object, NULL, 0, &needed));
    CHECK(needed == sizeof(*name) + folder.Length + sizeof(WCHAR));
    CHECK_STATUS(STATUS_SUCCESS, ObQueryNameString(object, name, sizeof(buffer), &again));
    CHECK(again == needed && RtlEqualUnicodeString(&name->Name, &folder, FALSE));
    RtlZeroMemory(buffer, sizeof(buffer));
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwQueryObject(handle, ObjectTypeInformation, buffer, sizeof(buffer), &needed));
    CHECK(((PPUBLIC_OBJECT_TYPE_INFORMATION)buffer)->TypeName.Length == 9 * sizeof(WCHAR));
}

/* ---- callbacks for handles to processes ---- */
static LONG seen_before, seen_after;

static OB_PREOP_CALLBACK_STATUS NTAPI before(PVOID context, POB_PRE_OPERATION_INFORMATION call)
{
    seen_before += context == &seen_before && call->Object == PsGetCurrentProcess();
    if (!call->KernelHandle && call->Operation == OB_OPERATION_HANDLE_CREATE)
        call->Parameters->CreateHandleInformation.DesiredAccess &= ~(ACCESS_MASK)1; /* terminate */
    call->CallContext = &seen_after;
    return OB_PREOP_SUCCESS;
}

static VOID NTAPI after(PVOID context, POB_POST_OPERATION_INFORMATION call)
{
    (void)context;
    seen_after += call->CallContext == &seen_after && NT_SUCCESS(call->ReturnStatus);
}

static void open_self(ULONG attributes, ACCESS_MASK expected)
{
    OBJECT_HANDLE_INFORMATION information;
    PVOID object;
    HANDLE handle;
    CHECK_STATUS(STATUS_SUCCESS, ObOpenObjectByPointer(PsGetCurrentProcess(), attributes, NULL,
                                                       0x401, NULL, KernelMode, &handle));
    CHECK_STATUS(STATUS_SUCCESS,
                 ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &object, &information));
    CHECK(information.GrantedAccess == expected);
    ObDereferenceObject(object);
    ZwClose(handle);
}

static void handle_callbacks(void)
{
    OB_OPERATION_REGISTRATION operation = {0};
    OB_CALLBACK_REGISTRATION registration = {0};
    PVOID handle, second;
    seen_before = seen_after = 0;
    operation.ObjectType = PsProcessType;
    operation.Operations = OB_OPERATION_HANDLE_CREATE;
    operation.PreOperation = before;
    operation.PostOperation = after;
    registration.Version = ObGetFilterVersion();
    registration.OperationRegistrationCount = 1;
    RtlInitUnicodeString(&registration.Altitude, L"320000");
    registration.RegistrationContext = &seen_before;
    registration.OperationRegistration = &operation;
    CHECK(registration.Version == OB_FLT_REGISTRATION_VERSION);
    CHECK_STATUS(STATUS_SUCCESS, ObRegisterCallbacks(&registration, &handle));
    CHECK_STATUS(STATUS_FLT_INSTANCE_ALTITUDE_COLLISION,
                 ObRegisterCallbacks(&registration, &second));
    open_self(0, 0x400);
    open_self(OBJ_KERNEL_HANDLE, 0x401);
    CHECK(seen_before == 2 && seen_after == 2);
    ObUnRegisterCallbacks(handle);
    open_self(0, 0x401);
    CHECK(seen_before == 2);
}

void inside_objects(void)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE directory, again;
    PVOID object;
    InitializeObjectAttributes(&attributes, &folder, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwCreateDirectoryObject(&directory, DIRECTORY_ALL_ACCESS, &attributes));
    CHECK_STATUS(STATUS_SUCCESS,
                 ObReferenceObjectByHandle(directory, 0, NULL, KernelMode, &object, NULL));
    names_of(directory, object);
    events();
    links();
    handle_callbacks();
    CHECK_STATUS(STATUS_SUCCESS, ZwOpenDirectoryObject(&again, DIRECTORY_QUERY, &attributes));
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(again));
    ObDereferenceObject(object);
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(directory));
    CHECK_STATUS(STATUS_OBJECT_NAME_NOT_FOUND,
                 ZwOpenDirectoryObject(&again, DIRECTORY_QUERY, &attributes));
}

void inside_devices(PDRIVER_OBJECT driver)
{
    PDEVICE_OBJECT bottom, top, got;
    HANDLE handle;
    CHECK_STATUS(STATUS_SUCCESS,
                 IoCreateDevice(driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &bottom));
    CHECK_STATUS(STATUS_SUCCESS,
                 IoCreateDevice(driver, 16, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &top));
    CHECK(bottom->DeviceExtension == NULL && top->DeviceExtension != NULL);
    CHECK((bottom->Flags & DO_DEVICE_INITIALIZING) && bottom->StackSize == 1);
    CHECK(IoAttachDeviceToDeviceStack(top, bottom) == NULL); /* it is not ready yet */
    bottom->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    CHECK(IoAttachDeviceToDeviceStack(top, bottom) == bottom);
    CHECK(top->StackSize == 2 && bottom->AttachedDevice == top);
    got = IoGetAttachedDeviceReference(bottom);
    CHECK(got == top);
    ObDereferenceObject(got);
    got = IoGetLowerDeviceObject(top);
    CHECK(got == bottom);
    ObDereferenceObject(got);
    CHECK(IoGetLowerDeviceObject(bottom) == NULL);
    IoDetachDevice(bottom);
    CHECK(bottom->AttachedDevice == NULL);
    CHECK_STATUS(STATUS_SUCCESS, ObOpenObjectByPointer(bottom, OBJ_KERNEL_HANDLE, NULL, WRITE_DAC,
                                                       *IoDeviceObjectType, KernelMode, &handle));
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(handle));
    CHECK_STATUS(STATUS_OBJECT_TYPE_MISMATCH,
                 ObOpenObjectByPointer(bottom, OBJ_KERNEL_HANDLE, NULL, 0, *IoFileObjectType,
                                       KernelMode, &handle));
    IoDeleteDevice(top);
    IoDeleteDevice(bottom);
}
