/* LZNT1, resources of more than 32 bits, hints, drive letters, performance counters. */
#include "services.h"

enum { SIZE = 20000, ROOM = 24000 };

static BOOLEAN returns(PUCHAR from, ULONG size, PUCHAR packed, ULONG *packed_size, PVOID workspace)
{
    PUCHAR back = ExAllocatePoolWithTag(PagedPool, SIZE + 1, TAG);
    ULONG done = 0;
    BOOLEAN same = FALSE;
    NTSTATUS status = RtlCompressBuffer(COMPRESSION_FORMAT_LZNT1 | COMPRESSION_ENGINE_STANDARD,
                                        from, size, packed, ROOM, 4096, packed_size, workspace);

    if (back && (status == STATUS_SUCCESS || status == STATUS_BUFFER_ALL_ZEROS)) {
        CHECK_STATUS(STATUS_SUCCESS, RtlDecompressBuffer(COMPRESSION_FORMAT_LZNT1, back, size,
                                                         packed, *packed_size, &done));
        same = done == size && RtlCompareMemory(from, back, size) == size;
        CHECK_STATUS(STATUS_SUCCESS,
                     RtlDecompressFragment(COMPRESSION_FORMAT_LZNT1, back, 100, packed,
                                           *packed_size, 5000, &done, workspace));
        same = same &&
               (size < 5100 || (done == 100 && RtlCompareMemory(from + 5000, back, 100) == 100));
    }
    if (back)
        ExFreePool(back);
    return same;
}

/* The example of [MS-XCA] 3.1. */
static void known_answer(PVOID workspace)
{
    static const UCHAR packed[] = {
        0x38, 0xb0, 0x88, 0x46, 0x23, 0x20, 0x00, 0x20, 0x47, 0x20, 0x41, 0x00, 0x10, 0xa2, 0x47,
        0x01, 0xa0, 0x45, 0x20, 0x44, 0x00, 0x08, 0x45, 0x01, 0x50, 0x79, 0x00, 0xc0, 0x45, 0x20,
        0x05, 0x24, 0x13, 0x88, 0x05, 0xb4, 0x02, 0x4a, 0x44, 0xef, 0x03, 0x58, 0x02, 0x8c, 0x09,
        0x16, 0x01, 0x48, 0x45, 0x00, 0xbe, 0x00, 0x9e, 0x00, 0x04, 0x01, 0x18, 0x90, 0x00};
    static const char expected[] =
        "F# F# G A A G F# E D D E F# F# E E F# F# G A A G F# E D D E F# E D D E E F# D E F# G F# D "
        "E F# G F# E D E A F# F# G A A G F# E D D E F# E D D";
    char text[200];
    ULONG done = 0;

    (void)workspace;
    CHECK_STATUS(STATUS_SUCCESS,
                 RtlDecompressBuffer(COMPRESSION_FORMAT_LZNT1, (PUCHAR)text, sizeof text,
                                     (PUCHAR)packed, sizeof packed, &done));
    CHECK(done >= sizeof expected - 1 &&
          RtlCompareMemory(text, expected, sizeof expected - 1) == sizeof expected - 1);
}

