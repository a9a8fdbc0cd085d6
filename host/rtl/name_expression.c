/*
 * FsRtl: file names and the wild cards that match them. Besides * and ? there are NT's own three,
 * which the Win32 layer makes of a DOS pattern:
 *     <  DOS_STAR  any characters up to the last period of the name
 *     >  DOS_QM    one character that is no period, or nothing at a period or at the end
 *     "  DOS_DOT   a period, or nothing at the end
 */
#include "host/rtl/rtl.h"

/* Expressions up to this long are matched without pool. */
enum { SMALL_EXPRESSION = 256 };

#define EXPRESSION_TAG 0x45724E52u /* "RNrE" in memory */

struct name {
    const WCHAR *units;
    ULONG count, last_period; /* count: there is none */
    BOOLEAN ignore_case;
    const WCHAR *upcase_table; /* NULL: NT's own */
};

static WCHAR unit_of(const struct name *name, ULONG index)
{
    WCHAR unit = name->units[index];

    if (!name->ignore_case)
        return unit;
    return name->upcase_table ? name->upcase_table[unit] : rtl_upcase(unit);
}

/* May this piece of the expression match nothing before name[index]? */
static BOOLEAN matches_nothing(const struct name *name, WCHAR piece, ULONG index)
{
    switch (piece) {
    case '*':
    case DOS_STAR:
        return TRUE;
    case DOS_QM:
        return index == name->count || name->units[index] == '.';
    case DOS_DOT:
        return index == name->count;
    default:
        return FALSE;
    }
}

/* Does it match name[index], and may it then match more? */
static BOOLEAN matches_unit(const struct name *name, WCHAR piece, ULONG index, BOOLEAN *stays)
{
    *stays = piece == '*' || piece == DOS_STAR;
    switch (piece) {
    case '*':
    case '?':
        return TRUE;
    case DOS_STAR:
        return index != name->last_period;
    case DOS_QM:
        return name->units[index] != '.';
    case DOS_DOT:
        return name->units[index] == '.';
    default:
        return unit_of(name, index) == piece;
    }
}

/*
 * `reached` and `next` have a flag for each place in the expression and one for its end. Every
 * character of the name moves all places reached at once, so the time is bounded by the product
 * of the lengths.
 */
static BOOLEAN match(const WCHAR *expression, ULONG length, const struct name *name, UCHAR *reached,
                     UCHAR *next)
{
    __builtin_memset(reached, 0, length + 1);
    reached[0] = 1;
    for (ULONG index = 0;; index++) {
        for (ULONG place = 0; place < length; place++) {
            if (reached[place] && matches_nothing(name, expression[place], index))
                reached[place + 1] = 1;
        }
        if (index == name->count)
            return reached[length];
        __builtin_memset(next, 0, length + 1);
        for (ULONG place = 0; place < length; place++) {
            BOOLEAN stays;
            if (reached[place] && matches_unit(name, expression[place], index, &stays))
                next[stays ? place : place + 1] = 1;
        }
        UCHAR *previous = reached;
        reached = next;
        next = previous;
    }
}

static ULONG last_period(const UNICODE_STRING *name)
{
    ULONG count = name->Length / sizeof(WCHAR), found = count;

    for (ULONG i = 0; i < count; i++) {
        if (name->Buffer[i] == '.')
            found = i;
    }
    return found;
}

/*
 * An expression matched without regard to case must be in capitals already, as documented. Raises
 * STATUS_INSUFFICIENT_RESOURCES when a long one finds no memory.
 */
BOOLEAN NTAPI FsRtlIsNameInExpression(PUNICODE_STRING expression, PUNICODE_STRING name_string,
                                      BOOLEAN ignore_case, PWCHAR upcase_table)
{
    const struct name name = {name_string->Buffer, name_string->Length / sizeof(WCHAR),
                              last_period(name_string), ignore_case, upcase_table};
    ULONG length = expression->Length / sizeof(WCHAR);
    UCHAR small[2 * (SMALL_EXPRESSION + 1)], *flags = small;
    BOOLEAN matched;

    if (name.count == 0 || length == 0)
        return name.count == 0 && length == 0;
    if (length > SMALL_EXPRESSION)
        flags = ExAllocatePoolWithTag(PagedPool, 2 * (length + 1), EXPRESSION_TAG);
    if (!flags)
        ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
    matched = match(expression->Buffer, length, &name, flags, flags + length + 1);
    if (flags != small)
        ExFreePoolWithTag(flags, EXPRESSION_TAG);
    return matched;
}
SB_EXPORT(FsRtlIsNameInExpression)
SB_EXPORT_AS("RtlIsNameInExpression", FsRtlIsNameInExpression)

BOOLEAN NTAPI FsRtlDoesNameContainWildCards(PUNICODE_STRING name)
{
    for (USHORT i = 0; i < name->Length / sizeof(WCHAR); i++) {
        switch (name->Buffer[i]) {
        case '*':
        case '?':
        case DOS_STAR:
        case DOS_QM:
        case DOS_DOT:
            return TRUE;
        }
    }
    return FALSE;
}
SB_EXPORT(FsRtlDoesNameContainWildCards)

BOOLEAN NTAPI FsRtlAreNamesEqual(PCUNICODE_STRING first, PCUNICODE_STRING second,
                                 BOOLEAN ignore_case, PCWCH upcase_table)
{
    if (!ignore_case || !upcase_table)
        return RtlEqualUnicodeString(first, second, ignore_case);
    if (first->Length != second->Length)
        return FALSE;
    for (USHORT i = 0; i < first->Length / sizeof(WCHAR); i++) {
        if (upcase_table[first->Buffer[i]] != upcase_table[second->Buffer[i]])
            return FALSE;
    }
    return TRUE;
}
SB_EXPORT(FsRtlAreNamesEqual)

/* The first name of a path, leading backslash or not, and what follows its backslash. */
VOID NTAPI FsRtlDissectName(UNICODE_STRING path, PUNICODE_STRING first, PUNICODE_STRING rest)
{
    USHORT count = path.Length / sizeof(WCHAR), start, end;

    start = count != 0 && path.Buffer[0] == '\\';
    for (end = start; end < count && path.Buffer[end] != '\\'; end++)
        continue;
    *first = (UNICODE_STRING){(USHORT)((end - start) * sizeof(WCHAR)),
                              (USHORT)((end - start) * sizeof(WCHAR)), path.Buffer + start};
    *rest = (UNICODE_STRING){0, 0, NULL};
    if (count == 0)
        first->Buffer = NULL;
    if (end < count) {
        USHORT length = (USHORT)((count - end - 1) * sizeof(WCHAR));
        *rest = (UNICODE_STRING){length, length, path.Buffer + end + 1};
    }
}
SB_EXPORT(FsRtlDissectName)
