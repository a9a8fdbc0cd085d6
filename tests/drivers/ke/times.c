#include "ke.h"

typedef ULONG64(NTAPI *query_precise)(PULONG64);

void check_stall(void)
{
    LARGE_INTEGER first, second, frequency, begin, end;
    KeQuerySystemTime(&first);
    begin = KeQueryPerformanceCounter(&frequency);
    CHECK(frequency.QuadPart == 10000000);
    KeStallExecutionProcessor(2000);
    end = KeQueryPerformanceCounter(NULL);
    KeQuerySystemTime(&second);
    CHECK(end.QuadPart - begin.QuadPart >= 20000 && second.QuadPart - first.QuadPart >= 19000);
}

void check_clocks(void)
{
    LARGE_INTEGER ticks, before, after, pause = milliseconds(20);
    LONGLONG frequency;
    ULONGLONG interrupt = KeQueryInterruptTime();
    before = KeQueryPerformanceCounter((PLARGE_INTEGER)&frequency);
    KeQueryTickCount(&ticks);
    CHECK(KeQueryTimeIncrement() == 156250);
    CHECK(ticks.QuadPart >= (LONGLONG)(interrupt / 156250) - 1);
    CHECK(ticks.QuadPart <= (LONGLONG)(interrupt / 156250) + 100);
    KeDelayExecutionThread(KernelMode, FALSE, &pause);
    after = KeQueryPerformanceCounter(NULL);
    CHECK((after.QuadPart - before.QuadPart) * 1000 / frequency >= 19);
    CHECK(KeQueryInterruptTime() - interrupt >= 40000); /* a tick less than was waited */
}

void check_interrupt_time(void)
{
    query_precise precise = (query_precise)ke_routine(L"KeQueryInterruptTimePrecise");
    ULONGLONG interrupt = KeQueryInterruptTime();
    ULONG64 counter;
    CHECK(precise && precise(&counter) >= interrupt && counter != 0);
    CHECK(KeQueryUnbiasedInterruptTime() >= interrupt);
    CHECK(KeGetRecommendedSharedDataAlignment() >= 64);
}
