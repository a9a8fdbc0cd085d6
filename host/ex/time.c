/* Local time, the timer's resolution, unique identifiers. */
#include "host/ex/ddk.h"
#include "host/ex/ex.h"

static const LONGLONG minute = 60 * 10000000ll;

VOID NTAPI ExSystemTimeToLocalTime(PLARGE_INTEGER system_time, PLARGE_INTEGER local_time)
{
    local_time->QuadPart = system_time->QuadPart - linux_time_zone_bias() * minute;
}
SB_EXPORT(ExSystemTimeToLocalTime)

VOID NTAPI ExLocalTimeToSystemTime(PLARGE_INTEGER local_time, PLARGE_INTEGER system_time)
{
    system_time->QuadPart = local_time->QuadPart + linux_time_zone_bias() * minute;
}
SB_EXPORT(ExLocalTimeToSystemTime)

/*
 * Timers here expire when they are due, not at a clock tick, so that the finest resolution is
 * always in force. Units of 100 ns.
 */
enum { LONGEST_INTERVAL = 156250, SHORTEST_INTERVAL = 5000 };

VOID NTAPI ExQueryTimerResolution(PULONG longest, PULONG shortest, PULONG current)
{
    *longest = LONGEST_INTERVAL;
    *shortest = SHORTEST_INTERVAL;
    *current = SHORTEST_INTERVAL;
}
SB_EXPORT(ExQueryTimerResolution)

ULONG NTAPI ExSetTimerResolution(ULONG desired, BOOLEAN set)
{
    return SHORTEST_INTERVAL;
}
SB_EXPORT(ExSetTimerResolution)

NTSTATUS NTAPI ExUuidCreate(UUID *uuid)
{
    UUID made;
    linux_random(&made, sizeof(made));
    made.Data3 = (USHORT)((made.Data3 & 0x0FFF) | 0x4000); /* RFC 4122, version 4 */
    made.Data4[0] = (UCHAR)((made.Data4[0] & 0x3F) | 0x80);
    RtlCopyMemory(uuid, &made, sizeof(made));
    return STATUS_SUCCESS;
}
SB_EXPORT(ExUuidCreate)
