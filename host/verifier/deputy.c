/*
 * A driver that opens for its caller what the caller itself may not open. Zw routines check no
 * access when drivers call them, unless OBJ_FORCE_ACCESS_CHECK asks for it. An administrator may do
 * as much by other ways, so only requests of ordinary users count, and only while the driver is
 * called in the caller's thread.
 */
#include "host/verifier/deputy.h"

#include <sysbuf/host.h>

#include "host/ke/ke.h"
#include "host/linux/peek.h"
#include "host/ps/ps.h"
#include "host/verifier/before.h"
#include "host/verifier/exchange.h"
#include "host/verifier/state.h"

enum {
    SCANNED = 4096,       /* bytes of a request's input */
    TAIL = 4,             /* characters at a name's end that are the caller's */
    LEAST_NUMBER = 0x100, /* smaller ones stand in many inputs */
    LONGEST_NAME = 1024,
    QUERY_INFORMATION = 0x400, /* rights to a process */
    QUERY_LIMITED_INFORMATION = 0x1000,
};

struct opening {
    OBJECT_ATTRIBUTES attributes;
    ACCESS_MASK access;
    WCHAR name[LONGEST_NAME];
    ULONG length; /* of the name, in characters */
};

static const struct verifier_exchange *users_request(void)
{
    const struct verifier_exchange *request = verifier_exchange_current();
    const struct _EPROCESS *process = (const void *)current_thread()->Tcb.process;
    if (!verifier_checks(SB_VERIFY_OBJECTS) || !request || request->process != process ||
        process->is_administrator || process == current_machine()->ps->system_process)
        return NULL;
    return request;
}

/* FALSE: access is checked, or what is there cannot be read. */
static BOOLEAN read_opening(const struct verifier_call *call, struct opening *opening)
{
    UNICODE_STRING name = {0};
    opening->access = (ACCESS_MASK)call->arguments[1];
    if (linux_peek(call->arguments[2], &opening->attributes, sizeof(opening->attributes)) !=
            sizeof(opening->attributes) ||
        opening->attributes.Attributes & OBJ_FORCE_ACCESS_CHECK)
        return FALSE;
    if (opening->attributes.ObjectName)
        linux_peek((uint64_t)opening->attributes.ObjectName, &name, sizeof(name));
    opening->length = name.Length / sizeof(WCHAR);
    if (opening->length > LONGEST_NAME)
        opening->length = LONGEST_NAME;
    return linux_peek((uint64_t)name.Buffer, opening->name, opening->length * sizeof(WCHAR)) ==
           opening->length * sizeof(WCHAR);
}

/* ---- the name is in the input ---- */
/* As characters of two bytes, or as the bytes that such were made of. */
static BOOLEAN stands_at(const uint8_t *input, SIZE_T rest, const WCHAR *text, ULONG length)
{
    BOOLEAN is_wide = rest >= length * sizeof(WCHAR), is_narrow = rest >= length;
    for (ULONG i = 0; i < length; i++) {
        is_wide = is_wide && input[2 * i] == (text[i] & 0xFF) && input[2 * i + 1] == text[i] >> 8;
        is_narrow = is_narrow && input[i] == text[i];
    }
    return is_wide || is_narrow;
}

static BOOLEAN is_named_by(const struct verifier_exchange *request, const struct opening *opening)
{
    uint8_t input[SCANNED];
    ULONG length = request->input_length < SCANNED ? request->input_length : SCANNED;
    const WCHAR *tail = opening->name + opening->length - TAIL;
    if (!request->input || opening->length < TAIL)
        return FALSE;
    for (ULONG i = 0; i < TAIL; i++)
        if (tail[i] == 0)
            return FALSE;
    SIZE_T read = linux_peek((uint64_t)request->input, input, length);
    for (SIZE_T at = 0; at < read; at++)
        if (stands_at(input + at, read - at, tail, TAIL))
            return TRUE;
    return FALSE;
}

static BOOLEAN check_name(const struct verifier_call *call, const struct verifier_exchange *request,
                          const struct opening *opening)
{
    if (!is_named_by(request, opening))
        return FALSE;
    verifier_report(RULE_OPENED_FOR_CALLER, call->caller,
                    (ULONG_PTR[3]){opening->access, opening->attributes.Attributes, 0},
                    "%s opens what an ordinary user's request names, without "
                    "OBJ_FORCE_ACCESS_CHECK: the user's own rights are not asked for",
                    call->routine);
    return TRUE;
}

