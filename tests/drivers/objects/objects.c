/* Handles, names and device stacks. */
#include "objects.h"

#ifndef DIRECTORY_ALL_ACCESS
#define DIRECTORY_ALL_ACCESS 0xF000F
#endif

NTSYSAPI NTSTATUS NTAPI ZwCreateDirectoryObject(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);
NTSYSAPI NTSTATUS NTAPI ZwOpenDirectoryObject(PHANDLE, ACCESS_MASK, POBJECT_ATTRIBUTES);

static OBJECT_ATTRIBUTES kernel_handle = {.Length = sizeof(OBJECT_ATTRIBUTES),
                                          .Attributes = OBJ_KERNEL_HANDLE};
static UNICODE_STRING folder = RTL_CONSTANT_STRING(L"\\RequestsTest");
static UNICODE_STRING link_name = RTL_CONSTANT_STRING(L"\\RequestsTest\\Link");
static UNICODE_STRING event_name = RTL_CONSTANT_STRING(L"\\RequestsTest\\Event");
static UNICODE_STRING event_by_link = RTL_CONSTANT_STRING(L"\\RequestsTest\\Link\\Event");

static HANDLE make_folder(void)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE directory = NULL;
    InitializeObjectAttributes(&attributes, &folder, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwCreateDirectoryObject(&directory, DIRECTORY_ALL_ACCESS, &attributes));
    return directory;
}

void check_events(void)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE event, again, copy;
    LARGE_INTEGER none = {.QuadPart = 0};
    LONG before = 99;
    HANDLE directory = make_folder();
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
                 ZwDuplicateObject(NtCurrentProcess(), event, NtCurrentProcess(), &copy,
                                   EVENT_MODIFY_STATE, OBJ_KERNEL_HANDLE, 0));
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(copy));
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(again));
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(event));
    CHECK_STATUS(STATUS_SUCCESS, /* the name went with the last handle */
                 ZwCreateEvent(&event, EVENT_ALL_ACCESS, &attributes, NotificationEvent, TRUE));
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(event));
    ZwClose(directory);
}

/* The variable's address is what is imported; headers differ in how often they dereference it. */
static POBJECT_TYPE type_of(PCWSTR variable)
{
    UNICODE_STRING name;
    POBJECT_TYPE *type;
    RtlInitUnicodeString(&name, variable);
    type = MmGetSystemRoutineAddress(&name);
    CHECK(type != NULL);
    return type ? *type : NULL;
}

void check_references(void)
{
    POBJECT_TYPE event_type = type_of(L"ExEventObjectType"),
                 file_type = type_of(L"IoFileObjectType");
    OBJECT_HANDLE_INFORMATION information = {0};
    PKEVENT object = NULL;
    HANDLE event;
    CHECK_STATUS(STATUS_SUCCESS, ZwCreateEvent(&event, EVENT_ALL_ACCESS, &kernel_handle,
                                               SynchronizationEvent, FALSE));
    CHECK_STATUS(STATUS_SUCCESS,
                 ObReferenceObjectByHandle(event, EVENT_MODIFY_STATE, event_type, KernelMode,
                                           (PVOID *)&object, &information));
    CHECK(information.GrantedAccess == EVENT_ALL_ACCESS);
    CHECK_STATUS(STATUS_INVALID_HANDLE, /* a kernel handle is not the user's */
                 ObReferenceObjectByHandle(event, 0, event_type, UserMode, (PVOID *)&object, NULL));
    CHECK(object == NULL);
    CHECK_STATUS(
        STATUS_OBJECT_TYPE_MISMATCH,
        ObReferenceObjectByHandle(event, 0, file_type, KernelMode, (PVOID *)&object, NULL));
    CHECK_STATUS(STATUS_SUCCESS,
                 ObReferenceObjectByHandle(event, 0, NULL, KernelMode, (PVOID *)&object, NULL));
    ObDereferenceObject(object);
    ObDereferenceObject(object);
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(event));
}

void check_links(void)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE link, event, opened;
    WCHAR text[64];
    UNICODE_STRING target = {0, sizeof(text), text};
    ULONG needed = 0;
    HANDLE directory = make_folder();
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
    ZwClose(directory);
}

