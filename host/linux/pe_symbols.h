/* Function names and source lines of a PE image's code, from its file: DWARF, or the COFF symbol
 * table. Plain C types: for NT files too. */
#ifndef SYSBUF_HOST_LINUX_PE_SYMBOLS_H
#define SYSBUF_HOST_LINUX_PE_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct linux_symbol {
    char function[128];   /* empty when not known */
    uint64_t offset;      /* from the function's start */
    char source_file[64]; /* without folders; empty when not known */
    int line;
    bool is_foreign; /* in a header of the compiler's or the kit's */
};

/* Looks an address of the image up, as an RVA. file: the image's file, which may be anything. False
 * when neither function nor line is known. Parses the file on each call: for reports. */
bool linux_pe_symbol(const void *file, size_t size, uint32_t rva, struct linux_symbol *symbol);

#endif
