/*
 * The string functions that exist for both character widths. The including file defines
 *     UNIT        the character type (char or WCHAR)
 *     UNSIGNED    its unsigned form, by which characters are ordered
 *     NAME(x)     the function's name: strx or wcsx
 *     _NAME(x)    the name with an underscore: _strx or _wcsx
 * and exports what ntoskrnl.exe exports.
 *
 * The secure functions return errno values: on a bad argument or lack of room the destination is
 * emptied if there is one. `size` and `count` are in characters.
 */

CRT_API size_t NAME(len)(const UNIT *string)
{
    size_t length = 0;

    while (string[length] != 0)
        length++;
    return length;
}

CRT_API size_t NAME(nlen)(const UNIT *string, size_t limit)
{
    size_t length = 0;

    while (length < limit && string[length] != 0)
        length++;
    return length;
}

CRT_API UNIT *NAME(cpy)(UNIT *destination, const UNIT *source)
{
    size_t i = 0;

    while ((destination[i] = source[i]) != 0)
        i++;
    return destination;
}

/* Fills up with zeros; does not terminate a source as long as `count`. */
CRT_API UNIT *NAME(ncpy)(UNIT *destination, const UNIT *source, size_t count)
{
    size_t i = 0;

    for (; i < count && source[i] != 0; i++)
        destination[i] = source[i];
    for (; i < count; i++)
        destination[i] = 0;
    return destination;
}

CRT_API UNIT *NAME(cat)(UNIT *destination, const UNIT *source)
{
    NAME(cpy)(destination + NAME(len)(destination), source);
    return destination;
}

CRT_API UNIT *NAME(ncat)(UNIT *destination, const UNIT *source, size_t count)
{
    UNIT *end = destination + NAME(len)(destination);
    size_t length = NAME(nlen)(source, count);

    for (size_t i = 0; i < length; i++)
        end[i] = source[i];
    end[length] = 0;
    return destination;
}

CRT_API int NAME(ncmp)(const UNIT *first, const UNIT *second, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (first[i] != second[i])
            return (UNSIGNED)first[i] < (UNSIGNED)second[i] ? -1 : 1;
        if (first[i] == 0)
            break;
    }
    return 0;
}

CRT_API int NAME(cmp)(const UNIT *first, const UNIT *second)
{
    return NAME(ncmp)(first, second, SIZE_MAX);
}

/* The C locale: only A to Z have another case. */
static UNIT lower(UNIT unit)
{
    return unit >= 'A' && unit <= 'Z' ? (UNIT)(unit + ('a' - 'A')) : unit;
}

static UNIT upper(UNIT unit)
{
    return unit >= 'a' && unit <= 'z' ? (UNIT)(unit - ('a' - 'A')) : unit;
}

CRT_API int _NAME(nicmp)(const UNIT *first, const UNIT *second, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        UNSIGNED left = (UNSIGNED)lower(first[i]), right = (UNSIGNED)lower(second[i]);
        if (left != right)
            return (int)left - (int)right;
        if (left == 0)
            break;
    }
    return 0;
}

CRT_API int _NAME(icmp)(const UNIT *first, const UNIT *second)
{
    return _NAME(nicmp)(first, second, SIZE_MAX);
}

CRT_API UNIT *NAME(chr)(const UNIT *string, FIND unit)
{
    for (;; string++) {
        if (*string == (UNIT)unit)
            return (UNIT *)string;
        if (*string == 0)
            return NULL;
    }
}

CRT_API UNIT *NAME(rchr)(const UNIT *string, FIND unit)
{
    const UNIT *found = NULL;

    for (;; string++) {
        if (*string == (UNIT)unit)
            found = string;
        if (*string == 0)
            return (UNIT *)found;
    }
}

/* How many characters from the start on are (`in`), or are not, among `set`. */
static size_t span(const UNIT *string, const UNIT *set, bool in)
{
    size_t length = 0;

    while (string[length] != 0 && (NAME(chr)(set, string[length]) != NULL) == in)
        length++;
    return length;
}

CRT_API size_t NAME(spn)(const UNIT *string, const UNIT *set)
{
    return span(string, set, true);
}

CRT_API size_t NAME(cspn)(const UNIT *string, const UNIT *set)
{
    return span(string, set, false);
}

CRT_API UNIT *NAME(str)(const UNIT *string, const UNIT *search)
{
    size_t length = NAME(len)(search);

    for (;; string++) {
        if (NAME(ncmp)(string, search, length) == 0)
            return (UNIT *)string;
        if (*string == 0)
            return NULL;
    }
}

