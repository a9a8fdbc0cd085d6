/* A section of an image: \??\C:\image.sys is this driver's own file. */
#include "memory.h"

enum { OF_IMAGE = 0x1000000 }; /* SEC_IMAGE, MEM_IMAGE */
enum { IMAGE_CLASS = 1, INFORMATION_SIZE = 0x40 };
/* Within the PE headers, which the DOS header's last number finds. */
enum { HEADERS = 0x3C, IMAGE_BASE = 0x30, IMAGE_SIZE = 0x50 };

/* MEMORY_BASIC_INFORMATION */
struct page_information {
    PVOID base, allocation_base;
    ULONG allocation_protect, partition;
    SIZE_T size;
    ULONG state, protect, type, alignment;
};

static PVOID volatile own_address = (PVOID)&own_address; /* is relocated */

static NTSTATUS open_file(const wchar_t *text, HANDLE *file)
{
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK result;

    RtlInitUnicodeString(&name, text);
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL,
                               NULL);
    return ZwCreateFile(file, GENERIC_READ | GENERIC_EXECUTE | SYNCHRONIZE, &attributes, &result,
                        NULL, FILE_ATTRIBUTE_NORMAL, FILE_SHARE_READ, FILE_OPEN,
                        FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0);
}

static NTSTATUS create(HANDLE *section, HANDLE file)
{
    OBJECT_ATTRIBUTES attributes;

    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    return ZwCreateSection(section, SECTION_ALL_ACCESS, &attributes, NULL, PAGE_EXECUTE_READ,
                           OF_IMAGE, file);
}

static UCHAR *map(HANDLE section)
{
    UCHAR *view = NULL;
    SIZE_T size = 0;
    NTSTATUS status = ZwMapViewOfSection(section, ZwCurrentProcess(), (void **)&view, 0, 0, NULL,
                                         &size, ViewUnmap, 0, PAGE_READONLY);
    UCHAR *headers;

    CHECK(status == STATUS_SUCCESS || status == STATUS_IMAGE_NOT_AT_BASE);
    if (!NT_SUCCESS(status))
        return NULL;
    CHECK(view[0] == 'M' && view[1] == 'Z');
    headers = view + *(ULONG *)(view + HEADERS);
    CHECK(size == ROUND_TO_PAGES(*(ULONG *)(headers + IMAGE_SIZE)));
    CHECK((status == STATUS_SUCCESS) ==
          ((ULONG64)(ULONG_PTR)view == *(ULONG64 *)(headers + IMAGE_BASE)));
    return view;
}

static struct page_information describe(PVOID address)
{
    NTSTATUS(NTAPI * query)
    (HANDLE, PVOID, ULONG, PVOID, SIZE_T, PSIZE_T) = routine(L"ZwQueryVirtualMemory");
    struct page_information information;

    RtlZeroMemory(&information, sizeof information);
    CHECK_STATUS(STATUS_SUCCESS,
                 query(ZwCurrentProcess(), address, 0, &information, sizeof information, NULL));
    return information;
}

/* Where this driver's image begins. */
static UCHAR *own_base(void)
{
    PVOID(NTAPI * base_of)(PVOID, PVOID *) = routine(L"RtlPcToFileHeader");
    PVOID base = NULL;

    base_of((PVOID)map_an_image, &base);
    return base;
}

static void check_pages(UCHAR *view, ULONG_PTR data, ULONG_PTR code)
{
    CHECK(describe(view).protect == PAGE_READONLY && describe(view).type == OF_IMAGE);
    CHECK(describe(view + data).protect == PAGE_WRITECOPY);
    CHECK(describe(view + code).protect == PAGE_EXECUTE_READ);
    CHECK(describe(view + code).allocation_base == view);
}

/* Views are alike, each at its own address, and none sees what another writes. */
static void check_views(HANDLE section)
{
    ULONG_PTR data = (ULONG_PTR)&own_address - (ULONG_PTR)own_base();
    ULONG_PTR code = (ULONG_PTR)map_an_image - (ULONG_PTR)own_base();
    UCHAR *first = map(section), *second = map(section);

    if (!first || !second)
        return;
    CHECK(first != second);
    CHECK(*(ULONG_PTR *)(first + data) == (ULONG_PTR)(first + data));
    CHECK(*(ULONG_PTR *)(second + data) == (ULONG_PTR)(second + data));
    check_pages(first, data, code);
    *(ULONG_PTR *)(first + data) = 5;
    CHECK(*(ULONG_PTR *)(second + data) == (ULONG_PTR)(second + data));
    CHECK_STATUS(STATUS_SUCCESS, ZwUnmapViewOfSection(ZwCurrentProcess(), first));
    CHECK_STATUS(STATUS_SUCCESS, ZwUnmapViewOfSection(ZwCurrentProcess(), second));
    CHECK_STATUS(STATUS_NOT_MAPPED_VIEW, ZwUnmapViewOfSection(ZwCurrentProcess(), first));
}

NTSTATUS map_an_image(void)
{
    NTSTATUS(NTAPI * query)(HANDLE, ULONG, PVOID, SIZE_T, PSIZE_T) = routine(L"ZwQuerySection");
    ULONG64 information[INFORMATION_SIZE / sizeof(ULONG64)];
    HANDLE file, section;

    CHECK_STATUS(STATUS_SUCCESS, open_file(L"\\??\\C:\\image.sys", &file));
    CHECK_STATUS(STATUS_SUCCESS, create(&section, file));
    ZwClose(file); /* the section has what it needs */
    check_views(section);
    CHECK_STATUS(STATUS_SUCCESS,
                 query(section, IMAGE_CLASS, information, sizeof information, NULL));
    CHECK((information[0] & 0xFFF) == ((ULONG64)(ULONG_PTR)DriverEntry & 0xFFF));
    ZwClose(section);

    CHECK_STATUS(STATUS_SUCCESS, open_file(L"\\??\\C:\\data.bin", &file));
    CHECK_STATUS(STATUS_INVALID_IMAGE_NOT_MZ, create(&section, file));
    ZwClose(file);
    CHECK_STATUS(STATUS_INVALID_FILE_FOR_SECTION, create(&section, NULL));
    return STATUS_SUCCESS;
}
