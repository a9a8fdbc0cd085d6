/* Drive letters of devices. */
#include "host/io/io.h"
#include "host/mm/mm.h"

enum { DOS_NAME_TAG = 0x6E446F49 };

/* The letter whose link leads to the device; 0: none. */
static WCHAR letter_of(PDEVICE_OBJECT device)
{
    WCHAR text[] = L"\\??\\A:";
    enum { LETTER = 4 };
    UNICODE_STRING path = SB_UNICODE(text);
    struct ob_open open = {.attributes = OBJ_CASE_INSENSITIVE};
    for (text[LETTER] = 'A'; text[LETTER] <= 'Z'; text[LETTER]++) {
        void *found;
        if (!NT_SUCCESS(ob_lookup(current_machine(), &path, &open, &found)))
            continue;
        BOOLEAN is_same = found == device;
        ob_dereference(found);
        if (is_same)
            return text[LETTER];
    }
    return 0;
}

/* "C:", which the caller frees. */
NTSTATUS NTAPI IoVolumeDeviceToDosName(PVOID volume, PUNICODE_STRING name)
{
    enum { CHARACTERS = 2 };
    WCHAR letter = letter_of(volume);
    if (!letter)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    PWSTR text =
        mm_pool_allocate_zero(current_machine(), (CHARACTERS + 1) * sizeof(WCHAR), DOS_NAME_TAG);
    if (!text)
        return STATUS_INSUFFICIENT_RESOURCES;
    text[0] = letter;
    text[1] = ':';
    *name = (UNICODE_STRING){CHARACTERS * sizeof(WCHAR), (CHARACTERS + 1) * sizeof(WCHAR), text};
    return STATUS_SUCCESS;
}
SB_EXPORT(IoVolumeDeviceToDosName)
SB_EXPORT_AS("RtlVolumeDeviceToDosName", IoVolumeDeviceToDosName)

/* The drive and the file's name; one pool block that the caller frees. */
NTSTATUS NTAPI IoQueryFileDosDeviceName(PFILE_OBJECT file, POBJECT_NAME_INFORMATION *information)
{
    WCHAR letter = letter_of(file->DeviceObject);
    if (!letter)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    USHORT length = file->FileName.Length + 2 * sizeof(WCHAR);
    POBJECT_NAME_INFORMATION made = mm_pool_allocate_zero(
        current_machine(), sizeof(*made) + length + sizeof(WCHAR), DOS_NAME_TAG);
    if (!made)
        return STATUS_INSUFFICIENT_RESOURCES;
    made->Name = (UNICODE_STRING){length, length + sizeof(WCHAR), (PWSTR)(made + 1)};
    made->Name.Buffer[0] = letter;
    made->Name.Buffer[1] = ':';
    RtlCopyMemory(made->Name.Buffer + 2, file->FileName.Buffer, file->FileName.Length);
    *information = made;
    return STATUS_SUCCESS;
}
SB_EXPORT(IoQueryFileDosDeviceName)
