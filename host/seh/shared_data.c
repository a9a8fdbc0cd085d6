#include "host/seh/shared_data.h"
#include "host/ke/ke.h"
#include "host/rtl/rtl.h"

#define TIME_INCREMENT      156250u     /* 100 ns in a clock tick, as KeQueryTimeIncrement says */
#define TICK_MULTIPLIER     0x0FA00000u /* milliseconds in a tick, as a fraction of 2^24 */
#define BUILD_NUMBER_OFFSET 0x260       /* Reserved2 of the DDK's declaration; Windows 10 and up */

_Static_assert(FIELD_OFFSET(KUSER_SHARED_DATA, SystemTime) == 0x14, "SystemTime");
_Static_assert(FIELD_OFFSET(KUSER_SHARED_DATA, NtMajorVersion) == 0x26C, "NtMajorVersion");
_Static_assert(FIELD_OFFSET(KUSER_SHARED_DATA, TickCountQuad) == 0x320, "TickCount");

static void set_time(volatile KSYSTEM_TIME *time, uint64_t value)
{
    time->LowPart = (ULONG)value;
    time->High1Time = (LONG)(value >> 32);
    time->High2Time = (LONG)(value >> 32);
}

static void fill(struct machine *machine, KUSER_SHARED_DATA *data)
{
    static const WCHAR root[] = L"C:\\Windows";
    uint64_t interrupt_time = (uint64_t)ke_interrupt_time(machine);
    const ULONG build = RTL_NT_BUILD;

    data->TickCountMultiplier = TICK_MULTIPLIER;
    set_time(&data->InterruptTime, interrupt_time);
    set_time(&data->SystemTime, (uint64_t)ke_system_time(machine));
    set_time(&data->TimeZoneBias, (uint64_t)((int64_t)linux_time_zone_bias() * 600000000));
    set_time(&data->TickCount, interrupt_time / TIME_INCREMENT);
    data->ImageNumberLow = data->ImageNumberHigh = 0x8664;
    __builtin_memcpy(data->NtSystemRoot, root, sizeof root);
    __builtin_memcpy((UCHAR *)data + BUILD_NUMBER_OFFSET, &build, sizeof build);
    data->NtProductType = NtProductWinNt;
    data->ProductTypeIsValid = TRUE;
    data->NtMajorVersion = RTL_NT_MAJOR;
    data->NtMinorVersion = RTL_NT_MINOR;
}

bool shared_data_read(struct machine *machine, uint64_t offset, void *buffer, unsigned length)
{
    union {
        KUSER_SHARED_DATA data;
        UCHAR bytes[0x800];
    } page;

    if (offset >= SHARED_DATA_SIZE || length > SHARED_DATA_SIZE - offset)
        return false;
    __builtin_memset(buffer, 0, length);
    if (offset >= sizeof page || length > sizeof page - offset)
        return true;
    __builtin_memset(&page, 0, sizeof page);
    fill(machine, &page.data);
    __builtin_memcpy(buffer, page.bytes + offset, length);
    return true;
}
