#include "ke.h"

static VOID NTAPI try_mutex(PVOID context)
{
    LARGE_INTEGER now = {{0}};
    CHECK(KeWaitForSingleObject(context, Executive, KernelMode, FALSE, &now) == STATUS_TIMEOUT);
}

static VOID NTAPI leave_mutant_owned(PVOID context)
{
    CHECK(KeWaitForSingleObject(context, Executive, KernelMode, FALSE, NULL) == STATUS_SUCCESS);
}

void check_mutex(void)
{
    KMUTEX mutex;
    KeInitializeMutex(&mutex, 0);
    CHECK(KeWaitForMutexObject(&mutex, Executive, KernelMode, FALSE, NULL) == STATUS_SUCCESS);
    CHECK(KeAreApcsDisabled()); /* a mutex holds back APCs */
    CHECK(KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, NULL) == STATUS_SUCCESS);
    ke_join(ke_start(try_mutex, &mutex));
    CHECK(KeReleaseMutex(&mutex, FALSE) == -1 && KeReleaseMutex(&mutex, FALSE) == 0);
    CHECK(!KeAreApcsDisabled());
}

void check_mutex_state(void)
{
    KMUTEX mutex;
    KeInitializeMutex(&mutex, 0);
    CHECK(KeReadStateMutex(&mutex) == 1);
    KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, NULL);
    KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, NULL);
    CHECK(KeReadStateMutex(&mutex) == -1);
    KeReleaseMutex(&mutex, FALSE);
    KeReleaseMutex(&mutex, FALSE);
    CHECK(KeReadStateMutex(&mutex) == 1);
}

void check_mutant(void)
{
    KMUTANT mutant;
    KeInitializeMutant(&mutant, TRUE);
    CHECK(KeReadStateMutant(&mutant) == 0 && !KeAreApcsDisabled());
    CHECK(KeReleaseMutant(&mutant, 0, FALSE, FALSE) == 0);
    ke_join(ke_start(leave_mutant_owned, &mutant));
    CHECK(KeReadStateMutant(&mutant) == 1);
    CHECK(KeWaitForSingleObject(&mutant, Executive, KernelMode, FALSE, NULL) == STATUS_ABANDONED);
    CHECK(KeReleaseMutant(&mutant, 0, FALSE, FALSE) == 0);
    CHECK(KeWaitForSingleObject(&mutant, Executive, KernelMode, FALSE, NULL) == STATUS_SUCCESS);
    KeReleaseMutant(&mutant, 0, FALSE, FALSE);
}

struct bounded {
    KSEMAPHORE semaphore;
    LONG inside, most;
};

static VOID NTAPI enter(PVOID context)
{
    struct bounded *bounded = context;
    for (int i = 0; i < 50; i++) {
        LARGE_INTEGER moment;
        LONG inside;
        KeWaitForSingleObject(&bounded->semaphore, Executive, KernelMode, FALSE, NULL);
        inside = InterlockedIncrement(&bounded->inside);
        if (inside > bounded->most)
            bounded->most = inside;
        moment.QuadPart = -100;
        KeDelayExecutionThread(KernelMode, FALSE, &moment);
        InterlockedDecrement(&bounded->inside);
        KeReleaseSemaphore(&bounded->semaphore, 0, 1, FALSE);
    }
}

void check_semaphore(void)
{
    struct bounded bounded = {.most = 0};
    PKTHREAD threads[4];
    KeInitializeSemaphore(&bounded.semaphore, 2, 2);
    for (int i = 0; i < 4; i++)
        threads[i] = ke_start(enter, &bounded);
    for (int i = 0; i < 4; i++)
        ke_join(threads[i]);
    CHECK(bounded.most <= 2);
    KeInitializeSemaphore(&bounded.semaphore, 0, 5);
    CHECK(KeReleaseSemaphore(&bounded.semaphore, 0, 3, FALSE) == 0);
    CHECK(KeReleaseSemaphore(&bounded.semaphore, 0, 1, FALSE) == 3);
}

void check_semaphore_state(void)
{
    KSEMAPHORE semaphore;
    KeInitializeSemaphore(&semaphore, 2, 2);
    CHECK(KeReadStateSemaphore(&semaphore) == 2);
    KeWaitForSingleObject(&semaphore, Executive, KernelMode, FALSE, NULL);
    CHECK(KeReadStateSemaphore(&semaphore) == 1);
    KeReleaseSemaphore(&semaphore, 0, 1, FALSE);
    CHECK(KeReadStateSemaphore(&semaphore) == 2);
}
