/* Questions about addresses, and the probes that raise. */
#include "host/ke/ke.h"
#include "host/loader/loader.h"
#include "host/mm/ddk.h"
#include "host/mm/mdl.h"

static BOOLEAN is_user_range(const void *address, SIZE_T length)
{
    ULONG_PTR start = (ULONG_PTR)address, end = start + length;
    return end >= start && end <= LINUX_USER_END;
}

static void report_user_memory(const void *address, SIZE_T length, BOOLEAN write, void *caller)
{
    const struct verifier_hooks *verifier = current_machine()->verifier;
    if (SB_UNLIKELY(verifier) && verifier->user_memory)
        verifier->user_memory(address, length, write, caller);
}

/* Length 0 is always right; then alignment, then the range, as on NT. */
VOID NTAPI ProbeForRead(CONST VOID *address, SIZE_T length, ULONG alignment)
{
    report_user_memory(address, length, FALSE, __builtin_return_address(0));
    if (length == 0)
        return;
    if ((ULONG_PTR)address & (alignment - 1))
        ExRaiseDatatypeMisalignment();
    if (!is_user_range(address, length))
        ExRaiseAccessViolation();
}
SB_EXPORT(ProbeForRead)

VOID NTAPI ProbeForWrite(PVOID address, SIZE_T length, ULONG alignment)
{
    report_user_memory(address, length, TRUE, __builtin_return_address(0));
    if (length == 0)
        return;
    if ((ULONG_PTR)address & (alignment - 1))
        ExRaiseDatatypeMisalignment();
    if (!is_user_range(address, length))
        ExRaiseAccessViolation();
    ULONG_PTR last = (ULONG_PTR)address + length - 1;
    for (ULONG_PTR page = (ULONG_PTR)PAGE_ALIGN(address); page <= last; page += PAGE_SIZE)
        if (!mm_page_allows((void *)page, TRUE))
            ExRaiseAccessViolation();
}
SB_EXPORT(ProbeForWrite)

BOOLEAN NTAPI MmIsAddressValid(PVOID address)
{
    return mm_page_allows(address, FALSE);
}
SB_EXPORT(MmIsAddressValid)

/* Nothing is ever paged out; what is pageable by kind is still not "nonpaged". */
BOOLEAN NTAPI MmIsNonPagedSystemAddressValid(PVOID address)
{
    struct mm_region *region = mm_region_find(current_machine(), address);
    if (mm_is_user_address(address) || !mm_page_allows(address, FALSE))
        return FALSE;
    return !region || region->kind != MM_REGION_POOL || !(region->pool_type & PagedPool);
}
SB_EXPORT(MmIsNonPagedSystemAddressValid)

PHYSICAL_ADDRESS NTAPI MmGetPhysicalAddress(PVOID address)
{
    PFN_NUMBER frame = mm_frame_of(address);
    PHYSICAL_ADDRESS result = {.QuadPart = 0};
    if (frame)
        result.QuadPart = (LONGLONG)(frame * PAGE_SIZE + BYTE_OFFSET(address));
    return result;
}
SB_EXPORT(MmGetPhysicalAddress)

static void *address_of(PHYSICAL_ADDRESS address)
{
    PFN_NUMBER frame = (PFN_NUMBER)((ULONGLONG)address.QuadPart / PAGE_SIZE);
    void *page;
    if (!mm_frame_is_direct(frame, &page))
        page = linux_frame_page(frame);
    return page ? (uint8_t *)page + address.LowPart % PAGE_SIZE : NULL;
}

PVOID NTAPI MmGetVirtualForPhysical(PHYSICAL_ADDRESS address)
{
    return address_of(address);
}
SB_EXPORT(MmGetVirtualForPhysical)

/* ---- MmCopyMemory ---- */
static SIZE_T copy_pages(uint8_t *target, const uint8_t *source, SIZE_T length)
{
    SIZE_T done = 0;
    while (done < length) {
        SIZE_T part = PAGE_SIZE - BYTE_OFFSET(source + done);
        if (part > length - done)
            part = length - done;
        if (!mm_page_allows(source + done, FALSE) ||
            !linux_copy_guarded(target + done, source + done, part))
            break;
        done += part;
    }
    return done;
}

/* Physical pages are read where their owner has them, or through a mapping made for it. */
static SIZE_T copy_physical(uint8_t *target, PHYSICAL_ADDRESS source, SIZE_T length)
{
    SIZE_T done = 0;
    while (done < length) {
        PHYSICAL_ADDRESS at = {.QuadPart = source.QuadPart + (LONGLONG)done};
        SIZE_T part = PAGE_SIZE - at.LowPart % PAGE_SIZE;
        if (part > length - done)
            part = length - done;
        void *mapped = MmMapIoSpaceEx(at, part, PAGE_READONLY);
        if (!mapped)
            break;
        __builtin_memcpy(target + done, mapped, part);
        MmUnmapIoSpace(mapped, part);
        done += part;
    }
    return done;
}

NTSTATUS NTAPI MmCopyMemory(PVOID target, MM_COPY_ADDRESS source, SIZE_T length, ULONG flags,
                            PSIZE_T transferred)
{
    *transferred = 0;
    if (flags != MM_COPY_MEMORY_PHYSICAL && flags != MM_COPY_MEMORY_VIRTUAL)
        return STATUS_INVALID_PARAMETER_4;
    *transferred = flags == MM_COPY_MEMORY_VIRTUAL
                       ? copy_pages(target, source.VirtualAddress, length)
                       : copy_physical(target, source.PhysicalAddress, length);
    return *transferred == length ? STATUS_SUCCESS : STATUS_INVALID_ADDRESS;
}
SB_EXPORT(MmCopyMemory)

/* ---- MmGetSystemRoutineAddress ---- */
PVOID NTAPI MmGetSystemRoutineAddress(PUNICODE_STRING name)
{
    char narrow[128];
    ULONG length = name->Length / sizeof(WCHAR);
    if (length >= sizeof(narrow))
        return NULL;
    for (ULONG i = 0; i < length; i++) {
        if (name->Buffer[i] >= 0x80)
            return NULL;
        narrow[i] = (char)name->Buffer[i];
    }
    narrow[length] = 0;
    return (PVOID)host_export_find(current_machine(), "ntoskrnl.exe", narrow);
}
SB_EXPORT(MmGetSystemRoutineAddress)
