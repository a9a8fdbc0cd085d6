/* The unwinder's exports for drivers that walk stacks themselves. */
#include "host/seh/dispatch.h"
#include "host/seh/frame_walk.h"
#include "host/seh/virtual_unwind.h"

PRUNTIME_FUNCTION NTAPI RtlLookupFunctionEntry(ULONG64 control_pc, PULONG64 image_base,
                                               PUNWIND_HISTORY_TABLE history)
{
    struct seh_image image;

    if (!seh_find_image(control_pc, &image)) {
        *image_base = 0;
        return NULL;
    }
    *image_base = image.base;
    return seh_find_function(&image, (uint32_t)(control_pc - image.base));
}
SB_EXPORT(RtlLookupFunctionEntry)

PEXCEPTION_ROUTINE NTAPI RtlVirtualUnwind(ULONG handler_type, ULONG64 image_base,
                                          ULONG64 control_pc, PRUNTIME_FUNCTION function,
                                          PCONTEXT context, PVOID *handler_data,
                                          PULONG64 establisher_frame,
                                          PKNONVOLATILE_CONTEXT_POINTERS pointers)
{
    struct seh_memory nothing_known = {0, 0};
    struct seh_image image;
    struct unwind_step step;
    CONTEXT caller = *context;

    if (!seh_find_image(image_base, &image) || image.base != image_base)
        seh_raise_status(STATUS_BAD_FUNCTION_TABLE, NULL);
    if (!seh_unwind_function(&image, &nothing_known, function, control_pc, handler_type, &caller,
                             pointers, &step))
        seh_raise_status(STATUS_BAD_FUNCTION_TABLE, NULL);
    *context = caller;
    *establisher_frame = step.establisher;
    if (step.handler)
        *handler_data = (PVOID)step.handler_data;
    return (PEXCEPTION_ROUTINE)step.handler;
}
SB_EXPORT(RtlVirtualUnwind)

PVOID NTAPI RtlPcToFileHeader(PVOID address, PVOID *image_base)
{
    struct seh_image image;

    *image_base = seh_find_image((uint64_t)address, &image) ? (PVOID)image.base : NULL;
    return *image_base;
}
SB_EXPORT(RtlPcToFileHeader)
