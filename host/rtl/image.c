/* Rtl: headers of a PE image in memory. */
#include "host/rtl/rtl.h"

#include <ntimage.h>

enum { LARGEST_HEADER_OFFSET = 0x10000000 };

PIMAGE_NT_HEADERS NTAPI RtlImageNtHeader(PVOID base)
{
    PIMAGE_DOS_HEADER dos = base;
    PIMAGE_NT_HEADERS headers;

    if (!base || base == (PVOID)-1 || dos->e_magic != IMAGE_DOS_SIGNATURE || dos->e_lfanew < 0 ||
        dos->e_lfanew >= LARGEST_HEADER_OFFSET)
        return NULL;
    headers = (PIMAGE_NT_HEADERS)((PUCHAR)base + dos->e_lfanew);
    return headers->Signature == IMAGE_NT_SIGNATURE ? headers : NULL;
}
SB_EXPORT(RtlImageNtHeader)

/* Where in the file the section data of a virtual address lies; 0 when no section has it. */
static ULONG file_offset(PIMAGE_NT_HEADERS headers, ULONG address)
{
    PIMAGE_SECTION_HEADER section = IMAGE_FIRST_SECTION(headers);

    for (USHORT i = 0; i < headers->FileHeader.NumberOfSections; i++, section++) {
        if (address >= section->VirtualAddress &&
            address - section->VirtualAddress < section->SizeOfRawData)
            return address - section->VirtualAddress + section->PointerToRawData;
    }
    return 0;
}

/* The low bit of `base` marks an image mapped as a data file, as for user-mode modules. */
PVOID NTAPI RtlImageDirectoryEntryToData(PVOID base, BOOLEAN mapped_as_image, USHORT directory,
                                         PULONG size)
{
    BOOLEAN as_data = ((ULONG_PTR)base & 1) != 0 || !mapped_as_image;
    PUCHAR start = (PUCHAR)((ULONG_PTR)base & ~(ULONG_PTR)3);
    PIMAGE_NT_HEADERS headers = RtlImageNtHeader(start);
    PIMAGE_DATA_DIRECTORY entry;
    ULONG offset;

    if (!headers || headers->OptionalHeader.Magic != IMAGE_NT_OPTIONAL_HDR_MAGIC ||
        directory >= headers->OptionalHeader.NumberOfRvaAndSizes ||
        directory >= IMAGE_NUMBEROF_DIRECTORY_ENTRIES)
        return NULL;
    entry = &headers->OptionalHeader.DataDirectory[directory];
    offset = entry->VirtualAddress;
    if (as_data && offset >= headers->OptionalHeader.SizeOfHeaders)
        offset = file_offset(headers, offset);
    if (offset == 0)
        return NULL;
    *size = entry->Size;
    return start + offset;
}
SB_EXPORT(RtlImageDirectoryEntryToData)