void check_compression(void)
{
    PUCHAR from = ExAllocatePoolWithTag(PagedPool, SIZE, TAG);
    PUCHAR packed = ExAllocatePoolWithTag(PagedPool, ROOM, TAG);
    ULONG size, fragment, packed_size = 0, seed = 7;
    PVOID workspace = NULL;

    CHECK_STATUS(STATUS_UNSUPPORTED_COMPRESSION, RtlGetCompressionWorkSpaceSize(7, &size, &size));
    CHECK_STATUS(STATUS_SUCCESS,
                 RtlGetCompressionWorkSpaceSize(
                     COMPRESSION_FORMAT_LZNT1 | COMPRESSION_ENGINE_STANDARD, &size, &fragment));
    workspace = ExAllocatePoolWithTag(PagedPool, size > fragment ? size : fragment, TAG);
    CHECK(from && packed && workspace);
    known_answer(workspace);
    RtlZeroMemory(from, SIZE);
    CHECK(returns(from, SIZE, packed, &packed_size, workspace) && packed_size < SIZE / 50);
    for (ULONG i = 0; i < SIZE; i++)
        from[i] = (UCHAR)("the quick brown fox "[i % 20] + i / 1000 % 3);
    CHECK(returns(from, SIZE, packed, &packed_size, workspace) && packed_size < SIZE / 4);
    for (ULONG i = 0; i < SIZE; i++)
        from[i] = (UCHAR)RtlRandomEx(&seed);
    CHECK(returns(from, SIZE, packed, &packed_size, workspace) && packed_size > SIZE);
    CHECK(returns(from, 1, packed, &packed_size, workspace));
    CHECK_STATUS(STATUS_BUFFER_TOO_SMALL,
                 RtlCompressBuffer(COMPRESSION_FORMAT_LZNT1, from, SIZE, packed, 100, 4096,
                                   &packed_size, workspace));
    packed[0] = 0x38;
    packed[1] = 0xb0;
    CHECK_STATUS(STATUS_BAD_COMPRESSION_BUFFER,
                 RtlDecompressBuffer(COMPRESSION_FORMAT_LZNT1, from, SIZE, packed, 20, &size));
    ExFreePool(from);
    ExFreePool(packed);
    ExFreePool(workspace);
}

void check_memory_resources(void)
{
    CM_PARTIAL_RESOURCE_DESCRIPTOR memory = {0};
    ULONGLONG length = 0, start = 0;

    CHECK_STATUS(STATUS_SUCCESS, RtlFindClosestEncodableLength(0x1234, &length));
    CHECK(length == 0x1234);
    CHECK_STATUS(STATUS_SUCCESS, RtlFindClosestEncodableLength(0x1000000001ull, &length));
    CHECK(length == 0x1000000100ull);
    CHECK_STATUS(STATUS_NOT_SUPPORTED,
                 RtlCmEncodeMemIoResource(&memory, CmResourceTypeMemory, 0x1000000001ull, 0));
    CHECK_STATUS(STATUS_SUCCESS,
                 RtlCmEncodeMemIoResource(&memory, CmResourceTypeMemory, length, 0x4000));
    CHECK(memory.Type == CmResourceTypeMemoryLarge && memory.Flags == CM_RESOURCE_MEMORY_LARGE_40);
    CHECK(RtlCmDecodeMemIoResource(&memory, &start) == length && start == 0x4000);
}

void check_request_hints(void)
{
    PIRP irp = IoAllocateIrp(1, FALSE);

    CHECK(irp != NULL && IoGetIoPriorityHint(irp) == IoPriorityNormal);
    CHECK_STATUS(STATUS_SUCCESS, IoSetIoPriorityHint(irp, IoPriorityVeryLow));
    CHECK(IoGetIoPriorityHint(irp) == IoPriorityVeryLow);
    CHECK_STATUS(STATUS_INVALID_PARAMETER, IoSetIoPriorityHint(irp, IoPriorityCritical));
    CHECK(IoGetPagingIoPriority(irp) == IoPagingPriorityInvalid);
    IoFreeIrp(irp);
}

void check_drive_letter(void)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\Q:");
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\ServicesVolume"), letter = {0};
    PDEVICE_OBJECT device;

    CHECK_STATUS(STATUS_SUCCESS,
                 IoCreateDevice(services_driver, 0, &name, FILE_DEVICE_DISK, 0, FALSE, &device));
    CHECK(!NT_SUCCESS(IoVolumeDeviceToDosName(device, &letter)));
    CHECK_STATUS(STATUS_SUCCESS, IoCreateSymbolicLink(&link, &name));
    CHECK_STATUS(STATUS_SUCCESS, IoVolumeDeviceToDosName(device, &letter));
    CHECK(letter.Length == 4 && letter.Buffer && letter.Buffer[0] == 'Q' &&
          letter.Buffer[1] == ':');
    RtlFreeUnicodeString(&letter);
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(device);
}
