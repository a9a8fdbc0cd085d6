/* Data that is only there while DriverEntry runs is used by a request. */
#define HAS_LOAD
#include "defect.h"

#if DEFECT
#ifdef __clang__ /* build.sh does it for gcc */
__asm__(".section INIT,\"dwD\"\n.text");
#endif
__attribute__((section("INIT")))
#endif
static volatile ULONG table[1024] = {1};

static NTSTATUS load(PDRIVER_OBJECT driver)
{
    return table[0] == 1 ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp, PIO_STACK_LOCATION stack)
{
    ULONG value = table[0]; /* MISTAKE: discarded-section */
    return complete(irp, STATUS_SUCCESS, value & 0);
}
