/* Rtl: the time zone of the Linux system, as it is when asked. */
#include "host/rtl/rtl.h"
#include "host/linux/linux.h"

static LONGLONG bias(void)
{
    const LONGLONG units_per_minute = 600000000;

    return linux_time_zone_bias() * units_per_minute;
}

NTSTATUS NTAPI RtlSystemTimeToLocalTime(PLARGE_INTEGER system, PLARGE_INTEGER local)
{
    local->QuadPart = system->QuadPart - bias();
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlSystemTimeToLocalTime)

NTSTATUS NTAPI RtlLocalTimeToSystemTime(PLARGE_INTEGER local, PLARGE_INTEGER system)
{
    system->QuadPart = local->QuadPart + bias();
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlLocalTimeToSystemTime)
