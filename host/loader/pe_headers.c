/* The headers of a PE file, and in words what is wrong with those the host cannot load. */
#include "host/loader/pe_image.h"
#include "host/loader/pe_sections.h"

enum {
    DOS_HEADER = 64,
    PAGE = 0x1000,
    SECTOR = 512,
    LARGEST_IMAGE = 256 << 20,
    OPTIONAL_FIXED = 112,
    BASE_GRANULE = 0x10000,
};

static NTSTATUS refuse(struct loader_error *error, const char *why)
{
    loader_error_add(error, "%s", why);
    return STATUS_INVALID_IMAGE_FORMAT;
}

static NTSTATUS check_machine(uint16_t machine, struct loader_error *error)
{
    static const struct {
        uint16_t machine;
        const char *name;
    } names[] = {{0x14C, "x86 (32 bits)"}, {0x1C0, "ARM"},     {0x1C4, "ARM (32 bits)"},
                 {0x200, "Itanium"},       {0xAA64, "ARM64"},  {0xEBC, "EFI byte code"},
                 {0x5064, "RISC-V"},       {0xA641, "ARM64EC"}};
    const char *name = "an unknown machine";
    if (machine == PE_MACHINE_AMD64)
        return STATUS_SUCCESS;
    for (ULONG i = 0; i < RTL_NUMBER_OF(names); i++)
        if (names[i].machine == machine)
            name = names[i].name;
    loader_error_add(error, "built for %s (machine 0x%x); the host runs x64 (0x8664) drivers only",
                     name, machine);
    return STATUS_INVALID_IMAGE_FORMAT;
}

static NTSTATUS check_subsystem(uint16_t subsystem, struct loader_error *error)
{
    static const struct {
        uint16_t subsystem;
        const char *name;
    } names[] = {{2, "a Windows application or library"},
                 {3, "a console program"},
                 {9, "a Windows CE program"},
                 {10, "an EFI application"},
                 {11, "an EFI boot driver"},
                 {12, "an EFI runtime driver"},
                 {13, "an EFI ROM"},
                 {16, "a boot application"}};
    const char *name = "of another kind";
    if (subsystem == PE_SUBSYSTEM_NATIVE)
        return STATUS_SUCCESS;
    for (ULONG i = 0; i < RTL_NUMBER_OF(names); i++)
        if (names[i].subsystem == subsystem)
            name = names[i].name;
    loader_error_add(error, "not a driver: it is %s (subsystem %u; a driver's is 1, native)", name,
                     subsystem);
    return STATUS_INVALID_IMAGE_FORMAT;
}

static NTSTATUS find_headers(const struct pe_image *image, struct loader_error *error,
                             uint32_t *offset)
{
    uint16_t magic = 0;
    if (image->file_size >= sizeof(magic))
        __builtin_memcpy(&magic, image->file, sizeof(magic));
    if (image->file_size >= 4 && __builtin_memcmp(image->file,
                                                  "\x7f"
                                                  "ELF",
                                                  4) == 0)
        return refuse(error, "not a PE image but an ELF file");
    if (image->file_size < DOS_HEADER)
        return refuse(error, "not a PE image: shorter than a DOS header");
    if (magic != PE_DOS_MAGIC)
        return refuse(error, "not a PE image: no MZ at its start");
    __builtin_memcpy(offset, image->file + 60, sizeof(*offset));
    return STATUS_SUCCESS;
}

/* The part in front of the optional header tells what the rest means. */
static NTSTATUS read_kind(struct pe_image *image, uint32_t offset, struct loader_error *error)
{
    const uint64_t kind = FIELD_OFFSET(struct pe_headers, linker_major);
    if (!pe_file_at(image, offset, kind))
        return refuse(error, "PE headers lie outside the file (truncated?)");
    __builtin_memcpy(&image->headers, image->file + offset, kind);
    if (image->headers.signature != PE_SIGNATURE)
        return refuse(error, "not a PE image: no PE signature");
    NTSTATUS status = check_machine(image->headers.machine, error);
    if (!NT_SUCCESS(status))
        return status;
    if (image->headers.magic == PE_MAGIC_32)
        return refuse(error, "a 32-bit (PE32) image; drivers for x64 are PE32+");
    if (image->headers.magic != PE_MAGIC_64)
        return refuse(error, "not a PE32+ image");
    return STATUS_SUCCESS;
}

