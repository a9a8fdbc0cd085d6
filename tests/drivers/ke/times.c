#include "ke.h"

typedef ULONG64(NTAPI *query_precise)(PULONG64);

void check_times(void)
{
    query_precise precise = (query_precise)ke_routine(L"KeQueryInterruptTimePrecise");
    LARGE_INTEGER first, second, frequency, begin, end, ticks;
    ULONGLONG interrupt;
    ULONG64 counter;
    KeQuerySystemTime(&first);
    begin = KeQueryPerformanceCounter(&frequency);
    CHECK(frequency.QuadPart == 10000000);
    KeStallExecutionProcessor(2000);
    end = KeQueryPerformanceCounter(NULL);
    KeQuerySystemTime(&second);
    CHECK(end.QuadPart - begin.QuadPart >= 20000 && second.QuadPart - first.QuadPart >= 19000);
    interrupt = KeQueryInterruptTime();
    KeQueryTickCount(&ticks);
    CHECK(KeQueryTimeIncrement() == 156250);
    CHECK(ticks.QuadPart >= (LONGLONG)(interrupt / 156250) - 1);
    CHECK(ticks.QuadPart <= (LONGLONG)(interrupt / 156250) + 100);
    CHECK(precise && precise(&counter) >= interrupt && counter != 0);
    CHECK(KeQueryUnbiasedInterruptTime() >= interrupt);
    CHECK(KeGetRecommendedSharedDataAlignment() >= 64);
}
