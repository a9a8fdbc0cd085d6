/* Exceptions that software raises, through frames of the kernel too. */
#include "seh.h"

VOID NTAPI RtlRaiseException(PEXCEPTION_RECORD record);
void __cdecl qsort(void *base, SIZE_T count, SIZE_T size,
                   int(__cdecl *compare)(const void *, const void *));

static NOINLINE void raise(NTSTATUS status)
{
    ExRaiseStatus(status);
}

void check_raise_status(void)
{
    struct seen seen = {.answer = EXCEPTION_EXECUTE_HANDLER};
    NTSTATUS status = STATUS_SUCCESS;

    __try {
        raise(STATUS_INSUFFICIENT_RESOURCES);
    } __except (note(&seen, GetExceptionInformation())) {
        status = GetExceptionCode();
    }
    CHECK(status == STATUS_INSUFFICIENT_RESOURCES && seen.code == status);
    CHECK(seen.flags == EXCEPTION_NONCONTINUABLE && seen.parameters == 0);
    CHECK((ULONG64)seen.address == seen.rip);
    CHECK(seen.rip >= (ULONG64)raise && seen.rip <= (ULONG64)raise + 64);
}

void check_probe(void)
{
    NTSTATUS status = STATUS_SUCCESS;

    __try {
        ProbeForRead((PVOID)(ULONG_PTR)-4096, 16, 1);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    CHECK(status == STATUS_ACCESS_VIOLATION);
    __try {
        ProbeForRead((PVOID)0x10002, 16, 4);
        status = STATUS_SUCCESS;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    CHECK(status == STATUS_DATATYPE_MISALIGNMENT);
}

/* The record is the caller's, and a filter may ask to continue behind the raise. */
void check_continue_behind_raise(void)
{
    EXCEPTION_RECORD record = {.ExceptionCode = (NTSTATUS)0xE1234567, .NumberParameters = 2};
    struct seen seen = {.answer = EXCEPTION_CONTINUE_EXECUTION};
    volatile ULONG after = 0, handled = 0;

    record.ExceptionInformation[0] = 11;
    record.ExceptionInformation[1] = 22;
    __try {
        RtlRaiseException(&record);
        after = 1;
    } __except (note(&seen, GetExceptionInformation())) {
        handled = 1;
    }
    CHECK(after == 1 && handled == 0 && seen.calls == 1);
    CHECK(seen.code == (NTSTATUS)0xE1234567 && seen.parameters == 2);
    CHECK(seen.information[0] == 11 && seen.information[1] == 22);
}

static LONG continue_once(NTSTATUS code, struct seen *seen, PEXCEPTION_POINTERS pointers)
{
    note(seen, pointers);
    return code == STATUS_DEVICE_BUSY ? EXCEPTION_CONTINUE_EXECUTION : EXCEPTION_EXECUTE_HANDLER;
}

void check_noncontinuable(void)
{
    struct seen seen = {0};
    NTSTATUS status = STATUS_SUCCESS;

    __try {
        raise(STATUS_DEVICE_BUSY);
    } __except (continue_once(GetExceptionCode(), &seen, GetExceptionInformation())) {
        status = GetExceptionCode();
    }
    CHECK(status == STATUS_NONCONTINUABLE_EXCEPTION && seen.calls == 2);
}

static int __cdecl compare_raising(const void *left, const void *right)
{
    (void)left;
    (void)right;
    ExRaiseStatus(STATUS_DEVICE_DOES_NOT_EXIST);
    return 0;
}

static int __cdecl compare_faulting(const void *left, const void *right)
{
    (void)left;
    (void)right;
    return (int)read_from((ULONG *)0x38);
}

static ULONG sort_finally;

static NOINLINE void sort_guarded(int(__cdecl *compare)(const void *, const void *))
{
    ULONG values[8] = {5, 3, 8, 1, 9, 2, 7, 4};

    __try {
        qsort(values, 8, sizeof values[0], compare);
    } __finally {
        sort_finally++;
    }
}

/* The kernel's own function lies between the driver's comparison and the driver's __try. */
void check_through_kernel(void)
{
    NTSTATUS status = STATUS_SUCCESS;

    sort_finally = 0;
    __try {
        sort_guarded(compare_raising);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    CHECK(status == STATUS_DEVICE_DOES_NOT_EXIST && sort_finally == 1);
    __try {
        sort_guarded(compare_faulting);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    CHECK(status == STATUS_ACCESS_VIOLATION && sort_finally == 2);
}

static NOINLINE void copy(void *to, const void *from, SIZE_T length)
{
    RtlCopyMemory(to, from, length);
}

/* The fault is in the kernel's memcpy. */
void check_copy(void)
{
    struct seen seen = {.answer = EXCEPTION_EXECUTE_HANDLER};
    UCHAR buffer[256];

    __try {
        copy(buffer, (void *)0x12000, sizeof buffer);
    } __except (note(&seen, GetExceptionInformation())) {
        seen.calls += 10;
    }
    CHECK(seen.calls == 11 && seen.code == STATUS_ACCESS_VIOLATION);
    CHECK(seen.information[0] == 0 && seen.information[1] - 0x12000 < sizeof buffer);
}
