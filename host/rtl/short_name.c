/* Rtl: names of the 8.3 form. */
#include "host/rtl/rtl.h"

enum { BASE_CHARACTERS = 8, EXTENSION_CHARACTERS = 3, NAME_CHARACTERS = 12 };

static BOOLEAN is_legal(CHAR character)
{
    static const CHAR illegal[] = "\"*+,/:;<=>?[\\]|";

    if ((UCHAR)character < ' ')
        return FALSE;
    for (const CHAR *other = illegal; *other != 0; other++) {
        if (*other == character)
            return FALSE;
    }
    return TRUE;
}

/* At most one period, with one to eight characters before it and one to three behind. */
static BOOLEAN is_short_form(const CHAR *name, ULONG length)
{
    ULONG base = 0;

    while (base < length && name[base] != '.')
        base++;
    if (base == 0 || base > BASE_CHARACTERS || name[base - 1] == ' ' || name[length - 1] == ' ')
        return FALSE;
    if (base == length)
        return TRUE;
    for (ULONG i = base + 1; i < length; i++) {
        if (name[i] == '.')
            return FALSE;
    }
    return length - base - 1 >= 1 && length - base - 1 <= EXTENSION_CHARACTERS;
}

/* `oem`, if given, receives the name in capitals; its room is twelve bytes, as documented. */
BOOLEAN NTAPI RtlIsNameLegalDOS8Dot3(PCUNICODE_STRING name, POEM_STRING oem, PBOOLEAN spaces)
{
    CHAR buffer[NAME_CHARACTERS];
    OEM_STRING local = {0, sizeof buffer, buffer};
    BOOLEAN has_space = FALSE;

    if (name->Length == 0 || name->Length > NAME_CHARACTERS * sizeof(WCHAR) ||
        !NT_SUCCESS(RtlUpcaseUnicodeStringToCountedOemString(&local, name, FALSE)))
        return FALSE;
    for (USHORT i = 0; i < local.Length; i++) {
        if (!is_legal(buffer[i]))
            return FALSE;
        has_space |= buffer[i] == ' ';
    }
    if (!(local.Length <= 2 && buffer[0] == '.' && buffer[local.Length - 1] == '.') &&
        !is_short_form(buffer, local.Length))
        return FALSE;
    if (oem)
        RtlCopyString(oem, &local);
    if (spaces)
        *spaces = has_space;
    return TRUE;
}
SB_EXPORT(RtlIsNameLegalDOS8Dot3)
