#include "memory.h"

typedef NTSTATUS NTAPI query_section(HANDLE, ULONG, PVOID, SIZE_T, PSIZE_T);

struct basic {
    PVOID base;
    ULONG attributes;
    LARGE_INTEGER size;
};

static NTSTATUS create(HANDLE *section, PUNICODE_STRING name, LONGLONG bytes, ULONG protection,
                       ULONG attributes)
{
    OBJECT_ATTRIBUTES names;
    LARGE_INTEGER size = {.QuadPart = bytes};
    InitializeObjectAttributes(&names, name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
    return ZwCreateSection(section, SECTION_ALL_ACCESS, &names, &size, protection, attributes,
                           NULL);
}

void check_sections(void)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\MemoryTest");
    OBJECT_ATTRIBUTES names;
    struct basic basic;
    SIZE_T length;
    HANDLE section, second;
    CHECK_STATUS(STATUS_INVALID_PARAMETER_4, create(&section, NULL, 0, PAGE_READWRITE, SEC_COMMIT));
    CHECK_STATUS(STATUS_INVALID_PARAMETER_6, create(&section, NULL, 64, PAGE_READWRITE, 0));
    CHECK_STATUS(STATUS_INVALID_PAGE_PROTECTION, create(&section, NULL, 64, 0x300, SEC_COMMIT));
    CHECK_STATUS(STATUS_SUCCESS, create(&section, &name, 70000, PAGE_READWRITE, SEC_COMMIT));
    CHECK_STATUS(STATUS_OBJECT_NAME_COLLISION,
                 create(&second, &name, 70000, PAGE_READWRITE, SEC_COMMIT));
    InitializeObjectAttributes(&names, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_STATUS(STATUS_SUCCESS, ZwOpenSection(&second, SECTION_MAP_READ, &names));
    query_section *query = (query_section *)routine(L"ZwQuerySection");
    CHECK_STATUS(STATUS_SUCCESS, query(section, 0, &basic, sizeof(basic), &length));
    CHECK(basic.size.QuadPart == 70000 && basic.attributes == SEC_COMMIT && length == 24);
    CHECK_STATUS(STATUS_INFO_LENGTH_MISMATCH, query(section, 0, &basic, 8, NULL));
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(second));
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(section));
    CHECK_STATUS(STATUS_OBJECT_NAME_NOT_FOUND, ZwOpenSection(&second, SECTION_MAP_READ, &names));
}

void check_system_views(void)
{
    HANDLE handle;
    PVOID section, first = NULL, second = NULL;
    SIZE_T size = 0, part = PAGE_SIZE;
    CHECK_STATUS(STATUS_SUCCESS, create(&handle, NULL, 70000, PAGE_READWRITE, SEC_COMMIT));
    CHECK_STATUS(STATUS_SUCCESS, ObReferenceObjectByHandle(handle, SECTION_ALL_ACCESS, NULL,
                                                           KernelMode, &section, NULL));
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(handle));
    CHECK_STATUS(STATUS_SUCCESS, MmMapViewInSystemSpace(section, &first, &size));
    CHECK(size == 18 * PAGE_SIZE && first >= MmSystemRangeStart);
    CHECK_STATUS(STATUS_SUCCESS, MmMapViewInSystemSpace(section, &second, &part));
    CHECK(part == PAGE_SIZE && first != second);
    ((UCHAR *)first)[100] = 0x42;
    CHECK(((UCHAR *)second)[100] == 0x42);
    ObDereferenceObject(section); /* the views keep it */
    CHECK_STATUS(STATUS_SUCCESS, MmUnmapViewInSystemSpace(first));
    CHECK(((UCHAR *)second)[100] == 0x42 && !MmIsAddressValid(first));
    CHECK_STATUS(STATUS_SUCCESS, MmUnmapViewInSystemSpace(second));
    CHECK_STATUS(STATUS_NOT_MAPPED_VIEW, MmUnmapViewInSystemSpace(second));
}

