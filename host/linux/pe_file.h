/* Bounds-checked reading of what a PE file holds for debuggers. */
#ifndef SYSBUF_HOST_LINUX_PE_FILE_H
#define SYSBUF_HOST_LINUX_PE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pe_file {
    const uint8_t *bytes;
    size_t size;
    uint64_t image_base;
    uint32_t section_count;
    size_t section_headers; /* offset of the first, 40 bytes each */
    size_t symbols;         /* offset of the COFF symbol table, 18 bytes each; 0: none */
    uint32_t symbol_count;
    size_t strings; /* offset of the string table behind it */
};

struct pe_file_section {
    char name[32];
    uint32_t rva;
    const uint8_t *contents; /* NULL when none are in the file */
    size_t length;
};

/* False when the bytes are no PE64 file. */
bool pe_file_open(struct pe_file *file, const void *bytes, size_t size);
/* False when the header or the contents lie outside of the file. */
bool pe_file_section(const struct pe_file *file, uint32_t index, struct pe_file_section *section);
/* The function of the COFF symbol table that starts closest in front of rva. */
bool pe_file_symbol(const struct pe_file *file, uint32_t rva, char *name, size_t capacity,
                    uint64_t *offset);

#endif
