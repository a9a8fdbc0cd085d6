/* MmCopyVirtualMemory: from one process to another. All processes lie in one Linux address space,
 * apart from each other, so that who owns an address says whether it belongs to the process. */
#include "host/ke/ke.h"
#include "host/mm/section.h"

/* Kernel addresses are every process's, but not user mode's. */
static BOOLEAN belongs(struct _EPROCESS *process, const uint8_t *address, KPROCESSOR_MODE mode)
{
    if (!mm_is_user_address(address))
        return mode == KernelMode;
    return mm_user_region(process, address) != NULL;
}

static SIZE_T rest_of_page(const void *address)
{
    return PAGE_SIZE - BYTE_OFFSET(address);
}

static SIZE_T smaller(SIZE_T a, SIZE_T b)
{
    return a < b ? a : b;
}

NTSTATUS NTAPI MmCopyVirtualMemory(PEPROCESS from, PVOID source, PEPROCESS to, PVOID target,
                                   SIZE_T length, KPROCESSOR_MODE mode, PSIZE_T copied);
NTSTATUS NTAPI MmCopyVirtualMemory(PEPROCESS from, PVOID source, PEPROCESS to, PVOID target,
                                   SIZE_T length, KPROCESSOR_MODE mode, PSIZE_T copied)
{
    const uint8_t *input = source;
    uint8_t *output = target;
    SIZE_T done = 0;
    while (done < length) {
        SIZE_T part = smaller(length - done,
                              smaller(rest_of_page(input + done), rest_of_page(output + done)));
        if (!belongs((struct _EPROCESS *)from, input + done, mode) ||
            !belongs((struct _EPROCESS *)to, output + done, mode) ||
            !mm_page_allows(input + done, FALSE) || !mm_page_allows(output + done, TRUE) ||
            !linux_copy_guarded(output + done, input + done, part))
            break;
        done += part;
    }
    *copied = done;
    return done == length ? STATUS_SUCCESS : STATUS_PARTIAL_COPY;
}
SB_EXPORT(MmCopyVirtualMemory)
