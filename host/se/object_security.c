/* Descriptors of objects: defaults, queries, changes, checks. */
#include "host/io/io.h"
#include "host/mm/mm.h"
#include "host/se/se.h"

enum { DEFAULT_DACL_BYTES = 160 };

/* A DACL composed on the stack. */
struct default_list {
    union {
        ACL acl;
        UCHAR storage[DEFAULT_DACL_BYTES];
    } dacl;
};

static void allow(PACL acl, ACCESS_MASK mask, PGENERIC_MAPPING mapping, enum se_well_known who)
{
    RtlMapGenericMask(&mask, mapping);
    RtlAddAccessAllowedAce(acl, ACL_REVISION, mask, se_sid(who));
}

/* Everyone may open most devices; disks and file systems they may only traverse. Administrators
 * and the system have everything (documented under "Controlling Device Access"). */
static ACCESS_MASK everyone_on_device(PDEVICE_OBJECT device)
{
    const ULONG removable = FILE_REMOVABLE_MEDIA | FILE_FLOPPY_DISKETTE;
    switch (device->DeviceType) {
    case FILE_DEVICE_DISK:
    case FILE_DEVICE_MASS_STORAGE:
    case FILE_DEVICE_VIRTUAL_DISK:
    case FILE_DEVICE_TAPE:
        if (device->Characteristics & removable)
            return GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE;
        return GENERIC_EXECUTE;
    case FILE_DEVICE_DISK_FILE_SYSTEM:
    case FILE_DEVICE_CD_ROM_FILE_SYSTEM:
    case FILE_DEVICE_FILE_SYSTEM:
    case FILE_DEVICE_TAPE_FILE_SYSTEM:
        return GENERIC_EXECUTE;
    default:
        return GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE;
    }
}

static BOOLEAN has_default(POBJECT_TYPE type)
{
    return type == &io_device_type || type == &ob_directory_type ||
           type == &ob_symbolic_link_type || type == &io_driver_type;
}

