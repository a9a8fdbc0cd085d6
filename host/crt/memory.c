/* C runtime: memory. Copies are written out here, for a call into libc costs a Windows function
 * the saving of ten vector registers. */
#include "host/crt/crt.h"

typedef unsigned long long word16 __attribute__((vector_size(16), aligned(1), may_alias));
typedef unsigned long long word8 __attribute__((aligned(1), may_alias));
typedef unsigned int word4 __attribute__((aligned(1), may_alias));
typedef unsigned short word2 __attribute__((aligned(1), may_alias));

/* From here on the processor's own string instructions are the fastest. */
enum { STRING_INSTRUCTION_BYTES = 2048 };

/* Keeps the compiler from making a libc call of a loop. */
#define KEEP_LOOP() __asm__ volatile("" ::: "memory")

/* Up to 16 bytes: everything is read before anything is written, so overlap does no harm. */
static inline void move_small(unsigned char *to, const unsigned char *from, size_t length)
{
    if (length >= 8) {
        word8 first = *(const word8 *)from, last = *(const word8 *)(from + length - 8);
        *(word8 *)to = first;
        *(word8 *)(to + length - 8) = last;
    } else if (length >= 4) {
        word4 first = *(const word4 *)from, last = *(const word4 *)(from + length - 4);
        *(word4 *)to = first;
        *(word4 *)(to + length - 4) = last;
    } else if (length >= 2) {
        word2 first = *(const word2 *)from, last = *(const word2 *)(from + length - 2);
        *(word2 *)to = first;
        *(word2 *)(to + length - 2) = last;
    } else if (length == 1) {
        *to = *from;
    }
}

/* Up to 64 bytes, in the same way. */
static inline void move_medium(unsigned char *to, const unsigned char *from, size_t length)
{
    if (length <= 16) {
        move_small(to, from, length);
    } else if (length <= 32) {
        word16 first = *(const word16 *)from, last = *(const word16 *)(from + length - 16);
        *(word16 *)to = first;
        *(word16 *)(to + length - 16) = last;
    } else {
        word16 first = *(const word16 *)from, second = *(const word16 *)(from + 16);
        word16 third = *(const word16 *)(from + length - 32);
        word16 last = *(const word16 *)(from + length - 16);
        *(word16 *)to = first;
        *(word16 *)(to + 16) = second;
        *(word16 *)(to + length - 32) = third;
        *(word16 *)(to + length - 16) = last;
    }
}

static inline void move_64(unsigned char *to, const unsigned char *from)
{
    move_medium(to, from, 64);
    KEEP_LOOP();
}

/* Low to high: right when `to` is below `from` or they do not overlap. */
static inline void move_up(unsigned char *to, const unsigned char *from, size_t length)
{
    if (length >= STRING_INSTRUCTION_BYTES) {
        __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(length)::"memory");
        return;
    }
    for (; length > 64; to += 64, from += 64, length -= 64)
        move_64(to, from);
    move_medium(to, from, length);
}

/* High to low: right when `to` is above `from`. */
static inline void move_down(unsigned char *to, const unsigned char *from, size_t length)
{
    for (; length > 64; length -= 64)
        move_64(to + length - 64, from + length - 64);
    move_medium(to, from, length);
}

static inline void *move(void *destination, const void *source, size_t length)
{
    unsigned char *to = destination;
    const unsigned char *from = source;

    if (length <= 64)
        move_medium(to, from, length);
    else if ((size_t)to - (size_t)from >= length)
        move_up(to, from, length);
    else
        move_down(to, from, length);
    return destination;
}

CRT_API void *crt_move(void *destination, const void *source, size_t length)
{
    return move(destination, source, length);
}

/* User memory is rarely copied by these routines, and only then the verifier wants to know. */
CRT_API void *nt_memmove(void *destination, const void *source, size_t length)
{
    if (SB_UNLIKELY(crt_is_user_copy(destination, source)))
        return crt_move_user(destination, source, length, __builtin_return_address(0));
    return move(destination, source, length);
}
SB_EXPORT_AS("memmove", nt_memmove)

CRT_API void *nt_memcpy(void *destination, const void *source, size_t length)
    __attribute__((alias("nt_memmove")));
SB_EXPORT_AS("memcpy", nt_memcpy)

static inline void set_small(unsigned char *to, unsigned long long pattern, size_t length)
{
    if (length >= 8) {
        *(word8 *)to = pattern;
        *(word8 *)(to + length - 8) = pattern;
    } else if (length >= 4) {
        *(word4 *)to = (unsigned int)pattern;
        *(word4 *)(to + length - 4) = (unsigned int)pattern;
    } else {
        for (size_t i = 0; i < length; i++) {
            to[i] = (unsigned char)pattern;
            KEEP_LOOP();
        }
    }
}

CRT_API void *nt_memset(void *destination, int value, size_t length)
{
    unsigned char *to = destination;
    unsigned long long pattern = (unsigned char)value * 0x0101010101010101ull;
    word16 wide = {pattern, pattern};

    if (length <= 16) {
        set_small(to, pattern, length);
        return destination;
    }
    if (length >= STRING_INSTRUCTION_BYTES) {
        __asm__ volatile("rep stosb" : "+D"(to), "+c"(length) : "a"(value) : "memory");
        return destination;
    }
    for (; length > 32; to += 32, length -= 32) {
        *(word16 *)to = wide;
        *(word16 *)(to + 16) = wide;
        KEEP_LOOP();
    }
    /* What is left may be under 16 bytes; those before it are the function's own. */
    *(word16 *)(to + length - 16) = wide;
    if (length > 16)
        *(word16 *)to = wide;
    return destination;
}
SB_EXPORT_AS("memset", nt_memset)

CRT_API int nt_memcmp(const void *first, const void *second, size_t length)
{
    const unsigned char *left = first, *right = second;
    size_t i = 0;

    while (length - i >= 8 && *(const word8 *)(left + i) == *(const word8 *)(right + i))
        i += 8;
    for (; i < length; i++) {
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    }
    return 0;
}
SB_EXPORT_AS("memcmp", nt_memcmp)

CRT_API void *nt_memchr(const void *buffer, int value, size_t length)
{
    const unsigned char *bytes = buffer;

    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == (unsigned char)value)
            return (void *)(bytes + i);
    }
    return NULL;
}
SB_EXPORT_AS("memchr", nt_memchr)

/* The destination is cleared when the source cannot be copied. */
CRT_API errno_t memcpy_s(void *destination, size_t size, const void *source, size_t count)
{
    if (count == 0)
        return 0;
    if (!destination)
        return CRT_EINVAL;
    if (!source || size < count) {
        nt_memset(destination, 0, size);
        return source ? CRT_ERANGE : CRT_EINVAL;
    }
    nt_memmove(destination, source, count);
    return 0;
}
SB_EXPORT(memcpy_s)

/* Documented to leave the destination alone when it refuses. */
CRT_API errno_t memmove_s(void *destination, size_t size, const void *source, size_t count)
{
    if (count == 0)
        return 0;
    if (!destination || !source)
        return CRT_EINVAL;
    if (size < count)
        return CRT_ERANGE;
    nt_memmove(destination, source, count);
    return 0;
}
SB_EXPORT(memmove_s)
