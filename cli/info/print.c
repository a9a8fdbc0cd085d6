/* sysbuf info for people. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/info/report.h"
#include "cli/utf8.h"

static const char *yes(bool it_is)
{
    return it_is ? "yes" : "no";
}

/* Names come from an untrusted file: a terminal must not obey them. */
static void put_name(const char *text)
{
    size_t length = text ? strlen(text) : 0, at = 0;

    while (at < length) {
        uint32_t point = 0;
        size_t size = utf8_decode(text + at, length - at, &point);
        bool fine = size && point >= 0x20 && (point < 0x7F || point > 0x9F);
        if (fine)
            fwrite(text + at, 1, size, stdout);
        else
            putchar('?');
        at += fine ? size : 1;
    }
}

static void print_header(const struct info_report *report)
{
    const struct sb_image_header *header = &report->header;

    printf("%s: x64 driver, %zu bytes\n", report->path, report->length);
    printf("  image       base 0x%" PRIX64 ", size 0x%X, entry point 0x%X\n", header->image_base,
           header->image_size, header->entry_point);
    printf("  needs       Windows %u.%u; linked by version %u.%u, time stamp 0x%08X\n",
           header->system_version[0], header->system_version[1], header->linker_version[0],
           header->linker_version[1], header->time_stamp);
    if (header->checksum == header->right_checksum)
        printf("  checksum    0x%08X, right\n", header->checksum);
    else
        printf("  checksum    0x%08X, wrong: 0x%08X is right\n", header->checksum,
               header->right_checksum);
}

static void print_signature(const struct info_signature *signature)
{
    if (!signature->is_present)
        puts("  signature   none");
    else if (signature->problem)
        printf("  signature   present, but %s\n", signature->problem);
    else {
        fputs("  signature   by ", stdout);
        put_name(signature->subject);
        printf(", %s digest %s (trust was not checked)\n", signature->digest,
               signature->digest_matches ? "is that of the file" : "is NOT that of the file");
    }
}

static void print_hardening(const struct info_report *report)
{
    const struct info_hardening *hardening = &report->hardening;

    printf("  hardening   NX %s, ASLR %s, high entropy %s, CFG %s, integrity check %s\n",
           yes(hardening->nx), yes(hardening->aslr), yes(hardening->high_entropy),
           yes(hardening->cfg), yes(hardening->force_integrity));
    printf("              stack cookie %s, W^X %s\n", yes(hardening->has_cookie),
           hardening->write_and_execute ? "no: a section is writable and executable" : "yes");
    if (report->relocations_are_whole)
        printf("  relocations %u\n", report->relocation_count);
    else
        puts("  relocations malformed");
}

static void print_version(const struct info_report *report)
{
    if (report->file_version)
        printf("  version     %s\n", report->file_version);
    for (size_t i = 0; i < report->version_count; i++) {
        fputs("              ", stdout);
        put_name(report->version[i].key);
        fputs(": ", stdout);
        put_name(report->version[i].value);
        putchar('\n');
    }
    fputs("  debugging   ", stdout);
    fputs(report->has_dwarf ? "DWARF" : report->pdb ? "" : "none", stdout);
    if (report->pdb) {
        fputs(report->has_dwarf ? ", PDB " : "PDB ", stdout);
        put_name(report->pdb);
    }
    putchar('\n');
}

static void print_sections(const struct info_report *report)
{
    const uint32_t discardable = 0x02000000u;
    struct sb_image_section section;

    puts("  sections    address    size       in file    access");
    for (uint32_t i = 0; sb_image_section(report->image, i, &section); i++) {
        fputs("    ", stdout);
        put_name(section.name);
        printf("%*s 0x%08X 0x%08X 0x%08X %s%s\n",
               strlen(section.name) < 9 ? 9 - (int)strlen(section.name) : 0, "", section.address,
               section.virtual_size, section.file_size, info_protection(section.characteristics),
               section.characteristics & discardable ? ", discarded after the start" : "");
    }
}

static const char *missing_in(const struct info_import *import)
{
    if (!import->in_host)
        return import->in_wine ? "  missing in the host" : "  missing in the host and in Wine 8.0";
    return import->in_wine ? "" : "  missing in Wine 8.0";
}

static void print_imports(const struct info_report *report)
{
    const char *module = "";

    printf("  imports     %zu; the host lacks %zu, Wine 8.0 lacks %zu%s\n", report->import_count,
           report->missing_in_host, report->missing_in_wine,
           report->imports_are_whole ? "" : "; the table is malformed");
    for (size_t i = 0; i < report->import_count; i++) {
        const struct info_import *import = &report->imports[i];
        if (strcmp(import->module, module) != 0) {
            module = import->module;
            fputs("    ", stdout);
            put_name(module);
            puts(import->module_is_hosts ? "" : " (no module of the host)");
        }
        fputs("      ", stdout);
        if (import->name)
            put_name(import->name);
        else
            printf("ordinal %u", import->ordinal);
        puts(missing_in(import));
    }
}

static void print_exports(const struct info_report *report)
{
    if (report->export_count || !report->exports_are_whole)
        printf("  exports     %zu%s\n", report->export_count,
               report->exports_are_whole ? "" : "; the table is malformed");
    for (size_t i = 0; i < report->export_count; i++) {
        const struct sb_image_export *export = &report->exports[i];
        printf("    0x%08X  ", export->address);
        put_name(export->name);
        if (export->forwarder) {
            fputs(" -> ", stdout);
            put_name(export->forwarder);
        }
        putchar('\n');
    }
}

void info_print(const struct info_report *report)
{
    print_header(report);
    print_signature(&report->signature);
    print_hardening(report);
    print_version(report);
    print_sections(report);
    print_imports(report);
    print_exports(report);
}