BOOLEAN deputy_object(struct verifier_call *call)
{
    const struct verifier_exchange *request = users_request();
    struct opening opening;
    if (request && read_opening(call, &opening))
        check_name(call, request, &opening);
    return TRUE;
}

/* ---- drive letters ---- */
static WCHAR lower(WCHAR character)
{
    return character >= 'A' && character <= 'Z' ? (WCHAR)(character + 'a' - 'A') : character;
}

/* "\??\C:..." and its other spelling. */
static BOOLEAN is_on_drive(const struct opening *opening)
{
    static const WCHAR *const prefixes[] = {L"\\??\\", L"\\dosdevices\\"};
    for (unsigned i = 0; i < RTL_NUMBER_OF(prefixes); i++) {
        ULONG at = 0;
        while (prefixes[i][at] && at < opening->length &&
               lower(opening->name[at]) == prefixes[i][at])
            at++;
        if (!prefixes[i][at] && at + 1 < opening->length && opening->name[at + 1] == ':' &&
            lower(opening->name[at]) >= 'a' && lower(opening->name[at]) <= 'z')
            return TRUE;
    }
    return FALSE;
}

static BOOLEAN changes_files(ACCESS_MASK access)
{
    return (access & (FILE_WRITE_DATA | FILE_APPEND_DATA | DELETE | WRITE_DAC | WRITE_OWNER |
                      GENERIC_WRITE | GENERIC_ALL | MAXIMUM_ALLOWED)) != 0;
}

/* Each logon session has drive letters of its own in front of the system's. */
BOOLEAN deputy_file(struct verifier_call *call)
{
    const struct verifier_exchange *request = users_request();
    struct opening opening;
    if (!request || !read_opening(call, &opening) || check_name(call, request, &opening) ||
        opening.attributes.RootDirectory || !changes_files(opening.access) ||
        !is_on_drive(&opening))
        return TRUE;
    verifier_report(
        RULE_DRIVE_OF_CALLER, call->caller,
        (ULONG_PTR[3]){opening.access, opening.attributes.Attributes, 0},
        "%s opens a file by a drive letter, to change it, in the context of an ordinary "
        "user, who says where the letter leads, and without OBJ_FORCE_ACCESS_CHECK",
        call->routine);
    return TRUE;
}

/* ---- processes ---- */
static BOOLEAN is_numbered_by(const struct verifier_exchange *request, uint32_t number)
{
    uint8_t input[SCANNED];
    uint32_t value;
    ULONG length = request->input_length < SCANNED ? request->input_length : SCANNED;
    SIZE_T read = request->input ? linux_peek((uint64_t)request->input, input, length) : 0;
    for (SIZE_T at = 0; number >= LEAST_NUMBER && at + sizeof(value) <= read; at++) {
        __builtin_memcpy(&value, input + at, sizeof(value));
        if (value == number)
            return TRUE;
    }
    return FALSE;
}

BOOLEAN deputy_process(struct verifier_call *call)
{
    const ACCESS_MASK harmless =
        QUERY_INFORMATION | QUERY_LIMITED_INFORMATION | SYNCHRONIZE | READ_CONTROL;
    const struct verifier_exchange *request = users_request();
    struct opening opening;
    CLIENT_ID client;
    if (!request || !read_opening(call, &opening) || !(opening.access & ~harmless) ||
        linux_peek(call->arguments[3], &client, sizeof(client)) != sizeof(client) ||
        !is_numbered_by(request, HandleToULong(client.UniqueProcess)))
        return TRUE;
    verifier_report(RULE_OPENED_FOR_CALLER, call->caller,
                    (ULONG_PTR[3]){opening.access, opening.attributes.Attributes, 0},
                    "%s opens process %u, which an ordinary user's request names, without "
                    "OBJ_FORCE_ACCESS_CHECK: the user's own rights are not asked for",
                    call->routine, HandleToULong(client.UniqueProcess));
    return TRUE;
}
