/*
 * The loader on hostile images: the input is a file. It is loaded twice, under two names, so that
 * it may import from itself; then everything that is looked up in a loaded image is looked up, and
 * it is unloaded. Nothing runs. For libFuzzer, and for AFL++ through its libFuzzer driver.
 */
#include "host/ke/ke.h"
#include "host/linux/pe_symbols.h"
#include "host/linux/shadow.h"
#include "host/loader/loader.h"
#include "host/mm/mm.h"
#include "host/rtl/rtl.h"
#include "host/seh/unwind_types.h"
#include "host/seh/image_functions.h"
#include "host/verifier/before.h"

#include <ntimage.h>

enum { LARGEST_IMAGE = 16 << 20, PAGE = 0x1000 };

NTSYSAPI PIMAGE_NT_HEADERS NTAPI RtlImageNtHeader(PVOID base);
NTSYSAPI PVOID NTAPI RtlImageDirectoryEntryToData(PVOID base, BOOLEAN mapped, USHORT directory,
                                                  PULONG size);

static struct machine machine;
static struct data_exports data_exports;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- what the loader needs of the rest of the host ---- */
struct pages {
    void *base;
    SIZE_T size;
    struct pages *next;
};
static struct pages *all_pages;

/* The machine here has neither shadow memory nor a verifier. */
void linux_shadow_allow(const void *address, size_t size)
{
}

/* linux_peek asks Linux for whatever is neither on a known stack nor in an arena. */
void linux_stack_bounds(uint64_t *low, uint64_t *high)
{
    *low = *high = 0;
}

bool linux_copy_guarded(void *to, const void *from, size_t length)
{
    return false;
}

const void *verifier_bind(const char *name, const void *address)
{
    return address;
}

const struct verifier_watch *verifier_watch_at(uint64_t address)
{
    return NULL;
}

BOOLEAN mm_charge(struct machine *owner, SIZE_T size)
{
    return size <= LARGEST_IMAGE;
}

void mm_uncharge(struct machine *owner, SIZE_T size)
{
}

struct mm_region *mm_region_add(struct machine *owner, void *base, SIZE_T size, SIZE_T charge,
                                enum mm_region_kind kind)
{
    struct pages *pages = linux_allocate(sizeof(*pages));
    pages->base = base;
    pages->size = size;
    pages->next = all_pages;
    all_pages = pages;
    return (struct mm_region *)pages;
}

void *mm_pages_allocate(struct machine *owner, enum linux_arena arena, SIZE_T size,
                        enum mm_region_kind kind)
{
    if (!mm_charge(owner, size))
        return NULL;
    void *base = linux_pages_map(arena, size, PAGE);
    mm_region_add(owner, base, size, size, kind);
    return base;
}

void mm_pages_free(struct machine *owner, void *base)
{
    for (struct pages **link = &all_pages; *link; link = &(*link)->next) {
        struct pages *pages = *link;
        if (pages->base != base)
            continue;
        *link = pages->next;
        linux_pages_unmap(pages->base, pages->size);
        linux_free(pages);
        return;
    }
    __builtin_trap();
}

void *mm_pool_allocate_zero(struct machine *owner, SIZE_T size, ULONG tag)
{
    return linux_allocate(size);
}

BOOLEAN mm_pool_free(struct machine *owner, void *block)
{
    linux_free(block);
    return TRUE;
}

_Noreturn void ke_bug_check_because(ULONG code, const ULONG_PTR parameters[4], uint64_t address,
                                    const struct linux_registers *registers, const char *reason)
{
    __builtin_trap();
}

/* Reads every text it is given, as real formatting would. */
static SIZE_T read_arguments(const char *format, __builtin_ms_va_list arguments)
{
    SIZE_T total = 0;
    for (; *format; format++) {
        if (*format != '%')
            continue;
        uint64_t value = __builtin_va_arg(arguments, uint64_t);
        for (const char *text = (const char *)value; format[1] == 's' && *text; text++)
            total++;
    }
    return total;
}

SIZE_T __attribute__((ms_abi)) text_format(char *buffer, SIZE_T size, const char *format, ...)
{
    __builtin_ms_va_list arguments;
    __builtin_ms_va_start(arguments, format);
    SIZE_T total = read_arguments(format, arguments);
    __builtin_ms_va_end(arguments);
    __builtin_memset(buffer, 0, size);
    return total < size ? 0 : size - 1;
}

void __attribute__((ms_abi)) loader_error_add(struct loader_error *error, const char *format, ...)
{
    __builtin_ms_va_list arguments;
    __builtin_ms_va_start(arguments, format);
    read_arguments(format, arguments);
    __builtin_ms_va_end(arguments);
}

/* ---- lookups ---- */
static void look_up_functions(const struct loaded_image *image)
{
    struct seh_image functions = {
        .base = (uint64_t)image->base,
        .size = image->size,
        .functions = pe_at(&image->pe, image->functions.address, image->functions.size),
        .function_count = image->functions.size / (uint32_t)sizeof(RUNTIME_FUNCTION)};
    for (uint32_t i = 0; i < 64; i++)
        seh_find_function(&functions, (uint32_t)((uint64_t)image->size * i / 64));
}

static void look_up_headers(const struct loaded_image *image)
{
    PIMAGE_NT_HEADERS headers = RtlImageNtHeader(image->base);
    ULONG size;
    if (!headers || !RtlImageNtHeader(image->base))
        __builtin_trap();
    for (USHORT i = 0; i < 20; i++) {
        RtlImageDirectoryEntryToData(image->base, TRUE, i, &size);
        RtlImageDirectoryEntryToData(image->base, FALSE, i, &size);
    }
}

static void look_up(const struct loaded_image *image)
{
    const char *forwarder;
    char name[LOADER_NAME_SIZE];
    uint64_t offset;
    struct linux_symbol symbol;
    look_up_functions(image);
    look_up_headers(image);
    image_export_find(image, "Exported", &forwarder);
    image_own_name(image);
    loader_describe_address(&machine, (uint64_t)image->base + 5, name, sizeof(name), &offset);
    if (offset != 5 || loader_find(&machine, (uint64_t)image->base + image->size) == image)
        __builtin_trap();
    linux_pe_symbol(image->file, image->file_size, image->pe.headers.entry_point, &symbol);
}

static struct loaded_image *load(const uint8_t *data, size_t size, const char *name)
{
    char text[256];
    struct loader_error error = {text, sizeof(text), 0};
    struct loaded_image *image = NULL;
    if (!NT_SUCCESS(loader_load(&machine, data, size, name, &image, &error)))
        return NULL;
    look_up(image);
    loader_discard_init(image);
    look_up(image);
    return image;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!machine.loader) {
        machine.data_exports = &data_exports;
        if (!NT_SUCCESS(loader_initialize(&machine)))
            __builtin_trap();
    }
    machine.trap_missing_imports = size & 1;
    struct loaded_image *first = load(data, size, "first.sys");
    struct loaded_image *second = load(data, size, "second.sys");
    if (first && size & 2)
        loader_unload(first); /* stays as long as the second imports from it */
    if (second)
        loader_unload(second);
    if (first && !(size & 2))
        loader_unload(first);
    if (all_pages)
        __builtin_trap();
    return 0;
}
