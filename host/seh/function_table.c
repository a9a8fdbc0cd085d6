#include "host/nt.h"
#include "host/seh/unwind_types.h"
#include "host/seh/image_functions.h"
#include "host/seh/safe_memory.h"

static RUNTIME_FUNCTION *follow_indirect(const struct seh_image *image, RUNTIME_FUNCTION *function)
{
    uint32_t rva = function->UnwindData & ~(ULONG)RUNTIME_FUNCTION_INDIRECT;
    RUNTIME_FUNCTION target;

    if (image->size < sizeof target || rva > image->size - sizeof target ||
        seh_read_some(image->base + rva, &target, sizeof target) != sizeof target)
        return NULL;
    return (RUNTIME_FUNCTION *)(image->base + rva);
}

RUNTIME_FUNCTION *seh_find_function(const struct seh_image *image, uint32_t rva)
{
    uint32_t low = 0;
    uint32_t high = image->function_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        RUNTIME_FUNCTION *function = &image->functions[middle];

        if (rva < function->BeginAddress)
            high = middle;
        else if (rva >= function->EndAddress)
            low = middle + 1;
        else if (function->UnwindData & RUNTIME_FUNCTION_INDIRECT)
            return follow_indirect(image, function);
        else
            return function;
    }
    return NULL;
}
