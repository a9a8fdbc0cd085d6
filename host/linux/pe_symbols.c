/*
 * libdw reads DWARF from ELF only, so the .debug_ sections of the PE file are put into an ELF file
 * made in memory, with nothing else in it.
 */
#include "host/linux/pe_symbols.h"
#include "host/linux/pe_file.h"

#include <dwarf.h>
#include <elf.h>
#include <elfutils/libdw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_SECTIONS 32

struct wrapper {
    uint8_t *bytes;
    size_t size;
    Elf *elf;
    Dwarf *dwarf;
};

/* The .debug_ sections; their sizes and names summed up. */
static unsigned collect(const struct pe_file *file, struct pe_file_section *sections,
                        size_t *contents, size_t *names)
{
    unsigned count = 0;

    for (uint32_t i = 0; i < file->section_count && count < MOST_SECTIONS; i++) {
        struct pe_file_section *section = &sections[count];
        if (!pe_file_section(file, i, section) || strncmp(section->name, ".debug_", 7) != 0)
            continue;
        *contents += section->length;
        *names += strlen(section->name) + 1;
        count++;
    }
    return count;
}

static void write_elf(uint8_t *bytes, const struct pe_file_section *sections, unsigned count,
                      size_t contents, size_t names)
{
    Elf64_Ehdr *header = (Elf64_Ehdr *)bytes;
    Elf64_Shdr *table = (Elf64_Shdr *)(header + 1);
    size_t offset = sizeof *header + (count + 2) * sizeof *table;
    size_t name = 1; /* an empty name comes first */
    uint8_t *strings = bytes + offset + contents;

    memcpy(header->e_ident, ELFMAG, SELFMAG);
    header->e_ident[EI_CLASS] = ELFCLASS64;
    header->e_ident[EI_DATA] = ELFDATA2LSB;
    header->e_ident[EI_VERSION] = EV_CURRENT;
    header->e_type = ET_EXEC;
    header->e_machine = EM_X86_64;
    header->e_version = EV_CURRENT;
    header->e_ehsize = sizeof *header;
    header->e_shoff = sizeof *header;
    header->e_shentsize = sizeof *table;
    header->e_shnum = (Elf64_Half)(count + 2);
    header->e_shstrndx = (Elf64_Half)(count + 1);
    for (unsigned i = 0; i < count; i++) {
        memcpy(bytes + offset, sections[i].contents, sections[i].length);
        strcpy((char *)strings + name, sections[i].name);
        table[i + 1] = (Elf64_Shdr){.sh_name = (Elf64_Word)name,
                                    .sh_type = SHT_PROGBITS,
                                    .sh_offset = offset,
                                    .sh_size = sections[i].length,
                                    .sh_addralign = 1};
        offset += sections[i].length;
        name += strlen(sections[i].name) + 1;
    }
    table[count + 1] = (Elf64_Shdr){
        .sh_type = SHT_STRTAB, .sh_offset = offset, .sh_size = names, .sh_addralign = 1};
}

static void close_wrapper(struct wrapper *wrapper)
{
    dwarf_end(wrapper->dwarf);
    elf_end(wrapper->elf);
    free(wrapper->bytes);
}

static bool open_wrapper(struct wrapper *wrapper, const struct pe_file *file)
{
    struct pe_file_section sections[MOST_SECTIONS];
    size_t contents = 0, names = 1;
    unsigned count = collect(file, sections, &contents, &names);

    *wrapper = (struct wrapper){0};
    if (count == 0)
        return false;
    wrapper->size = sizeof(Elf64_Ehdr) + (count + 2) * sizeof(Elf64_Shdr) + contents + names;
    wrapper->bytes = calloc(1, wrapper->size);
    if (!wrapper->bytes)
        return false;
    write_elf(wrapper->bytes, sections, count, contents, names);
    elf_version(EV_CURRENT);
    wrapper->elf = elf_memory((char *)wrapper->bytes, wrapper->size);
    wrapper->dwarf = wrapper->elf ? dwarf_begin_elf(wrapper->elf, DWARF_C_READ, NULL) : NULL;
    if (wrapper->dwarf)
        return true;
    close_wrapper(wrapper);
    return false;
}

