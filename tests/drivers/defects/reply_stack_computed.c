/* Answers with a checksum over a structure of which nobody set one member: what was on the stack
 * comes out in another shape. SEQUENCE: compared */
#include "defect.h"

struct settings {
    ULONG mode;
    ULONG features;
};

static DEFECT_NOINLINE void read_settings(struct settings *settings)
{
    settings->mode = 1;
    if (!DEFECT)
        settings->features = 0x30;
}

static DEFECT_NOINLINE ULONG checksum(const struct settings *settings)
{
    ULONG sum = settings->mode ^ settings->features;
    return (sum >> 16 ^ sum) & 0xFFFF;
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    struct settings settings;
    read_settings(&settings);
    *(ULONG *)irp->AssociatedIrp.SystemBuffer = checksum(&settings);
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = sizeof(ULONG);
    IoCompleteRequest(irp, IO_NO_INCREMENT); /* MISTAKE: reply-unwritten */
    DEFECT_KEEP_FRAME();
    return STATUS_SUCCESS;
}
