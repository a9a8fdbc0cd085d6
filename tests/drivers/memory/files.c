#include "memory.h"

static NTSTATUS open_file(HANDLE *file, ACCESS_MASK access)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\??\\C:\\data.bin");
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK result;
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL,
                               NULL);
    return ZwCreateFile(file, access | SYNCHRONIZE, &attributes, &result, NULL,
                        FILE_ATTRIBUTE_NORMAL, FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN,
                        FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0);
}

static NTSTATUS create(HANDLE *section, HANDLE file, LONGLONG bytes, ULONG protection)
{
    OBJECT_ATTRIBUTES attributes;
    LARGE_INTEGER size = {.QuadPart = bytes};
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    return ZwCreateSection(section, SECTION_ALL_ACCESS, &attributes, bytes ? &size : NULL,
                           protection, SEC_COMMIT, file);
}

static UCHAR byte_at(HANDLE file, LONGLONG offset)
{
    LARGE_INTEGER place = {.QuadPart = offset};
    IO_STATUS_BLOCK result;
    UCHAR byte = 0;
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwReadFile(file, NULL, NULL, NULL, &result, &byte, 1, &place, NULL));
    return byte;
}

NTSTATUS map_a_file(void)
{
    HANDLE file, section;
    UCHAR *view = NULL;
    SIZE_T size = 0;
    CHECK_STATUS(STATUS_SUCCESS, open_file(&file, GENERIC_READ | GENERIC_WRITE));
    CHECK_STATUS(STATUS_SECTION_TOO_BIG, create(&section, file, 6000, PAGE_READONLY));
    CHECK_STATUS(STATUS_SUCCESS, create(&section, file, 0, PAGE_READWRITE));
    CHECK_STATUS(STATUS_SUCCESS, ZwMapViewOfSection(section, ZwCurrentProcess(), (void **)&view, 0,
                                                    0, NULL, &size, ViewUnmap, 0, PAGE_READWRITE));
    CHECK(size == 2 * PAGE_SIZE && view[0] == 'd' && view[4999] == 'd' && view[5000] == 0);
    view[4999] = 'X';
    CHECK_STATUS(STATUS_SUCCESS, ZwUnmapViewOfSection(ZwCurrentProcess(), view));
    CHECK(byte_at(file, 4999) == 'X');
    PVOID object, system_view;
    CHECK_STATUS(STATUS_SUCCESS, ObReferenceObjectByHandle(section, SECTION_ALL_ACCESS, NULL,
                                                           KernelMode, &object, NULL));
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(section));
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(file)); /* the section keeps the file */
    size = 0;
    CHECK_STATUS(STATUS_SUCCESS, MmMapViewInSystemSpace(object, &system_view, &size));
    ((UCHAR *)system_view)[10] = 'X';
    ((UCHAR *)system_view)[5001] = 'X'; /* behind the file's end: lost */
    CHECK_STATUS(STATUS_SUCCESS, MmUnmapViewInSystemSpace(system_view));
    ObDereferenceObject(object);
    return STATUS_SUCCESS;
}