static NTSTATUS read_optional(struct pe_image *image, uint32_t offset, struct loader_error *error)
{
    const uint64_t fixed = FIELD_OFFSET(struct pe_headers, directories);
    if (!pe_file_at(image, offset, fixed))
        return refuse(error, "PE headers lie outside the file (truncated?)");
    __builtin_memcpy(&image->headers, image->file + offset, fixed);
    uint32_t count = image->headers.directory_count;
    if (count > PE_DIRECTORY_COUNT)
        count = PE_DIRECTORY_COUNT;
    const uint64_t length = count * sizeof(struct pe_directory);
    if (image->headers.optional_size < OPTIONAL_FIXED + length)
        return refuse(error, "the optional header is too short");
    if (!pe_file_at(image, offset + fixed, length))
        return refuse(error, "the data directories lie outside the file (truncated?)");
    __builtin_memcpy(image->headers.directories, image->file + offset + fixed, length);
    return STATUS_SUCCESS;
}

static BOOLEAN is_power_of_two(uint32_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

/* NT's rules: sections lie on pages and sectors, or the whole image is laid out as its file is. */
static NTSTATUS check_alignment(const struct pe_headers *headers, struct loader_error *error)
{
    if (!is_power_of_two(headers->section_alignment) || !is_power_of_two(headers->file_alignment))
        return refuse(error, "an alignment is no power of two");
    if (headers->section_alignment < headers->file_alignment)
        return refuse(error, "sections are aligned less in memory than in the file");
    if (headers->section_alignment != headers->file_alignment &&
        (headers->section_alignment < PAGE || headers->file_alignment < SECTOR))
        return refuse(error, "sections are not aligned to pages in memory and 512 bytes in the "
                             "file, nor the same in both");
    return STATUS_SUCCESS;
}

static NTSTATUS check_sizes(const struct pe_image *image, struct loader_error *error)
{
    const struct pe_headers *headers = &image->headers;
    if (headers->image_size == 0 || headers->image_size > LARGEST_IMAGE) {
        loader_error_add(error, "the image's size in memory is 0x%x; at most 0x%x is possible",
                         headers->image_size, LARGEST_IMAGE);
        return STATUS_INVALID_IMAGE_FORMAT;
    }
    if (headers->headers_size == 0 || headers->headers_size > headers->image_size ||
        headers->headers_size > image->file_size)
        return refuse(error, "the headers' size is out of range (truncated?)");
    if (headers->entry_point >= headers->image_size)
        return refuse(error, "the entry point lies outside the image");
    if (headers->image_base % BASE_GRANULE != 0)
        return refuse(error, "the image base is no multiple of 64 KiB");
    return STATUS_SUCCESS;
}

static NTSTATUS check_features(const struct pe_headers *headers, struct loader_error *error)
{
    const struct pe_directory *directories = headers->directories;
    if (!(headers->characteristics & PE_EXECUTABLE))
        return refuse(error, "not marked executable: the linker found errors in it");
    if (directories[PE_DIRECTORY_TLS].size)
        return refuse(error, "it uses thread-local storage, which the kernel has not");
    if (directories[PE_DIRECTORY_DELAY_IMPORT].size)
        return refuse(error, "it has delay-loaded imports, which the host has not: import them "
                             "directly");
    if (directories[PE_DIRECTORY_CLR].size)
        return refuse(error, "it is a .NET image, not a driver");
    return STATUS_SUCCESS;
}

/* What makes it a driver. */
static NTSTATUS check_driver(const struct pe_headers *headers, struct loader_error *error)
{
    NTSTATUS status = check_subsystem(headers->subsystem, error);
    return NT_SUCCESS(status) ? check_features(headers, error) : status;
}

NTSTATUS pe_parse(struct pe_image *image, const void *file, uint64_t size,
                  struct loader_error *error)
{
    NTSTATUS status = pe_parse_any(image, file, size, error);
    return NT_SUCCESS(status) ? check_driver(&image->headers, error) : status;
}

NTSTATUS pe_parse_any(struct pe_image *image, const void *file, uint64_t size,
                      struct loader_error *error)
{
    uint32_t offset = 0;
    __builtin_memset(image, 0, sizeof(*image));
    image->file = file;
    image->file_size = size;
    NTSTATUS status = find_headers(image, error, &offset);
    if (NT_SUCCESS(status))
        status = read_kind(image, offset, error);
    if (NT_SUCCESS(status))
        status = read_optional(image, offset, error);
    if (NT_SUCCESS(status))
        status = check_alignment(&image->headers, error);
    if (NT_SUCCESS(status))
        status = check_sizes(image, error);
    if (!NT_SUCCESS(status))
        return status;
    image->size = (image->headers.image_size + PAGE - 1) & ~(uint32_t)(PAGE - 1);
    return pe_sections_read(
        image, offset + FIELD_OFFSET(struct pe_headers, magic) + image->headers.optional_size,
        error);
}
