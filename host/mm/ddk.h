/* Documented declarations of memory routines that mingw's headers lack. */
#ifndef SYSBUF_HOST_MM_DDK_H
#define SYSBUF_HOST_MM_DDK_H

#include "host/nt.h"

typedef struct {
    union {
        PVOID VirtualAddress;
        PHYSICAL_ADDRESS PhysicalAddress;
    };
} MM_COPY_ADDRESS;
#define MM_COPY_MEMORY_PHYSICAL 1
#define MM_COPY_MEMORY_VIRTUAL  2

#ifndef SYSTEM_PTE_MISUSE
#define SYSTEM_PTE_MISUSE 0xDA
#endif

#define SEC_NO_CHANGE    0x00400000u
#define SEC_IMAGE        0x01000000u
#define SEC_NOCACHE      0x10000000u
#define SEC_WRITECOMBINE 0x40000000u

#ifndef PROCESS_VM_OPERATION
#define PROCESS_VM_OPERATION 0x0008
#endif

/* Above a MM_PAGE_PRIORITY. */
#define MdlMappingNoWrite   0x80000000u
#define MdlMappingNoExecute 0x40000000u

NTSTATUS NTAPI MmCopyMemory(PVOID target, MM_COPY_ADDRESS source, SIZE_T length, ULONG flags,
                            PSIZE_T transferred);
PVOID NTAPI MmMapIoSpaceEx(PHYSICAL_ADDRESS address, SIZE_T length, ULONG protect);
PVOID NTAPI MmAllocateContiguousNodeMemory(SIZE_T length, PHYSICAL_ADDRESS lowest,
                                           PHYSICAL_ADDRESS highest, PHYSICAL_ADDRESS boundary,
                                           ULONG protect, ULONG node);
PMDL NTAPI MmAllocateNodePagesForMdlEx(PHYSICAL_ADDRESS low, PHYSICAL_ADDRESS high,
                                       PHYSICAL_ADDRESS skip, SIZE_T length,
                                       MEMORY_CACHING_TYPE cache, ULONG node, ULONG flags);
NTSTATUS NTAPI MmAreMdlPagesCached(PMDL mdl);
PVOID NTAPI MmAllocateMappingAddressEx(SIZE_T length, ULONG tag, ULONG flags);
NTSTATUS NTAPI MmCreateSection(PVOID *section, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                               PLARGE_INTEGER size, ULONG protection, ULONG allocation, HANDLE file,
                               PFILE_OBJECT file_object);
NTSTATUS NTAPI MmMapViewOfSection(PVOID section, PEPROCESS process, PVOID *base,
                                  ULONG_PTR zero_bits, SIZE_T commit, PLARGE_INTEGER offset,
                                  PSIZE_T view_size, SECTION_INHERIT inherit, ULONG allocation,
                                  ULONG protection);
NTSTATUS NTAPI NtMapViewOfSection(HANDLE section, HANDLE process, PVOID *base, ULONG_PTR zero_bits,
                                  SIZE_T commit, PLARGE_INTEGER offset, PSIZE_T view_size,
                                  SECTION_INHERIT inherit, ULONG allocation, ULONG protection);
NTSTATUS NTAPI MmUnmapViewOfSection(PEPROCESS process, PVOID base);
NTSTATUS NTAPI ZwExtendSection(HANDLE section, PLARGE_INTEGER size);
NTSTATUS NTAPI ZwQuerySection(HANDLE section, ULONG information_class, PVOID information,
                              SIZE_T length, PSIZE_T result_length);
NTSTATUS NTAPI ZwProtectVirtualMemory(HANDLE process, PVOID *base, PSIZE_T size, ULONG protection,
                                      PULONG old_protection);
NTSTATUS NTAPI ZwQueryVirtualMemory(HANDLE process, PVOID base, ULONG information_class,
                                    PVOID information, SIZE_T length, PSIZE_T result_length);
PVOID NTAPI MmSecureVirtualMemoryEx(PVOID address, SIZE_T size, ULONG mode, ULONG flags);

#endif