static NTSTATUS map(HANDLE section, void **base, LONGLONG offset, SIZE_T *size, ULONG protection)
{
    LARGE_INTEGER from = {.QuadPart = offset};
    return ZwMapViewOfSection(section, ZwCurrentProcess(), base, 0, 0, &from, size, ViewUnmap, 0,
                              protection);
}

void check_process_views(void)
{
    HANDLE section;
    UCHAR *first = NULL, *second = NULL;
    SIZE_T all = 0, part = 100, long_part = 80000;
    CHECK_STATUS(STATUS_SUCCESS, create(&section, NULL, 100000, PAGE_READWRITE, SEC_COMMIT));
    CHECK_STATUS(STATUS_SUCCESS, map(section, (void **)&first, 0, &all, PAGE_READWRITE));
    CHECK(all == 25 * PAGE_SIZE && (LONG_PTR)first > 0); /* a user address */
    CHECK_STATUS(STATUS_MAPPED_ALIGNMENT,
                 map(section, (void **)&second, 4096, &part, PAGE_READONLY));
    CHECK_STATUS(STATUS_INVALID_VIEW_SIZE,
                 map(section, (void **)&second, 65536, &long_part, PAGE_READONLY));
    CHECK_STATUS(STATUS_INVALID_PAGE_PROTECTION, map(section, (void **)&second, 0, &part, 0x300));
    CHECK_STATUS(STATUS_SUCCESS, map(section, (void **)&second, 65536, &part, PAGE_READONLY));
    CHECK(part == PAGE_SIZE);
    first[65536 + 5] = 0x99;
    CHECK(second[5] == 0x99);
    CHECK_STATUS(STATUS_SUCCESS, ZwUnmapViewOfSection(ZwCurrentProcess(), first + 10));
    CHECK_STATUS(STATUS_NOT_MAPPED_VIEW, ZwUnmapViewOfSection(ZwCurrentProcess(), first));
    CHECK(second[5] == 0x99);
    CHECK_STATUS(STATUS_SUCCESS, ZwUnmapViewOfSection(ZwCurrentProcess(), second));
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(section));
    CHECK_STATUS(STATUS_SUCCESS, create(&section, NULL, 4096, PAGE_READONLY, SEC_COMMIT));
    first = NULL;
    all = 0;
    CHECK_STATUS(STATUS_SECTION_PROTECTION, map(section, (void **)&first, 0, &all, PAGE_READWRITE));
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(section));
}

/* Pages of a reserved section are there once one view has committed them. */
void check_reserved_sections(void)
{
    HANDLE section;
    UCHAR *first = NULL, *second = NULL;
    SIZE_T all = 0, whole = 0, page = PAGE_SIZE;
    CHECK_STATUS(STATUS_SUCCESS,
                 create(&section, NULL, 4 * PAGE_SIZE, PAGE_READWRITE, SEC_RESERVE));
    CHECK_STATUS(STATUS_SUCCESS, map(section, (void **)&first, 0, &all, PAGE_READWRITE));
    CHECK_STATUS(STATUS_SUCCESS, map(section, (void **)&second, 0, &whole, PAGE_READWRITE));
    CHECK(!MmIsAddressValid(first) && !MmIsAddressValid(second + PAGE_SIZE));
    void *place = first + PAGE_SIZE;
    CHECK_STATUS(STATUS_SUCCESS, ZwAllocateVirtualMemory(ZwCurrentProcess(), &place, 0, &page,
                                                         MEM_COMMIT, PAGE_READWRITE));
    first[PAGE_SIZE] = 0x6A;
    CHECK(second[PAGE_SIZE] == 0x6A && !MmIsAddressValid(second));
    CHECK_STATUS(STATUS_SUCCESS, ZwUnmapViewOfSection(ZwCurrentProcess(), first));
    CHECK(second[PAGE_SIZE] == 0x6A);
    CHECK_STATUS(STATUS_SUCCESS, ZwUnmapViewOfSection(ZwCurrentProcess(), second));
    CHECK_STATUS(STATUS_SUCCESS, ZwClose(section));
}
