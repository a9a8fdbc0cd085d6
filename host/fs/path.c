/* NT names on the volume, and where they lead. */
#include "host/fs/fs.h"
#include "host/rtl/rtl.h"

NTSTATUS fs_status(int result)
{
    switch (linux_error_of(result)) {
    case LINUX_ERROR_NOT_FOUND:
        return STATUS_OBJECT_NAME_NOT_FOUND;
    case LINUX_ERROR_NOT_DIRECTORY:
        return STATUS_OBJECT_PATH_NOT_FOUND;
    case LINUX_ERROR_IS_DIRECTORY:
        return STATUS_FILE_IS_A_DIRECTORY;
    case LINUX_ERROR_DENIED:
        return STATUS_ACCESS_DENIED;
    case LINUX_ERROR_EXISTS:
        return STATUS_OBJECT_NAME_COLLISION;
    case LINUX_ERROR_NOT_EMPTY:
        return STATUS_DIRECTORY_NOT_EMPTY;
    case LINUX_ERROR_FULL:
        return STATUS_DISK_FULL;
    case LINUX_ERROR_NAME:
        return STATUS_OBJECT_NAME_INVALID;
    case LINUX_ERROR_RESOURCES:
        return STATUS_INSUFFICIENT_RESOURCES;
    default:
        return STATUS_UNEXPECTED_IO_ERROR;
    }
}

ULONG fs_name_to_unicode(const char *name, PWSTR units, ULONG count)
{
    ULONG length = 0, bytes = 0;
    while (name[length])
        length++;
    RtlUTF8ToUnicodeN(units, count * (ULONG)sizeof(WCHAR), &bytes, name, length);
    return bytes / (ULONG)sizeof(WCHAR);
}

/* Names that differ in case only are the same. */
static bool is_same(const char *entry, const char *name)
{
    WCHAR a[LINUX_NAME_BYTES], b[LINUX_NAME_BYTES];
    ULONG count = fs_name_to_unicode(entry, a, LINUX_NAME_BYTES);
    if (count != fs_name_to_unicode(name, b, LINUX_NAME_BYTES))
        return false;
    for (ULONG i = 0; i < count; i++)
        if (rtl_upcase(a[i]) != rtl_upcase(b[i]))
            return false;
    return true;
}

/* Units no name on an NT volume has; the colon would begin a stream's name. */
static BOOLEAN is_unit_valid(WCHAR unit)
{
    static const char forbidden[] = "\"*/:<>?|";
    if (unit < 0x20)
        return FALSE;
    for (ULONG i = 0; i < sizeof(forbidden) - 1; i++)
        if (unit == (UCHAR)forbidden[i])
            return FALSE;
    return TRUE;
}

/* One component as UTF-8. */
static NTSTATUS to_utf8(PCUNICODE_STRING component, char name[LINUX_NAME_BYTES])
{
    ULONG count = component->Length / sizeof(WCHAR), at = 0;
    for (ULONG i = 0; i < count;) {
        UCHAR bytes[4];
        ULONG code_point;
        if (!is_unit_valid(component->Buffer[i]))
            return STATUS_OBJECT_NAME_INVALID;
        i += rtl_decode_utf16(component->Buffer + i, count - i, &code_point);
        ULONG length = rtl_encode_utf8(code_point, bytes);
        if (at + length >= LINUX_NAME_BYTES)
            return STATUS_OBJECT_NAME_INVALID;
        __builtin_memcpy(name + at, bytes, length);
        at += length;
    }
    name[at] = 0;
    BOOLEAN is_dots = name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
    return at == 0 || is_dots ? STATUS_OBJECT_NAME_INVALID : STATUS_SUCCESS;
}

static NTSTATUS append(struct fs_path *path, const char *name)
{
    ULONG at = 0, length = 0;
    while (path->text[at])
        at++;
    while (name[length])
        length++;
    if (at + length + 2 > FS_PATH_BYTES)
        return STATUS_OBJECT_NAME_INVALID;
    if (at)
        path->text[at++] = '/';
    __builtin_memcpy(path->text + at, name, length + 1);
    return STATUS_SUCCESS;
}

/* The next component of name, from *at on. FALSE: none is left. */
static BOOLEAN next_component(PCUNICODE_STRING name, ULONG *at, UNICODE_STRING *component)
{
    ULONG count = name->Length / sizeof(WCHAR), start = *at;
    if (start < count && name->Buffer[start] == '\\')
        start++;
    ULONG end = start;
    while (end < count && name->Buffer[end] != '\\')
        end++;
    *component = (UNICODE_STRING){(USHORT)((end - start) * sizeof(WCHAR)), 0, name->Buffer + start};
    *at = end;
    return start < count;
}

/* Takes one step down. */
static NTSTATUS step(struct fs_volume *volume, PCUNICODE_STRING component, BOOLEAN is_last,
                     struct fs_path *path)
{
    char name[LINUX_NAME_BYTES] = "", found[LINUX_NAME_BYTES];
    NTSTATUS status = to_utf8(component, name);
    if (!NT_SUCCESS(status))
        return status;
    __builtin_memcpy(path->wanted, name, sizeof(name));
    int result = linux_tree_find(volume->tree, path->text, name, is_same, found);
    if (result == 0)
        return append(path, found);
    enum linux_error error = linux_error_of(result);
    if (error == LINUX_ERROR_NOT_FOUND && is_last) {
        path->exists = FALSE;
        return append(path, name);
    }
    if (error == LINUX_ERROR_NOT_FOUND || error == LINUX_ERROR_NOT_DIRECTORY)
        return STATUS_OBJECT_PATH_NOT_FOUND;
    return fs_status(result);
}

NTSTATUS fs_path_resolve(struct fs_volume *volume, PCUNICODE_STRING name, struct fs_path *path)
{
    UNICODE_STRING whole = *name, component;
    ULONG count = whole.Length / sizeof(WCHAR), at = 0;
    path->text[0] = path->wanted[0] = 0;
    path->exists = TRUE;
    path->names_directory = count > 1 && whole.Buffer[count - 1] == '\\';
    if (path->names_directory)
        whole.Length -= sizeof(WCHAR);
    count = whole.Length / sizeof(WCHAR);
    while (next_component(&whole, &at, &component)) {
        NTSTATUS status = step(volume, &component, at >= count, path);
        if (!NT_SUCCESS(status))
            return status;
    }
    return STATUS_SUCCESS;
}
