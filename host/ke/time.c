/* The clocks. Interrupt time and system time are read when asked for, finer than NT's clock tick.
 */
#include "host/ke/schedule.h"
#include "host/ke/scheduler.h"

enum {
    TIME_INCREMENT = 156250,      /* 100 ns in a clock tick: 64 ticks a second */
    COUNTER_FREQUENCY = 10000000, /* Windows 10's: 10 MHz */
};

static struct machine *ask(void)
{
    struct machine *machine = current_machine();
    if (SB_UNLIKELY(machine->scheduler))
        scheduler_time_asked(machine);
    return machine;
}

VOID NTAPI KeQuerySystemTime(PLARGE_INTEGER time)
{
    time->QuadPart = ke_system_time(ask());
}
SB_EXPORT(KeQuerySystemTime)
SB_EXPORT_AS("KeQuerySystemTimePrecise", KeQuerySystemTime)

ULONGLONG NTAPI KeQueryInterruptTime(VOID)
{
    return (ULONGLONG)ke_interrupt_time(ask());
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
    schedule_stall(current_machine(), microseconds * 1000ll);
}
SB_EXPORT(KeStallExecutionProcessor)
