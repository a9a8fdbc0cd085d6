/* Lengths of memory resources that take more than 32 bits: in units of 256, 64 KiB or 4 GiB. */
#include "host/rtl/rtl.h"

/* A resource's kind, the flag of a memory one and how many bits its numbers were shifted by. */
struct form {
    USHORT flag;
    UCHAR shift;
};

static const struct form forms[] = {{0, 0},
                                    {CM_RESOURCE_MEMORY_LARGE_40, 8},
                                    {CM_RESOURCE_MEMORY_LARGE_48, 16},
                                    {CM_RESOURCE_MEMORY_LARGE_64, 32}};

/* The form in which the length fits without loss, or NULL. */
static const struct form *form_of_length(ULONGLONG length)
{
    for (ULONG i = 0; i < RTL_NUMBER_OF(forms); i++) {
        ULONGLONG unit = 1ull << forms[i].shift;
        if (length % unit == 0 && length / unit <= MAXULONG)
            return &forms[i];
    }
    return NULL;
}

static const struct form *form_of_flags(USHORT flags)
{
    for (ULONG i = 1; i < RTL_NUMBER_OF(forms); i++)
        if (flags & forms[i].flag)
            return &forms[i];
    return &forms[0];
}

/* The next length that has a form. */
NTSTATUS NTAPI RtlFindClosestEncodableLength(ULONGLONG length, PULONGLONG encodable)
{
    for (ULONG i = 0; i < RTL_NUMBER_OF(forms); i++) {
        ULONGLONG unit = 1ull << forms[i].shift;
        ULONGLONG rounded = (length + unit - 1) & ~(unit - 1);
        if (rounded >= length && rounded / unit <= MAXULONG) {
            *encodable = rounded;
            return STATUS_SUCCESS;
        }
    }
    return STATUS_NOT_SUPPORTED;
}
SB_EXPORT(RtlFindClosestEncodableLength)

NTSTATUS NTAPI RtlCmEncodeMemIoResource(PCM_PARTIAL_RESOURCE_DESCRIPTOR descriptor, UCHAR type,
                                        ULONGLONG length, ULONGLONG start)
{
    const struct form *form = form_of_length(length);
    if (type != CmResourceTypeMemory && type != CmResourceTypeMemoryLarge &&
        type != CmResourceTypePort)
        return STATUS_INVALID_PARAMETER;
    if (!form || (type == CmResourceTypePort && form->shift))
        return STATUS_NOT_SUPPORTED;
    if (type != CmResourceTypePort)
        type = form->shift ? CmResourceTypeMemoryLarge : CmResourceTypeMemory;
    descriptor->Type = type;
    descriptor->Flags |= form->flag;
    descriptor->u.Generic.Start.QuadPart = (LONGLONG)start;
    descriptor->u.Generic.Length = (ULONG)(length >> form->shift);
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlCmEncodeMemIoResource)

/* The length; 0 for another kind of resource. */
ULONGLONG NTAPI RtlCmDecodeMemIoResource(PCM_PARTIAL_RESOURCE_DESCRIPTOR descriptor,
                                         PULONGLONG start)
{
    UCHAR type = descriptor->Type;
    if (type != CmResourceTypeMemory && type != CmResourceTypeMemoryLarge &&
        type != CmResourceTypePort)
        return 0;
    if (start)
        *start = (ULONGLONG)descriptor->u.Generic.Start.QuadPart;
    UCHAR shift = type == CmResourceTypeMemoryLarge ? form_of_flags(descriptor->Flags)->shift : 0;
    return (ULONGLONG)descriptor->u.Generic.Length << shift;
}
SB_EXPORT(RtlCmDecodeMemIoResource)
