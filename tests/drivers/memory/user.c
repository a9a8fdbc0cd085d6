#include "memory.h"

static PMDL kept;

#ifdef __clang__
static void lock_for_writing(void *mdl)
{
    MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
}

static void probe_for_writing(void *address)
{
    ProbeForWrite(address, 1, 1);
}
#endif

/* buffer has two pages; byte i of it is i. */
NTSTATUS use_user_buffer(UCHAR *buffer, ULONG length)
{
    ProbeForWrite(buffer, length, 1);
    PMDL mdl = IoAllocateMdl(buffer, length, FALSE, FALSE, NULL);
    MmProbeAndLockPages(mdl, UserMode, IoModifyAccess);
    CHECK(IoGetCurrentProcess() == mdl->Process);
    UCHAR *system = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    CHECK((PVOID)system >= MmSystemRangeStart && system[3] == 3);
    UCHAR *user =
        MmMapLockedPagesSpecifyCache(mdl, UserMode, MmCached, NULL, FALSE, NormalPagePriority);
    CHECK((ULONG_PTR)user < MmUserProbeAddress && user != buffer &&
          user[length - 1] == buffer[length - 1]);
    CHECK(mdl->MappedSystemVa == system);
    system[0] = 0xAB;
    CHECK(user[0] == 0xAB && buffer[0] == 0xAB);
    user[length - 1] = 0xCD;
    CHECK(system[length - 1] == 0xCD && buffer[length - 1] == 0xCD);
    MmUnmapLockedPages(user, mdl);
    CHECK(!MmIsAddressValid(user) && system[0] == 0xAB);
    MmUnlockPages(mdl);
    CHECK(!MmIsAddressValid(system));
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
}

/* The application frees the buffer; the pages stay for the driver. */
NTSTATUS keep_user_buffer(UCHAR *buffer, ULONG length)
{
    kept = IoAllocateMdl(buffer, length, FALSE, FALSE, NULL);
    MmProbeAndLockPages(kept, UserMode, IoReadAccess);
    CHECK(MmGetSystemAddressForMdlSafe(kept, NormalPagePriority) != NULL);
    return STATUS_SUCCESS;
}

NTSTATUS check_kept_buffer(void)
{
    UCHAR *system = MmGetSystemAddressForMdlSafe(kept, NormalPagePriority);
    CHECK(system[0] == 0x5E && system[MmGetMdlByteCount(kept) - 1] == 0x5E);
    CHECK(!MmIsAddressValid(MmGetMdlVirtualAddress(kept)));
    MmUnlockPages(kept);
    IoFreeMdl(kept);
    return STATUS_SUCCESS;
}

struct memory_information { /* MEMORY_BASIC_INFORMATION */
    PVOID base, allocation_base;
    ULONG allocation_protect, partition;
    SIZE_T size;
    ULONG state, protect, type, alignment;
};

static void check_query(void *base, ULONG state, ULONG protection, SIZE_T size)
{
    typedef NTSTATUS NTAPI query_memory(HANDLE, PVOID, ULONG, PVOID, SIZE_T, PSIZE_T);
    struct memory_information information;
    query_memory *query = (query_memory *)routine(L"ZwQueryVirtualMemory");
    CHECK_STATUS(STATUS_SUCCESS,
                 query(ZwCurrentProcess(), base, 0, &information, sizeof(information), NULL));
    CHECK(information.state == state && information.protect == protection);
    CHECK(information.size == size);
}

#ifdef __clang__
static void check_read_only(UCHAR *base)
{
    PMDL mdl = IoAllocateMdl(base, 16, FALSE, FALSE, NULL);
    CHECK_RAISES(STATUS_ACCESS_VIOLATION, lock_for_writing, mdl);
    CHECK_RAISES(STATUS_ACCESS_VIOLATION, probe_for_writing, base);
    MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
}
#else
static void check_read_only(UCHAR *base)
{
    (void)base;
}
#endif

static void check_secured(UCHAR *base)
{
    SIZE_T size = 0;
    void *place = base;
    HANDLE secure = MmSecureVirtualMemory(base, 2 * PAGE_SIZE, PAGE_READONLY);
    CHECK(secure && MmSecureVirtualMemory(base, 2 * PAGE_SIZE, PAGE_READWRITE) == NULL);
    CHECK_STATUS(STATUS_INVALID_PAGE_PROTECTION,
                 ZwFreeVirtualMemory(ZwCurrentProcess(), &place, &size, MEM_RELEASE));
    MmUnsecureVirtualMemory(secure);
}

NTSTATUS use_virtual_memory(void)
{
    typedef NTSTATUS NTAPI protect_memory(HANDLE, PVOID *, PSIZE_T, ULONG, PULONG);
    protect_memory *protect = (protect_memory *)routine(L"ZwProtectVirtualMemory");
    UCHAR *base = NULL;
    SIZE_T size = 5 * PAGE_SIZE - 1, page = 1;
    ULONG old;
    HANDLE self = ZwCurrentProcess();
    void *place;
    CHECK_STATUS(STATUS_SUCCESS, ZwAllocateVirtualMemory(self, (void **)&base, 0, &size,
                                                         MEM_RESERVE, PAGE_READWRITE));
    CHECK(size == 5 * PAGE_SIZE && (ULONG_PTR)base % 0x10000 == 0 && !MmIsAddressValid(base));
    check_query(base, MEM_RESERVE, 0, size);
    place = base + PAGE_SIZE;
    size = 2 * PAGE_SIZE;
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwAllocateVirtualMemory(self, &place, 0, &size, MEM_COMMIT, PAGE_READWRITE));
    check_query(place, MEM_COMMIT, PAGE_READWRITE, size);
    base[PAGE_SIZE] = base[3 * PAGE_SIZE - 1] = 0x31;
    CHECK(!MmIsAddressValid(base + 3 * PAGE_SIZE));
    place = base;
    CHECK_STATUS(STATUS_NOT_COMMITTED, protect(self, &place, &page, PAGE_READONLY, &old));
    place = base + PAGE_SIZE;
    CHECK_STATUS(STATUS_SUCCESS, protect(self, &place, &size, PAGE_READONLY, &old));
    CHECK(old == PAGE_READWRITE && base[PAGE_SIZE] == 0x31);
    check_read_only(base + PAGE_SIZE);
    check_secured(base + PAGE_SIZE);
    place = base + PAGE_SIZE;
    CHECK_STATUS(STATUS_SUCCESS, ZwFreeVirtualMemory(self, &place, &page, MEM_DECOMMIT));
    CHECK(page == PAGE_SIZE && !MmIsAddressValid(base + PAGE_SIZE));
    place = base + PAGE_SIZE;
    size = 0;
    CHECK_STATUS(STATUS_FREE_VM_NOT_AT_BASE, ZwFreeVirtualMemory(self, &place, &size, MEM_RELEASE));
    place = base;
    CHECK_STATUS(STATUS_SUCCESS, ZwFreeVirtualMemory(self, &place, &size, MEM_RELEASE));
    CHECK_STATUS(STATUS_MEMORY_NOT_ALLOCATED,
                 ZwFreeVirtualMemory(self, &place, &size, MEM_RELEASE));
    return STATUS_SUCCESS;
}
