/* Load configuration and debug directory. */
#include <string.h>

#include "cli/info/report.h"

enum {
    HIGH_ENTROPY = 0x0020,
    DYNAMIC_BASE = 0x0040,
    FORCE_INTEGRITY = 0x0080,
    NX_COMPATIBLE = 0x0100,
    GUARD_CF = 0x4000,
    COOKIE_FIELD = 0x58,
    DEBUG_ENTRY_SIZE = 28,
    CODEVIEW = 2,
};
#define EXECUTE 0x20000000u
#define READ    0x40000000u
#define WRITE   0x80000000u

const char *info_protection(uint32_t characteristics)
{
    static const char *const texts[] = {"---", "--x", "-w-", "-wx", "r--", "r-x", "rw-", "rwx"};

    return texts[(characteristics & READ ? 4 : 0) | (characteristics & WRITE ? 2 : 0) |
                 (characteristics & EXECUTE ? 1 : 0)];
}

static bool has_cookie(const struct sb_image *image)
{
    uint32_t address, size;
    uint64_t cookie = 0;

    sb_image_directory(image, SB_IMAGE_LOAD_CONFIGURATION, &address, &size);
    const uint8_t *field = sb_image_data(image, (uint64_t)address + COOKIE_FIELD, sizeof cookie);
    if (size < COOKIE_FIELD + sizeof cookie || !field)
        return false;
    memcpy(&cookie, field, sizeof cookie);
    return cookie != 0;
}

void info_read_hardening(struct info_report *report)
{
    struct info_hardening *hardening = &report->hardening;
    uint16_t flags = report->header.dll_characteristics;
    struct sb_image_section section;

    hardening->nx = flags & NX_COMPATIBLE;
    hardening->aslr = flags & DYNAMIC_BASE;
    hardening->high_entropy = flags & HIGH_ENTROPY;
    hardening->cfg = flags & GUARD_CF;
    hardening->force_integrity = flags & FORCE_INTEGRITY;
    hardening->has_cookie = has_cookie(report->image);
    for (uint32_t i = 0; sb_image_section(report->image, i, &section); i++)
        if ((section.characteristics & WRITE) && (section.characteristics & EXECUTE))
            hardening->write_and_execute = true;
}

/* "RSDS", a GUID, an age and the path, terminated. */
static const char *pdb_path(struct info_report *report, uint32_t address, uint32_t size)
{
    enum { fixed = 24 };
    const char *data = sb_image_data(report->image, address, size);

    if (!data || size <= fixed || memcmp(data, "RSDS", 4) != 0)
        return NULL;
    return arena_copy(&report->arena, data + fixed, strnlen(data + fixed, size - fixed));
}

void info_read_debug(struct info_report *report)
{
    uint32_t address, size;
    struct sb_image_section section;

    sb_image_directory(report->image, SB_IMAGE_DEBUG, &address, &size);
    for (uint32_t at = 0; at + DEBUG_ENTRY_SIZE <= size && !report->pdb; at += DEBUG_ENTRY_SIZE) {
        uint32_t entry[7];
        const void *data = sb_image_data(report->image, (uint64_t)address + at, sizeof entry);
        if (!data)
            break;
        memcpy(entry, data, sizeof entry);
        if (entry[3] == CODEVIEW) /* type, size, address */
            report->pdb = pdb_path(report, entry[5], entry[4]);
    }
    for (uint32_t i = 0; sb_image_section(report->image, i, &section); i++)
        if (strcmp(section.name, ".debug_info") == 0)
            report->has_dwarf = true;
}
