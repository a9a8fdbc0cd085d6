#include "host/verifier/user_probe.h"

#include <sysbuf/host.h>

#include "host/loader/loader.h"
#include "host/mm/mm.h"
#include "host/verifier/user_memory.h"
#include "host/verifier/user_watch.h"

void verifier_probe_note(uint64_t address, SIZE_T length)
{
    struct verifier_memory *memory = verifier_memory();
    struct verifier_exchange *request = verifier_exchange_current();
    uint64_t end = address + length;
    if (end < address || end > LINUX_USER_END)
        return; /* the probe raises */
    if (request && length == 0)
        verifier_ranges_add(&request->probed_empty, address, address + 1);
    if (request)
        verifier_ranges_add(&request->probed, address, end);
    linux_lock(&memory->lock);
    struct verifier_process *known = verifier_process_of(current_thread()->Tcb.process);
    if (known)
        verifier_ranges_add(&known->probed, address, end);
    linux_unlock(&memory->lock);
}

/* A caller's pointer into the kernel is what probes are for; a driver's own is not. */
static BOOLEAN is_callers(const void *address)
{
    struct verifier_exchange *request = verifier_exchange_current();
    if (!request || request->input == address || request->output == address)
        return TRUE;
    for (ULONG i = 0; i < request->pointer_count; i++)
        if (request->pointers[i] == (uint64_t)address)
            return TRUE;
    return request->pointer_count == REQUEST_POINTERS;
}

void verifier_user_probed(const void *address, SIZE_T length, BOOLEAN write, void *caller)
{
    if (!verifier_checks(SB_VERIFY_USER) || !loader_find(current_machine(), (uint64_t)caller))
        return;
    if (mm_is_user_address(address)) {
        verifier_probe_note((uint64_t)address, length);
        return;
    }
    if (length && !is_callers(address) && mm_region_find(current_machine(), address))
        verifier_report(RULE_KERNEL_ADDRESS_PROBED, caller,
                        (ULONG_PTR[]){(ULONG_PTR)address, length, write},
                        "%s was given the kernel address 0x%llx, which is the driver's own and not "
                        "its caller's: it always raises",
                        write ? "ProbeForWrite" : "ProbeForRead", address);
}
