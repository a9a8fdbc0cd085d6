/* Rtl: which NT this is. */
#include "host/rtl/rtl.h"

/* wdm.h sends these to a library of drivers; the kernel exports them too. */
#undef RtlIsNtDdiVersionAvailable
#undef RtlIsServicePackVersionInstalled

/* NTDDI values hold version, service pack and sub-version as bytes below the top half. */
enum {
    NTDDI_OF_WINDOWS_10 = 0x0A000000,
    NTDDI_VERSION_MASK = 0x7FFF0000,
    NTDDI_PACK_MASK = 0xFF00
};

static void fill_extended(PRTL_OSVERSIONINFOEXW information)
{
    information->wServicePackMajor = 0;
    information->wServicePackMinor = 0;
    information->wSuiteMask = VER_SUITE_SINGLEUSERTS;
    information->wProductType = VER_NT_WORKSTATION;
    information->wReserved = 0;
}

/* The size field tells which of the two structures the caller has. */
NTSTATUS NTAPI RtlGetVersion(PRTL_OSVERSIONINFOW information)
{
    information->dwMajorVersion = RTL_NT_MAJOR;
    information->dwMinorVersion = RTL_NT_MINOR;
    information->dwBuildNumber = RTL_NT_BUILD;
    information->dwPlatformId = VER_PLATFORM_WIN32_NT;
    information->szCSDVersion[0] = 0;
    if (information->dwOSVersionInfoSize == sizeof(RTL_OSVERSIONINFOEXW))
        fill_extended((PRTL_OSVERSIONINFOEXW)information);
    return STATUS_SUCCESS;
}
SB_EXPORT(RtlGetVersion)

/* The condition of one type: three bits of the mask, in the order of the type's bit. */
static ULONG condition_of(ULONGLONG mask, ULONG type)
{
    return (ULONG)(mask >> 3 * __builtin_ctz(type)) & 7;
}

ULONGLONG NTAPI VerSetConditionMask(ULONGLONG mask, ULONG type, UCHAR condition)
{
    if (type == 0 || (type & ~0xFFu) != 0)
        return mask;
    for (ULONG bit = 1; bit <= VER_PRODUCT_TYPE; bit <<= 1) {
        if (type & bit)
            mask |= (ULONGLONG)(condition & 7) << 3 * __builtin_ctz(bit);
    }
    return mask | 1ull << 63;
}
SB_EXPORT(VerSetConditionMask)

static BOOLEAN compare(ULONG actual, ULONG wanted, ULONG condition)
{
    switch (condition) {
    case VER_EQUAL:
        return actual == wanted;
    case VER_GREATER:
        return actual > wanted;
    case VER_GREATER_EQUAL:
        return actual >= wanted;
    case VER_LESS:
        return actual < wanted;
    case VER_LESS_EQUAL:
        return actual <= wanted;
    default:
        return FALSE;
    }
}

static BOOLEAN compare_suites(ULONG actual, ULONG wanted, ULONG condition)
{
    if (condition == VER_AND)
        return (actual & wanted) == wanted;
    if (condition == VER_OR)
        return (actual & wanted) != 0 || wanted == 0;
    return FALSE;
}

/*
 * Version and service pack are one number of up to four digits, the most significant first: a
 * digit decides only when those before it are equal.
 */
static BOOLEAN compare_versions(const RTL_OSVERSIONINFOEXW *wanted,
                                const RTL_OSVERSIONINFOEXW *actual, ULONG types, ULONGLONG mask)
{
    const struct {
        ULONG type, actual, wanted;
    } digits[] = {
        {VER_MAJORVERSION, actual->dwMajorVersion, wanted->dwMajorVersion},
        {VER_MINORVERSION, actual->dwMinorVersion, wanted->dwMinorVersion},
        {VER_SERVICEPACKMAJOR, actual->wServicePackMajor, wanted->wServicePackMajor},
        {VER_SERVICEPACKMINOR, actual->wServicePackMinor, wanted->wServicePackMinor},
    };
    BOOLEAN holds = TRUE;

    for (ULONG i = 0; i < sizeof digits / sizeof digits[0]; i++) {
        if (!(types & digits[i].type))
            continue;
        holds = compare(digits[i].actual, digits[i].wanted, condition_of(mask, digits[i].type));
        if (digits[i].actual != digits[i].wanted)
            return holds;
    }
    return holds;
}

NTSTATUS NTAPI RtlVerifyVersionInfo(PRTL_OSVERSIONINFOEXW wanted, ULONG types, ULONGLONG mask)
{
    RTL_OSVERSIONINFOEXW actual = {.dwOSVersionInfoSize = sizeof actual};

    if (types == 0 || mask == 0)
        return STATUS_INVALID_PARAMETER;
    RtlGetVersion((PRTL_OSVERSIONINFOW)&actual);
    if ((types & VER_PRODUCT_TYPE) &&
        !compare(actual.wProductType, wanted->wProductType, condition_of(mask, VER_PRODUCT_TYPE)))
        return STATUS_REVISION_MISMATCH;
    if ((types & VER_SUITENAME) &&
        !compare_suites(actual.wSuiteMask, wanted->wSuiteMask, condition_of(mask, VER_SUITENAME)))
        return STATUS_REVISION_MISMATCH;
    if ((types & VER_PLATFORMID) &&
        !compare(actual.dwPlatformId, wanted->dwPlatformId, condition_of(mask, VER_PLATFORMID)))
        return STATUS_REVISION_MISMATCH;
    if ((types & VER_BUILDNUMBER) &&
        !compare(actual.dwBuildNumber, wanted->dwBuildNumber, condition_of(mask, VER_BUILDNUMBER)))
        return STATUS_REVISION_MISMATCH;
    return compare_versions(wanted, &actual, types, mask) ? STATUS_SUCCESS
                                                          : STATUS_REVISION_MISMATCH;
}
SB_EXPORT(RtlVerifyVersionInfo)

/* Asks for a version alone: a value that names a service pack is refused. */
BOOLEAN NTAPI RtlIsNtDdiVersionAvailable(ULONG version)
{
    return (version & ~(ULONG)NTDDI_VERSION_MASK) == 0 && version <= NTDDI_OF_WINDOWS_10;
}
SB_EXPORT(RtlIsNtDdiVersionAvailable)

/* True for a service pack of this very version that is installed: none is. */
BOOLEAN NTAPI RtlIsServicePackVersionInstalled(ULONG version)
{
    return (version & NTDDI_VERSION_MASK) == NTDDI_OF_WINDOWS_10 &&
           (version & NTDDI_PACK_MASK) == 0;
}
SB_EXPORT(RtlIsServicePackVersionInstalled)

BOOLEAN NTAPI RtlGetProductInfo(ULONG major, ULONG minor, ULONG pack_major, ULONG pack_minor,
                                PULONG product)
{
    const ULONG professional = 0x30;

    (void)minor;
    (void)pack_major;
    (void)pack_minor;
    *product = major >= 6 ? professional : 0;
    return major >= 6;
}
SB_EXPORT(RtlGetProductInfo)