/* The descriptor of an object that was given none, in pool; NULL: its type has none. */
static NTSTATUS default_descriptor(void *object, PSECURITY_DESCRIPTOR *descriptor)
{
    POBJECT_TYPE type = object_header_of(object)->type;
    struct default_list list;
    *descriptor = NULL;
    if (!has_default(type))
        return STATUS_SUCCESS;
    BOOLEAN is_device = type == &io_device_type;
    PACL acl = &list.dacl.acl;
    RtlCreateAcl(acl, sizeof(list), ACL_REVISION);
    allow(acl, is_device ? everyone_on_device(object) : GENERIC_READ | GENERIC_EXECUTE,
          &type->mapping, SE_SID_WORLD);
    allow(acl, GENERIC_ALL, &type->mapping, SE_SID_LOCAL_SYSTEM);
    allow(acl, GENERIC_ALL, &type->mapping, SE_SID_ADMINISTRATORS);
    allow(acl, GENERIC_READ | GENERIC_EXECUTE, &type->mapping, SE_SID_RESTRICTED);
    PVOID end;
    RtlFirstFreeAce(acl, &end);
    acl->AclSize = (USHORT)((PUCHAR)end - (PUCHAR)acl);
    struct se_parts parts = {.control = SE_DACL_PRESENT,
                             .owner = se_sid(SE_SID_ADMINISTRATORS),
                             .group = se_sid(SE_SID_LOCAL_SYSTEM),
                             .dacl = acl};
    *descriptor = se_descriptor_build(&parts);
    return *descriptor ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

/* A copy of the object's own descriptor; NULL when it has none. */
static NTSTATUS copy_own(struct object_header *header, PSECURITY_DESCRIPTOR *descriptor)
{
    struct se_state *se = header->machine->se;
    NTSTATUS status = STATUS_SUCCESS;
    *descriptor = NULL;
    linux_lock(&se->lock);
    if (header->security) {
        ULONG length = RtlLengthSecurityDescriptor(header->security);
        *descriptor = mm_pool_allocate(header->machine, PagedPool, length, SE_DESCRIPTOR_TAG);
        if (*descriptor)
            __builtin_memcpy(*descriptor, header->security, length);
        else
            status = STATUS_INSUFFICIENT_RESOURCES;
    }
    linux_unlock(&se->lock);
    return status;
}

/* An open device file stands for its device; files below one have no security of their own. */
static void *secured_object(void *object)
{
    if (object_header_of(object)->type != &io_file_type)
        return object;
    PFILE_OBJECT file = object;
    return file->FileName.Length ? object : file->DeviceObject;
}

NTSTATUS se_object_descriptor(void *object, PSECURITY_DESCRIPTOR *descriptor)
{
    object = secured_object(object);
    NTSTATUS status = copy_own(object_header_of(object), descriptor);
    if (NT_SUCCESS(status) && !*descriptor)
        status = default_descriptor(object, descriptor);
    return status;
}

static void replace(struct object_header *header, PSECURITY_DESCRIPTOR next)
{
    struct se_state *se = header->machine->se;
    linux_lock(&se->lock);
    PSECURITY_DESCRIPTOR old = header->security;
    header->security = next;
    linux_unlock(&se->lock);
    if (old)
        mm_pool_free(header->machine, old);
}

/* What a change starts from when the object has no descriptor: an owner and no DACL. */
static PSECURITY_DESCRIPTOR blank_descriptor(void)
{
    struct se_parts parts = {.owner = se_sid(SE_SID_ADMINISTRATORS),
                             .group = se_sid(SE_SID_LOCAL_SYSTEM)};
    return se_descriptor_build(&parts);
}

static NTSTATUS set_one(void *object, SECURITY_INFORMATION information,
                        PSECURITY_DESCRIPTOR descriptor)
{
    PSECURITY_DESCRIPTOR current, next;
    NTSTATUS status = se_object_descriptor(object, &current);
    if (!NT_SUCCESS(status))
        return status;
    if (!current && !(current = blank_descriptor()))
        return STATUS_INSUFFICIENT_RESOURCES;
    next = current;
    status = SeSetSecurityDescriptorInfo(object, &information, descriptor, &next, PagedPool,
                                         &object_header_of(object)->type->mapping);
    if (NT_SUCCESS(status))
        replace(object_header_of(object), next);
    ExFreePoolWithTag(current, SE_DESCRIPTOR_TAG);
    return status;
}

/* A device shares its descriptor with those attached above it. */
static NTSTATUS set_stack(PDEVICE_OBJECT device, SECURITY_INFORMATION information,
                          PSECURITY_DESCRIPTOR descriptor)
{
    NTSTATUS status = STATUS_SUCCESS;
    while (io_device_extension_of(device)->attached_to)
        device = io_device_extension_of(device)->attached_to;
    for (; device && NT_SUCCESS(status); device = device->AttachedDevice)
        status = set_one(device, information, descriptor);
    return status;
}

NTSTATUS se_object_set(void *object, SECURITY_INFORMATION information,
                       PSECURITY_DESCRIPTOR descriptor)
{
    object = secured_object(object);
    POBJECT_TYPE type = object_header_of(object)->type;
    if (!RtlValidSecurityDescriptor(descriptor))
        return STATUS_INVALID_SECURITY_DESCR;
    if (type == &io_device_type)
        return set_stack(object, information, descriptor);
    if (type == &io_file_type)
        return STATUS_INVALID_DEVICE_REQUEST;
    return set_one(object, information, descriptor);
}

NTSTATUS se_object_assign(void *object, PSECURITY_DESCRIPTOR descriptor)
{
    SECURITY_SUBJECT_CONTEXT subject;
    PSECURITY_DESCRIPTOR made;
    if (!descriptor)
        return STATUS_SUCCESS;
    if (!RtlValidSecurityDescriptor(descriptor))
        return STATUS_INVALID_SECURITY_DESCR;
    SeCaptureSubjectContext(&subject);
    NTSTATUS status = SeAssignSecurity(NULL, descriptor, &made, FALSE, &subject,
                                       &object_header_of(object)->type->mapping, PagedPool);
    SeReleaseSubjectContext(&subject);
    if (NT_SUCCESS(status))
        replace(object_header_of(object), made);
    return status;
}

/* The mask is no more than generic rights, spelled out. */
static NTSTATUS check(PSECURITY_DESCRIPTOR descriptor, ACCESS_MASK desired, KPROCESSOR_MODE mode,
                      PGENERIC_MAPPING mapping, ACCESS_MASK *granted)
{
    SECURITY_SUBJECT_CONTEXT subject;
    NTSTATUS status;
    SeCaptureSubjectContext(&subject);
    SeAccessCheck(descriptor, &subject, FALSE, desired, 0, NULL, mapping, mode, granted, &status);
    SeReleaseSubjectContext(&subject);
    return status;
}

NTSTATUS se_object_access(void *object, ACCESS_MASK desired, KPROCESSOR_MODE mode,
                          ACCESS_MASK *granted)
{
    PGENERIC_MAPPING mapping = &object_header_of(object)->type->mapping;
    PSECURITY_DESCRIPTOR descriptor = NULL;
    RtlMapGenericMask(&desired, mapping);
    if (mode == UserMode) {
        NTSTATUS status = se_object_descriptor(object, &descriptor);
        if (!NT_SUCCESS(status))
            return status;
    }
    if (!descriptor) { /* kernel mode, or an object without security: everything */
        *granted = desired & MAXIMUM_ALLOWED ? mapping->GenericAll | (desired & ~MAXIMUM_ALLOWED)
                                             : desired;
        return STATUS_SUCCESS;
    }
    NTSTATUS status = check(descriptor, desired, mode, mapping, granted);
    ExFreePoolWithTag(descriptor, SE_DESCRIPTOR_TAG);
    return status;
}

NTSTATUS NTAPI ObGetObjectSecurity(PVOID object, PSECURITY_DESCRIPTOR *descriptor,
                                   PBOOLEAN memory_allocated)
{
    PSECURITY_DESCRIPTOR copy;
    NTSTATUS status = se_object_descriptor(object, &copy);
    if (!NT_SUCCESS(status))
        return status;
    *descriptor = copy;
    *memory_allocated = copy != NULL;
    return STATUS_SUCCESS;
}
SB_EXPORT(ObGetObjectSecurity)

VOID NTAPI ObReleaseObjectSecurity(PSECURITY_DESCRIPTOR descriptor, BOOLEAN memory_allocated)
{
    if (descriptor && memory_allocated)
        ExFreePoolWithTag(descriptor, SE_DESCRIPTOR_TAG);
}
SB_EXPORT(ObReleaseObjectSecurity)

NTSTATUS NTAPI ObSetSecurityObjectByPointer(PVOID object, SECURITY_INFORMATION information,
                                            PSECURITY_DESCRIPTOR descriptor)
{
    return se_object_set(object, information, descriptor);
}
SB_EXPORT(ObSetSecurityObjectByPointer)

static ACCESS_MASK access_to_query(SECURITY_INFORMATION information)
{
    ACCESS_MASK access = 0;
    if (information & (OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION |
                       DACL_SECURITY_INFORMATION | LABEL_SECURITY_INFORMATION))
        access |= READ_CONTROL;
    if (information & SACL_SECURITY_INFORMATION)
        access |= ACCESS_SYSTEM_SECURITY;
    return access;
}

static ACCESS_MASK access_to_set(SECURITY_INFORMATION information)
{
    ACCESS_MASK access = 0;
    if (information &
        (OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | LABEL_SECURITY_INFORMATION))
        access |= WRITE_OWNER;
    if (information & DACL_SECURITY_INFORMATION)
        access |= WRITE_DAC;
    if (information & SACL_SECURITY_INFORMATION)
        access |= ACCESS_SYSTEM_SECURITY;
    return access;
}

static NTSTATUS query_by_handle(HANDLE handle, SECURITY_INFORMATION information,
                                PSECURITY_DESCRIPTOR descriptor, ULONG length, PULONG needed,
                                KPROCESSOR_MODE mode)
{
    PVOID object;
    PSECURITY_DESCRIPTOR copy;
    NTSTATUS status =
        ObReferenceObjectByHandle(handle, access_to_query(information), NULL, mode, &object, NULL);
    if (!NT_SUCCESS(status))
        return status;
    status = se_object_descriptor(object, &copy);
    if (NT_SUCCESS(status)) {
        ULONG room = descriptor ? length : 0;
        status = SeQuerySecurityDescriptorInfo(&information, descriptor, &room, &copy);
        *needed = room;
        ObReleaseObjectSecurity(copy, TRUE);
    }
    ob_dereference(object);
    return status;
}

NTSTATUS NTAPI ZwQuerySecurityObject(HANDLE handle, SECURITY_INFORMATION information,
                                     PSECURITY_DESCRIPTOR descriptor, ULONG length, PULONG needed)
{
    return query_by_handle(handle, information, descriptor, length, needed, KernelMode);
}
SB_EXPORT(ZwQuerySecurityObject)

NTSTATUS NTAPI NtQuerySecurityObject(HANDLE handle, SECURITY_INFORMATION information,
                                     PSECURITY_DESCRIPTOR descriptor, ULONG length, PULONG needed)
{
    return query_by_handle(handle, information, descriptor, length, needed,
                           current_thread()->Tcb.previous_mode);
}
SB_EXPORT(NtQuerySecurityObject)

static NTSTATUS set_by_handle(HANDLE handle, SECURITY_INFORMATION information,
                              PSECURITY_DESCRIPTOR descriptor, KPROCESSOR_MODE mode)
{
    PVOID object;
    if (!descriptor)
        return STATUS_ACCESS_VIOLATION;
    NTSTATUS status =
        ObReferenceObjectByHandle(handle, access_to_set(information), NULL, mode, &object, NULL);
    if (!NT_SUCCESS(status))
        return status;
    status = se_object_set(object, information, descriptor);
    ob_dereference(object);
    return status;
}

NTSTATUS NTAPI ZwSetSecurityObject(HANDLE handle, SECURITY_INFORMATION information,
                                   PSECURITY_DESCRIPTOR descriptor)
{
    return set_by_handle(handle, information, descriptor, KernelMode);
}
SB_EXPORT(ZwSetSecurityObject)

NTSTATUS NTAPI NtSetSecurityObject(HANDLE handle, SECURITY_INFORMATION information,
                                   PSECURITY_DESCRIPTOR descriptor)
{
    return set_by_handle(handle, information, descriptor, current_thread()->Tcb.previous_mode);
}
SB_EXPORT(NtSetSecurityObject)

/* A self-relative copy in pool; a kernel caller's descriptor is taken as it is unless asked. */
NTSTATUS NTAPI SeCaptureSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, KPROCESSOR_MODE mode,
                                           POOL_TYPE pool, BOOLEAN capture_if_kernel,
                                           PSECURITY_DESCRIPTOR *captured)
{
    if (!descriptor || (mode == KernelMode && !capture_if_kernel)) {
        *captured = descriptor;
        return STATUS_SUCCESS;
    }
    if (!RtlValidSecurityDescriptor(descriptor))
        return STATUS_INVALID_SECURITY_DESCR;
    struct se_parts parts = se_descriptor_parts(descriptor);
    PSECURITY_DESCRIPTOR copy =
        ExAllocatePoolWithTag(pool, se_parts_length(&parts), SE_DESCRIPTOR_TAG);
    if (!copy)
        return STATUS_INSUFFICIENT_RESOURCES;
    se_parts_store(&parts, copy);
    *captured = copy;
    return STATUS_SUCCESS;
}
SB_EXPORT(SeCaptureSecurityDescriptor)

VOID NTAPI SeReleaseSecurityDescriptor(PSECURITY_DESCRIPTOR captured, KPROCESSOR_MODE mode,
                                       BOOLEAN capture_if_kernel)
{
    if (captured && (mode == UserMode || capture_if_kernel))
        ExFreePoolWithTag(captured, SE_DESCRIPTOR_TAG);
}
SB_EXPORT(SeReleaseSecurityDescriptor)
