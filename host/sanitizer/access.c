/* What instrumented code calls before each access to memory. */
#include "host/sanitizer/sanitizer.h"

/* One byte of shadow decides for accesses that do not cross an eighth byte. */
static inline BOOLEAN is_fine(uint64_t address, uint64_t size)
{
    if (SB_UNLIKELY(address >= LINUX_SHADOWED_END - size || (address & 7) + size > 8))
        return FALSE;
    uint8_t code = *linux_shadow_of(address);
    return code == 0 || (code < 8 && (address & 7) + size <= code);
}

#define ACCESS(name, bytes, is_write)                                                       \
    void NTAPI asan_##name(uint64_t address);                                               \
    void NTAPI asan_##name(uint64_t address)                                                \
    {                                                                                       \
        if (SB_UNLIKELY(!is_fine(address, bytes)))                                          \
            sanitizer_check((void *)address, bytes, is_write, __builtin_return_address(0)); \
    }                                                                                       \
    ASAN_EXPORT(name)
ACCESS(load1, 1, FALSE)
ACCESS(load2, 2, FALSE)
ACCESS(load4, 4, FALSE)
ACCESS(load8, 8, FALSE)
ACCESS(load16, 16, FALSE)
ACCESS(store1, 1, TRUE)
ACCESS(store2, 2, TRUE)
ACCESS(store4, 4, TRUE)
ACCESS(store8, 8, TRUE)
ACCESS(store16, 16, TRUE)

void NTAPI asan_loadN(uint64_t address, uint64_t size);
void NTAPI asan_loadN(uint64_t address, uint64_t size)
{
    sanitizer_check((void *)address, size, FALSE, __builtin_return_address(0));
}
ASAN_EXPORT(loadN)

void NTAPI asan_storeN(uint64_t address, uint64_t size);
void NTAPI asan_storeN(uint64_t address, uint64_t size)
{
    sanitizer_check((void *)address, size, TRUE, __builtin_return_address(0));
}
ASAN_EXPORT(storeN)

/* memcpy and kin, where the compiler knows what they are. The copies are NT's, which may fault. */
void *NTAPI asan_memcpy(void *to, const void *from, SIZE_T size);
void *NTAPI asan_memcpy(void *to, const void *from, SIZE_T size)
{
    sanitizer_check(from, size, FALSE, __builtin_return_address(0));
    sanitizer_check(to, size, TRUE, __builtin_return_address(0));
    return memcpy(to, from, size);
}
ASAN_EXPORT(memcpy)

void *NTAPI asan_memmove(void *to, const void *from, SIZE_T size);
void *NTAPI asan_memmove(void *to, const void *from, SIZE_T size)
{
    sanitizer_check(from, size, FALSE, __builtin_return_address(0));
    sanitizer_check(to, size, TRUE, __builtin_return_address(0));
    return memmove(to, from, size);
}
ASAN_EXPORT(memmove)

void *NTAPI asan_memset(void *to, int value, SIZE_T size);
void *NTAPI asan_memset(void *to, int value, SIZE_T size)
{
    sanitizer_check(to, size, TRUE, __builtin_return_address(0));
    return memset(to, value, size);
}
ASAN_EXPORT(memset)