void check_names(void)
{
    HANDLE handle = make_folder();
    PVOID object = NULL;
    UCHAR buffer[256];
    POBJECT_NAME_INFORMATION name = (POBJECT_NAME_INFORMATION)buffer;
    ULONG needed = 0, again = 0;
    CHECK_STATUS(STATUS_SUCCESS,
                 ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &object, NULL));
    if (!object)
        return;
    CHECK_STATUS(STATUS_INFO_LENGTH_MISMATCH, ObQueryNameString(object, NULL, 0, &needed));
    CHECK(needed == sizeof(*name) + folder.Length + sizeof(WCHAR));
    CHECK_STATUS(STATUS_SUCCESS, ObQueryNameString(object, name, sizeof(buffer), &again));
    CHECK(again == needed && RtlEqualUnicodeString(&name->Name, &folder, FALSE));
    RtlZeroMemory(buffer, sizeof(buffer));
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwQueryObject(handle, ObjectTypeInformation, buffer, sizeof(buffer), &needed));
    CHECK(((PPUBLIC_OBJECT_TYPE_INFORMATION)buffer)->TypeName.Length == 9 * sizeof(WCHAR));
    ObDereferenceObject(object);
    ZwClose(handle);
}

/* A directory goes with its last handle and reference. */
void check_directories(void)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE directory = make_folder(), again = NULL;
    InitializeObjectAttributes(&attributes, &folder, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_STATUS(STATUS_SUCCESS, ZwOpenDirectoryObject(&again, DIRECTORY_QUERY, &attributes));
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(again));
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(directory));
    CHECK_STATUS(STATUS_OBJECT_NAME_NOT_FOUND,
                 ZwOpenDirectoryObject(&again, DIRECTORY_QUERY, &attributes));
}

void check_device_stack(void)
{
    PDRIVER_OBJECT driver = this_driver;
    PDEVICE_OBJECT bottom, top, got;
    CHECK_STATUS(STATUS_SUCCESS,
                 IoCreateDevice(driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &bottom));
    CHECK_STATUS(STATUS_SUCCESS,
                 IoCreateDevice(driver, 16, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &top));
    CHECK(bottom->DeviceExtension == NULL && top->DeviceExtension != NULL);
    CHECK((bottom->Flags & DO_DEVICE_INITIALIZING) && bottom->StackSize == 1);
    bottom->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    CHECK(IoAttachDeviceToDeviceStack(top, bottom) == bottom);
    CHECK(top->StackSize == 2 && bottom->AttachedDevice == top);
    got = IoGetAttachedDeviceReference(bottom);
    CHECK(got == top);
    ObDereferenceObject(got);
    IoDetachDevice(bottom);
    CHECK(bottom->AttachedDevice == NULL);
    IoDeleteDevice(top);
    IoDeleteDevice(bottom);
}

/* A device that its driver still makes is not attached to. */
void check_early_attachment(void)
{
    PDEVICE_OBJECT bottom, top;
    CHECK_STATUS(STATUS_SUCCESS,
                 IoCreateDevice(this_driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &bottom));
    CHECK_STATUS(STATUS_SUCCESS,
                 IoCreateDevice(this_driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &top));
    CHECK(IoAttachDeviceToDeviceStack(top, bottom) == NULL);
    if (bottom->AttachedDevice)
        IoDetachDevice(bottom);
    IoDeleteDevice(top);
    IoDeleteDevice(bottom);
}

void check_lower_device(void)
{
    PDEVICE_OBJECT bottom, top, got;
    CHECK_STATUS(STATUS_SUCCESS,
                 IoCreateDevice(this_driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &bottom));
    CHECK_STATUS(STATUS_SUCCESS,
                 IoCreateDevice(this_driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &top));
    bottom->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    CHECK(IoAttachDeviceToDeviceStack(top, bottom) == bottom);
    got = IoGetLowerDeviceObject(top);
    CHECK(got == bottom);
    ObDereferenceObject(got);
    CHECK(IoGetLowerDeviceObject(bottom) == NULL);
    IoDetachDevice(bottom);
    IoDeleteDevice(top);
    IoDeleteDevice(bottom);
}

void check_device_handle(void)
{
    POBJECT_TYPE device_type = type_of(L"IoDeviceObjectType"),
                 file_type = type_of(L"IoFileObjectType");
    PDEVICE_OBJECT bottom;
    HANDLE handle = NULL;
    CHECK_STATUS(STATUS_SUCCESS,
                 IoCreateDevice(this_driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &bottom));
    CHECK_STATUS(STATUS_SUCCESS, ObOpenObjectByPointer(bottom, OBJ_KERNEL_HANDLE, NULL, WRITE_DAC,
                                                       device_type, KernelMode, &handle));
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(handle));
    CHECK_STATUS(
        STATUS_OBJECT_TYPE_MISMATCH,
        ObOpenObjectByPointer(bottom, OBJ_KERNEL_HANDLE, NULL, 0, file_type, KernelMode, &handle));
    IoDeleteDevice(bottom);
}
