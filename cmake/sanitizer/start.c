/*
 * The entry point of a driver that is built with the sanitizers (SysbufSanitized.cmake): tells the
 * host what the compiler left for it, then runs DriverEntry. Compiled without them.
 */
#include <stdint.h>

#include <ntddk.h>

/* As host/sanitizer/sanitizer.h has it. */
struct sanitizer_image {
    uint64_t version;
    uint64_t *shadow;
    const void *globals, *globals_end;
};
enum { SANITIZER_VERSION = 1 };

NTSTATUS NTAPI SbSanitizerStart(const struct sanitizer_image *image);
DRIVER_INITIALIZE DriverEntry;
DRIVER_INITIALIZE SbSanitizedEntry;
void __asan_init(void);
void __asan_version_mismatch_check_v8(void);
void __sanitizer_cov_8bit_counters_init(char *start, char *stop);

/* Instrumented frames find their shadow by it. */
uint64_t __asan_shadow_memory_dynamic_address;

/* The linker sorts sections by what follows the $: the records of global variables lie between.
 * Writable, as those are, or they would be another section. */
__attribute__((section(".ASAN$GA"), aligned(64))) static uint64_t globals_before[8] = {0};
__attribute__((section(".ASAN$GZ"), aligned(64))) static uint64_t globals_behind[8] = {0};

/* How often each edge of the control flow was taken. The host does not read them: what it needs is
 * that each edge has a block of its own, which it watches (docs/sanitizers.md). */
__attribute__((section(".SCOV$CA"))) char __start___sancov_cntrs = 0;
__attribute__((section(".SCOV$CZ"))) char __stop___sancov_cntrs = 0;

/* The compiler's constructors call them; nobody calls those. */
void __asan_init(void)
{
}

void __asan_version_mismatch_check_v8(void)
{
}

void __sanitizer_cov_8bit_counters_init(char *start, char *stop)
{
    (void)start;
    (void)stop;
}

NTSTATUS NTAPI SbSanitizedEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    const struct sanitizer_image image = {SANITIZER_VERSION, &__asan_shadow_memory_dynamic_address,
                                          globals_before, globals_behind};
    NTSTATUS status = SbSanitizerStart(&image);
    return NT_SUCCESS(status) ? DriverEntry(driver, registry_path) : status;
}
