/* The system's language: US English. */
#include "host/nt.h"

enum { US_ENGLISH = 0x409 };

NTSTATUS NTAPI nt_ZwQueryDefaultLocale(BOOLEAN of_thread, ULONG *locale)
{
    *locale = US_ENGLISH;
    return STATUS_SUCCESS;
}
SB_EXPORT_AS("ZwQueryDefaultLocale", nt_ZwQueryDefaultLocale)

NTSTATUS NTAPI nt_ZwQueryDefaultUILanguage(USHORT *language)
{
    *language = US_ENGLISH;
    return STATUS_SUCCESS;
}
SB_EXPORT_AS("ZwQueryDefaultUILanguage", nt_ZwQueryDefaultUILanguage)
SB_EXPORT_AS("ZwQueryInstallUILanguage", nt_ZwQueryDefaultUILanguage)
