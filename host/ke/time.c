/* The clocks. Interrupt time and system time are read when asked for, finer than NT's clock tick.
 */
#include "host/ke/schedule.h"

enum {
    TIME_INCREMENT = 156250,      /* 100 ns in a clock tick: 64 ticks a second */
    COUNTER_FREQUENCY = 10000000, /* Windows 10's: 10 MHz */
};

VOID NTAPI KeQuerySystemTime(PLARGE_INTEGER time)
{
    time->QuadPart = linux_system_time();
}
SB_EXPORT(KeQuerySystemTime)
SB_EXPORT_AS("KeQuerySystemTimePrecise", KeQuerySystemTime)

ULONGLONG NTAPI KeQueryInterruptTime(VOID)
{
    return (ULONGLONG)ke_interrupt_time(current_machine());
}
SB_EXPORT(KeQueryInterruptTime)

/* The machine never sleeps, so that nothing biases its time. */
SB_EXPORT_AS("KeQueryUnbiasedInterruptTime", KeQueryInterruptTime)

ULONG64 NTAPI nt_KeQueryInterruptTimePrecise(PULONG64 counter)
{
    ULONGLONG now = KeQueryInterruptTime();
    *counter = now;
    return now;
}
SB_EXPORT_AS("KeQueryInterruptTimePrecise", nt_KeQueryInterruptTimePrecise)
SB_EXPORT_AS("KeQueryUnbiasedInterruptTimePrecise", nt_KeQueryInterruptTimePrecise)

VOID NTAPI KeQueryTickCount(PLARGE_INTEGER count)
{
    count->QuadPart = (LONGLONG)(KeQueryInterruptTime() / TIME_INCREMENT);
}
SB_EXPORT(KeQueryTickCount)

ULONG NTAPI KeQueryTimeIncrement(VOID)
{
    return TIME_INCREMENT;
}
SB_EXPORT(KeQueryTimeIncrement)

LARGE_INTEGER NTAPI KeQueryPerformanceCounter(PLARGE_INTEGER frequency)
{
    if (frequency)
        frequency->QuadPart = COUNTER_FREQUENCY;
    return (LARGE_INTEGER){.QuadPart = (LONGLONG)KeQueryInterruptTime()};
}
SB_EXPORT(KeQueryPerformanceCounter)

VOID NTAPI KeStallExecutionProcessor(ULONG microseconds)
{
    int64_t end = linux_monotonic_time() + microseconds * 1000ll;
    while (linux_monotonic_time() < end)
        schedule_point(current_machine());
}
SB_EXPORT(KeStallExecutionProcessor)
