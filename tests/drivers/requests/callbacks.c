/* Callbacks for handles to processes; a caller's own handle is none of the kernel's. */
#include "driver.h"

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

void check_handle_callbacks(void)
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
