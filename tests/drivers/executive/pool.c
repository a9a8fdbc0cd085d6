#include "executive.h"

#define FLAG_UNINITIALIZED 0x2ull
#define FLAG_CACHE_ALIGNED 0x8ull
#define FLAG_RAISE         0x20ull
#define FLAG_NON_PAGED     0x40ull
#define FLAG_EXECUTE       0x80ull
#define FLAG_PAGED         0x100ull

typedef PVOID NTAPI allocate_pool2(ULONG64 flags, SIZE_T size, ULONG tag);
static allocate_pool2 *ExAllocatePool2_;

static void find_routine(void)
{
    ExAllocatePool2_ = (allocate_pool2 *)routine(L"ExAllocatePool2");
}

static int is_zero(const UCHAR *bytes, SIZE_T size)
{
    for (SIZE_T i = 0; i < size; i++)
        if (bytes[i])
            return 0;
    return 1;
}

void check_pool_alignment(void)
{
    static const SIZE_T sizes[] = {0,    1,    16,   17,   100,  2048, 2049, 4000,
                                   4033, 4080, 4081, 4095, 4096, 4097, 20000};
    for (unsigned i = 0; i < RTL_NUMBER_OF(sizes); i++) {
        UCHAR *block = ExAllocatePoolWithTag(NonPagedPoolNx, sizes[i], TAG);
        UCHAR *aligned = ExAllocatePoolWithTag(NonPagedPoolNxCacheAligned, sizes[i], TAG);
        CHECK(block && (ULONG_PTR)block % 16 == 0);
        CHECK(aligned && (ULONG_PTR)aligned % 64 == 0);
        CHECK(sizes[i] < PAGE_SIZE || (ULONG_PTR)block % PAGE_SIZE == 0);
        CHECK(sizes[i] >= PAGE_SIZE || BYTE_OFFSET(block) + sizes[i] <= PAGE_SIZE);
        CHECK(sizes[i] >= PAGE_SIZE || BYTE_OFFSET(aligned) + sizes[i] <= PAGE_SIZE);
        RtlFillMemory(block, sizes[i], 0xA5);
        RtlFillMemory(aligned, sizes[i], 0x5A);
        CHECK(sizes[i] == 0 || block[sizes[i] - 1] == 0xA5);
        ExFreePoolWithTag(block, TAG);
        ExFreePool(aligned);
    }
}

void check_pool_sizes(void)
{
    BOOLEAN charged = TRUE;
    PVOID block = ExAllocatePoolWithTag(PagedPool, 100, TAG);
    CHECK(ExQueryPoolBlockSize(block, &charged) >= 100 && !charged);
    ExFreePoolWithTag(block, TAG);
    block = ExAllocatePoolWithTagPriority(NonPagedPoolNx, 5000, TAG, HighPoolPriority);
    CHECK(ExQueryPoolBlockSize(block, &charged) == 2 * PAGE_SIZE);
    ExFreePoolWithTag(block, TAG);
    CHECK(ExAllocatePoolWithTag(NonPagedPoolNx, (SIZE_T)1 << 50, TAG) == NULL);
    CHECK(ExAllocatePoolWithQuotaTag(NonPagedPoolNx | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE,
                                     (SIZE_T)1 << 50, TAG) == NULL);
    block = ExAllocatePoolWithQuotaTag(PagedPool, 64, TAG);
    CHECK(block != NULL);
    ExFreePool(block);
}

void check_pool2(void)
{
    find_routine();
    UCHAR *first = ExAllocatePool2_(FLAG_NON_PAGED, 200, TAG);
    RtlFillMemory(first, 200, 0xFF);
    ExFreePoolWithTag(first, TAG);
    UCHAR *block = ExAllocatePool2_(FLAG_NON_PAGED, 200, TAG);
    CHECK(block && is_zero(block, 200));
    ExFreePoolWithTag(block, TAG);
    block = ExAllocatePool2_(FLAG_PAGED | FLAG_CACHE_ALIGNED, 9000, TAG);
    CHECK(block && is_zero(block, 9000));
    ExFreePoolWithTag(block, TAG);
    block = ExAllocatePool2_(FLAG_NON_PAGED | FLAG_UNINITIALIZED, 8, TAG);
    CHECK(block != NULL);
    ExFreePoolWithTag(block, TAG);
    CHECK(ExAllocatePool2_(FLAG_NON_PAGED, 8, 0) == NULL);
    CHECK(ExAllocatePool2_(0, 8, TAG) == NULL);
    CHECK(ExAllocatePool2_(FLAG_NON_PAGED | FLAG_PAGED, 8, TAG) == NULL);
    CHECK(ExAllocatePool2_(FLAG_NON_PAGED | 0x800, 8, TAG) == NULL);
    block = ExAllocatePool2_(FLAG_NON_PAGED | 1ull << 40, 8, TAG); /* optional and unknown */
    CHECK(block != NULL);
    ExFreePoolWithTag(block, TAG);
}

/* The old nonpaged pool may hold code. */
void check_pool_execution(void)
{
    static const UCHAR return_seven[] = {0xB8, 7, 0, 0, 0, 0xC3};
    find_routine();
    UCHAR *code = ExAllocatePool2_(FLAG_EXECUTE, sizeof(return_seven), TAG);
    RtlCopyMemory(code, return_seven, sizeof(return_seven));
    CHECK(((int (*)(void))code)() == 7);
    ExFreePoolWithTag(code, TAG);
    code = ExAllocatePoolWithTag(NonPagedPool, 8192, TAG);
    RtlCopyMemory(code, return_seven, sizeof(return_seven));
    CHECK(((int (*)(void))code)() == 7);
    ExFreePoolWithTag(code, TAG);
}

#ifdef __clang__
static void allocate_quota(void *context)
{
    (void)context;
    ExAllocatePoolWithQuotaTag(NonPagedPoolNx, (SIZE_T)1 << 50, TAG);
}

static void allocate_raising(void *context)
{
    (void)context;
    ExAllocatePoolWithTag(NonPagedPoolNx | POOL_RAISE_IF_ALLOCATION_FAILURE, (SIZE_T)1 << 50, TAG);
}

static void allocate2_raising(void *context)
{
    (void)context;
    ExAllocatePool2_(FLAG_PAGED | FLAG_RAISE, (SIZE_T)1 << 50, TAG);
}

void check_pool_raises(void)
{
    CHECK_RAISES(STATUS_INSUFFICIENT_RESOURCES, allocate_quota, NULL);
    CHECK_RAISES(STATUS_INSUFFICIENT_RESOURCES, allocate_raising, NULL);
}

void check_pool2_raises(void)
{
    find_routine();
    CHECK_RAISES(STATUS_INSUFFICIENT_RESOURCES, allocate2_raising, NULL);
}
#else
void check_pool_raises(void)
{
}

void check_pool2_raises(void)
{
}
#endif