static bool find_unit(Dwarf *dwarf, Dwarf_Addr address, Dwarf_Die *unit)
{
    Dwarf_CU *cursor = NULL, *next;
    Dwarf_Half version;
    uint8_t type;

    while (dwarf_get_units(dwarf, cursor, &next, &version, &type, unit, NULL) == 0) {
        if (dwarf_haspc(unit, address) > 0)
            return true;
        cursor = next;
    }
    return false;
}

static void find_function(Dwarf_Die *unit, Dwarf_Addr address, struct linux_symbol *symbol)
{
    Dwarf_Die *scopes = NULL;
    int count = dwarf_getscopes(unit, address, &scopes);

    for (int i = 0; i < count; i++) {
        int tag = dwarf_tag(&scopes[i]);
        const char *name = dwarf_diename(&scopes[i]);
        Dwarf_Addr start;

        if (tag != DW_TAG_subprogram || !name)
            continue;
        snprintf(symbol->function, sizeof symbol->function, "%s", name);
        symbol->offset = dwarf_lowpc(&scopes[i], &start) == 0 ? address - start : 0;
        break;
    }
    if (count > 0)
        free(scopes);
}

/* The compiler's and the kit's headers, not the driver's own. */
static bool is_foreign(const char *path)
{
    return (strncmp(path, "/usr/", 5) == 0 && strstr(path, "/include/")) ||
           strstr(path, "Windows Kits") || strstr(path, "mingw");
}

/* Where an inlined routine was called. NULL: not known. */
static const char *call_of(Dwarf_Die *unit, Dwarf_Die *inlined, int *line)
{
    Dwarf_Attribute attribute;
    Dwarf_Word file, number;
    Dwarf_Files *files;
    size_t count;

    if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attribute), &file) != 0 ||
        dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attribute), &number) != 0 ||
        dwarf_getsrcfiles(unit, &files, &count) != 0 || file >= count)
        return NULL;
    *line = (int)number;
    return dwarf_filesrc(files, file, NULL, NULL);
}

/* What foreign headers put in line has the line of the driver that it was put in. */
static const char *leave_foreign(Dwarf_Die *unit, Dwarf_Addr address, const char *path, int *line)
{
    Dwarf_Die *innermost = NULL, *scopes = NULL;
    int count = dwarf_getscopes(unit, address, &innermost) > 0
                    ? dwarf_getscopes_die(&innermost[0], &scopes)
                    : 0;

    for (int i = 0; i < count && is_foreign(path); i++) {
        int outer_line;
        const char *outer = dwarf_tag(&scopes[i]) == DW_TAG_inlined_subroutine
                                ? call_of(unit, &scopes[i], &outer_line)
                                : NULL;
        if (!outer)
            continue;
        path = outer;
        *line = outer_line;
    }
    if (count > 0)
        free(scopes);
    free(innermost);
    return path;
}

static void find_line(Dwarf_Die *unit, Dwarf_Addr address, struct linux_symbol *symbol)
{
    Dwarf_Line *line = dwarf_getsrc_die(unit, address);
    const char *path = line ? dwarf_linesrc(line, NULL, NULL) : NULL;

    if (!path || dwarf_lineno(line, &symbol->line) != 0)
        return;
    path = leave_foreign(unit, address, path, &symbol->line);
    symbol->is_foreign = is_foreign(path);
    for (const char *c = path; *c; c++)
        if (*c == '/' || *c == '\\')
            path = c + 1;
    snprintf(symbol->source_file, sizeof symbol->source_file, "%s", path);
}

bool linux_pe_symbol(const void *bytes, size_t size, uint32_t rva, struct linux_symbol *symbol)
{
    struct pe_file file;
    struct wrapper wrapper;
    Dwarf_Die unit;

    *symbol = (struct linux_symbol){0};
    if (!pe_file_open(&file, bytes, size))
        return false;
    if (open_wrapper(&wrapper, &file)) {
        if (find_unit(wrapper.dwarf, file.image_base + rva, &unit)) {
            find_function(&unit, file.image_base + rva, symbol);
            find_line(&unit, file.image_base + rva, symbol);
        }
        close_wrapper(&wrapper);
    }
    if (!symbol->function[0])
        pe_file_symbol(&file, rva, symbol->function, sizeof symbol->function, &symbol->offset);
    return symbol->function[0] || symbol->source_file[0];
}