CRT_API UNIT *NAME(tok_s)(UNIT *string, const UNIT *delimiters, UNIT **context)
{
    UNIT *token;

    if (!context || !delimiters || (!string && !*context))
        return NULL;
    token = string ? string : *context;
    token += span(token, delimiters, true);
    string = token + span(token, delimiters, false);
    *context = string;
    if (*string != 0) {
        *string = 0;
        *context = string + 1;
    }
    return string == token ? NULL : token;
}

CRT_API UNIT *_NAME(lwr)(UNIT *string)
{
    for (UNIT *unit = string; *unit != 0; unit++)
        *unit = lower(*unit);
    return string;
}

CRT_API UNIT *_NAME(upr)(UNIT *string)
{
    for (UNIT *unit = string; *unit != 0; unit++)
        *unit = upper(*unit);
    return string;
}

CRT_API UNIT *_NAME(nset)(UNIT *string, FIND unit, size_t count)
{
    for (size_t i = 0; i < count && string[i] != 0; i++)
        string[i] = (UNIT)unit;
    return string;
}

CRT_API UNIT *_NAME(set)(UNIT *string, FIND unit)
{
    return _NAME(nset)(string, unit, SIZE_MAX);
}

CRT_API UNIT *_NAME(rev)(UNIT *string)
{
    size_t length = NAME(len)(string);

    for (size_t i = 0; i < length / 2; i++) {
        UNIT unit = string[i];
        string[i] = string[length - 1 - i];
        string[length - 1 - i] = unit;
    }
    return string;
}

/* ---- the secure functions ---- */

static errno_t refuse(UNIT *destination, errno_t error)
{
    *destination = 0;
    return error;
}

/* Copies up to `count` characters to destination[used], which has `size` in all. */
static errno_t append(UNIT *destination, size_t size, size_t used, const UNIT *source, size_t count)
{
    size_t room = size - used, length = NAME(nlen)(source, count < room ? count : room);

    if (length == room && count != CRT_TRUNCATE)
        return refuse(destination, CRT_ERANGE);
    if (length == room)
        length--;
    for (size_t i = 0; i < length; i++)
        destination[used + i] = source[i];
    destination[used + length] = 0;
    return count == CRT_TRUNCATE && source[length] != 0 ? CRT_STRUNCATE : 0;
}

CRT_API errno_t NAME(ncpy_s)(UNIT *destination, size_t size, const UNIT *source, size_t count)
{
    if (count == 0 && !destination && size == 0)
        return 0;
    if (!destination || size == 0)
        return CRT_EINVAL;
    if (count == 0)
        return refuse(destination, 0);
    return source ? append(destination, size, 0, source, count) : refuse(destination, CRT_EINVAL);
}

/* Any source is shorter than this; not CRT_TRUNCATE, so that one too long is an error. */
#define WHOLE_STRING (CRT_TRUNCATE - 1)

CRT_API errno_t NAME(cpy_s)(UNIT *destination, size_t size, const UNIT *source)
{
    return NAME(ncpy_s)(destination, size, source, WHOLE_STRING);
}

CRT_API errno_t NAME(ncat_s)(UNIT *destination, size_t size, const UNIT *source, size_t count)
{
    size_t used;

    if (count == 0 && !destination && size == 0)
        return 0;
    if (!destination || size == 0)
        return CRT_EINVAL;
    used = NAME(nlen)(destination, size);
    if (used == size || (!source && count != 0))
        return refuse(destination, CRT_EINVAL);
    return count == 0 ? 0 : append(destination, size, used, source, count);
}

CRT_API errno_t NAME(cat_s)(UNIT *destination, size_t size, const UNIT *source)
{
    return NAME(ncat_s)(destination, size, source, WHOLE_STRING);
}

/* 0 when `string` is terminated within `size`. */
static errno_t check(UNIT *string, size_t size)
{
    if (!string || size == 0)
        return CRT_EINVAL;
    return NAME(nlen)(string, size) == size ? refuse(string, CRT_EINVAL) : 0;
}

CRT_API errno_t _NAME(lwr_s)(UNIT *string, size_t size)
{
    errno_t error = check(string, size);

    if (error == 0)
        _NAME(lwr)(string);
    return error;
}

CRT_API errno_t _NAME(upr_s)(UNIT *string, size_t size)
{
    errno_t error = check(string, size);

    if (error == 0)
        _NAME(upr)(string);
    return error;
}

CRT_API errno_t _NAME(nset_s)(UNIT *string, size_t size, FIND unit, size_t count)
{
    errno_t error = check(string, size);

    if (error == 0)
        _NAME(nset)(string, unit, count);
    return error;
}

CRT_API errno_t _NAME(set_s)(UNIT *string, size_t size, FIND unit)
{
    return _NAME(nset_s)(string, size, unit, SIZE_MAX);
}
