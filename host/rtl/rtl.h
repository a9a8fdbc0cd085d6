/* Rtl: what its files share, and documented exports whose prototypes mingw's headers lack. */
#ifndef SYSBUF_HOST_RTL_RTL_H
#define SYSBUF_HOST_RTL_RTL_H

#include "host/nt.h"

/* Pool tag of the strings Rtl allocates: "Strg" in memory. */
#define RTL_STRING_TAG 0x67727453u

/* The NT version the host speaks for: Windows 10 22H2. */
enum { RTL_NT_MAJOR = 10, RTL_NT_MINOR = 0, RTL_NT_BUILD = 19045 };

/* A string may hold this many bytes: the largest even USHORT. */
enum { RTL_UNICODE_STRING_MAX_BYTES = 0xFFFE };

/*
 * An 8-bit code page: `to_unicode` has 256 entries; `units` and `bytes` are the 128 upper ones the
 * other way round, sorted by character.  Bytes below 128 are ASCII in each.
 */
struct rtl_code_page {
    const unsigned short *to_unicode;
    const unsigned short *units;
    const unsigned char *bytes;
};

extern const struct rtl_code_page rtl_ansi_page;
extern const struct rtl_code_page rtl_oem_page;

/* Paged pool for a string's `bytes` (two for zero); the caller frees it. IRQL <= APC_LEVEL. */
PVOID rtl_allocate_string(SIZE_T bytes);

/* Bytes of a terminated UTF-16 string without its terminator. */
SIZE_T rtl_unicode_length(PCWSTR string);

/* Case of one UTF-16 unit, by the table NT's names use. Any IRQL, any address space. */
WCHAR rtl_upcase(WCHAR unit);
WCHAR rtl_downcase(WCHAR unit);

/* One UTF-16 unit in a code page, '?' where the page lacks it. Any IRQL. */
UCHAR rtl_unicode_to_byte(const struct rtl_code_page *page, WCHAR unit);

/*
 * Takes one character from `units` (`count` of them, at least one) and writes its code point.
 * Returns the units taken; a lone surrogate gives U+FFFD.
 */
ULONG rtl_decode_utf16(const WCHAR *units, ULONG count, ULONG *code_point);

/* Writes `code_point` as UTF-8, returns the bytes written: 1 to 4. */
ULONG rtl_encode_utf8(ULONG code_point, UCHAR bytes[4]);

/*
 * Reads an integer the way RtlUnicodeStringToInteger and RtlCharToInteger do: white space, a sign,
 * 0x/0o/0b when `base` is 0.  `next` yields the units, 0 at the end.  False for a base other than
 * 0, 2, 8, 10 and 16; the value is what was read before the first unit that is no digit.
 */
typedef ULONG (*rtl_next_unit)(void *cursor);
BOOLEAN rtl_parse_integer(rtl_next_unit next, void *cursor, ULONG base, ULONGLONG *value);

/*
 * Writes `value` in `base` (2 to 36, capitals when `upper`) as ASCII at the end of `text`, without
 * a terminator.  Returns the index of the first digit in the 65 bytes of `text`.
 */
ULONG rtl_format_digits(ULONGLONG value, ULONG base, BOOLEAN upper, CHAR text[65]);

/* Exported by ntoskrnl.exe and documented; absent from, or only inline in, mingw's headers. */
ULONG NTAPI RtlComputeCrc32(ULONG partial, const VOID *buffer, ULONG length);
ULONG NTAPI RtlCrc32(const VOID *buffer, SIZE_T size, ULONG initial);
BOOLEAN NTAPI RtlIsZeroMemory(PVOID buffer, SIZE_T length);
NTSTATUS NTAPI RtlAppendAsciizToString(PSTRING destination, PCSZ source);
BOOLEAN NTAPI RtlSuffixUnicodeString(PCUNICODE_STRING suffix, PCUNICODE_STRING string,
                                     BOOLEAN ignore_case);
PWCHAR NTAPI RtlFindUnicodeSubstring(PCUNICODE_STRING full, PCUNICODE_STRING search,
                                     BOOLEAN ignore_case);
BOOLEAN NTAPI RtlPrefixString(const STRING *prefix, const STRING *string, BOOLEAN ignore_case);
NTSTATUS NTAPI RtlUnicodeStringToUTF8String(PSTRING destination, PCUNICODE_STRING source,
                                            BOOLEAN allocate);
NTSTATUS NTAPI RtlUTF8StringToUnicodeString(PUNICODE_STRING destination, const STRING *source,
                                            BOOLEAN allocate);
WCHAR NTAPI RtlAnsiCharToUnicodeChar(PUCHAR *source);
NTSTATUS NTAPI RtlUpcaseUnicodeStringToAnsiString(PANSI_STRING destination, PCUNICODE_STRING source,
                                                  BOOLEAN allocate);
NTSTATUS NTAPI RtlIntegerToChar(ULONG value, ULONG base, LONG length, PCHAR string);
BOOLEAN NTAPI RtlCreateHashTableEx(PRTL_DYNAMIC_HASH_TABLE *table, ULONG size, ULONG shift,
                                   ULONG flags);
ULONG NTAPI RtlNumberOfSetBitsInRange(PRTL_BITMAP map, ULONG start, ULONG length);
ULONG NTAPI RtlNumberOfClearBitsInRange(PRTL_BITMAP map, ULONG start, ULONG length);
VOID NTAPI RtlCopyBitMap(PRTL_BITMAP source, PRTL_BITMAP destination, ULONG target);
VOID NTAPI RtlExtractBitMap(PRTL_BITMAP source, PRTL_BITMAP destination, ULONG target, ULONG count);
VOID NTAPI RtlTimeToElapsedTimeFields(PLARGE_INTEGER time, PTIME_FIELDS fields);
NTSTATUS NTAPI RtlUnicodeStringToInt64(PCUNICODE_STRING string, ULONG base, PLONG64 value,
                                       PWSTR *end);

#endif
