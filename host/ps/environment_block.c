/*
 * Process environment blocks. NT has one in each application's memory, which drivers find by
 * PsGetProcessPeb and read; applications of the host are Linux code and need none. What is told
 * there: the system's version, the number of processors, the session. No loader data, no
 * parameters. A 32-bit process has two, as under WOW64: its own follows the native one.
 */
#include "host/mm/section.h"
#include "host/ps/ps.h"
#include "host/rtl/rtl.h"

enum { PLATFORM_WINDOWS_NT = 2, USER_SESSION = 1 };

/* Where a block has what. */
struct layout {
    USHORT processors, major, minor, build, platform, session;
};

static const struct layout native = {0xB8, 0x118, 0x11C, 0x120, 0x124, 0x2C0};
static const struct layout wow64 = {0x64, 0xA4, 0xA8, 0xAC, 0xB0, 0x1D4};

static void put(void *block, USHORT offset, ULONG value)
{
    *(PULONG)((char *)block + offset) = value;
}

static void fill(void *block, const struct layout *layout, const struct machine *machine)
{
    put(block, layout->processors, machine->processors);
    put(block, layout->major, RTL_NT_MAJOR);
    put(block, layout->minor, RTL_NT_MINOR);
    put(block, layout->build, RTL_NT_BUILD);
    put(block, layout->platform, PLATFORM_WINDOWS_NT);
    put(block, layout->session, USER_SESSION);
}

static void *make(struct _EPROCESS *process)
{
    void *block = NULL;
    SIZE_T size = process->is_32_bit ? 2 * PAGE_SIZE : PAGE_SIZE;
    if (!NT_SUCCESS(
            mm_user_allocate(process, &block, &size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE)))
        return NULL;
    fill(block, &native, process->machine);
    if (process->is_32_bit)
        fill((char *)block + PAGE_SIZE, &wow64, process->machine);
    return block;
}

void *ps_process_peb(struct _EPROCESS *process)
{
    void *known = __atomic_load_n(&process->environment, __ATOMIC_ACQUIRE);
    if (known || process == process->machine->ps->system_process || process->is_exiting)
        return known;
    void *block = make(process);
    if (block && !__atomic_compare_exchange_n(&process->environment, &known, block, false,
                                              __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        mm_user_release(process, block);
        return known;
    }
    return block;
}

PVOID NTAPI nt_PsGetProcessPeb(PEPROCESS process)
{
    return ps_process_peb((struct _EPROCESS *)process);
}
SB_EXPORT_AS("PsGetProcessPeb", nt_PsGetProcessPeb)

/* NULL for a 64-bit process: how drivers tell them apart. */
PVOID NTAPI nt_PsGetProcessWow64Process(PEPROCESS process)
{
    struct _EPROCESS *own = (struct _EPROCESS *)process;
    char *block = own->is_32_bit ? ps_process_peb(own) : NULL;
    return block ? block + PAGE_SIZE : NULL;
}
SB_EXPORT_AS("PsGetProcessWow64Process", nt_PsGetProcessWow64Process)

PVOID NTAPI nt_PsGetCurrentProcessWow64Process(VOID)
{
    return nt_PsGetProcessWow64Process((PEPROCESS)current_thread()->Tcb.process);
}
SB_EXPORT_AS("PsGetCurrentProcessWow64Process", nt_PsGetCurrentProcessWow64Process)
