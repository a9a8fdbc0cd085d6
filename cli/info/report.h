/* What `sysbuf info` knows about a file, gathered before anything is printed. Strings are in the
 * image, the file or the report's arena. */
#ifndef SYSBUF_CLI_INFO_REPORT_H
#define SYSBUF_CLI_INFO_REPORT_H

#include <sysbuf/image.h>

#include "cli/memory.h"

struct info_import {
    const char *module, *name; /* name NULL: by ordinal */
    uint16_t ordinal;
    bool in_host, module_is_hosts, in_wine;
};

struct info_pair {
    const char *key, *value;
};

struct info_signature {
    bool is_present;
    const char *problem; /* NULL: it could be read */
    const char *subject, *issuer, *digest;
    bool digest_matches; /* the signed digest is that of this file; says nothing about trust */
};

struct info_hardening {
    bool nx, aslr, high_entropy, cfg, force_integrity;
    bool write_and_execute; /* a section can be both */
    bool has_cookie;        /* a /GS cookie in the load configuration */
};

struct info_report {
    struct arena arena;
    const char *path;
    const uint8_t *bytes;
    size_t length;
    struct sb_image *image;
    struct sb_image_header header;
    struct info_import *imports;
    size_t import_count, missing_in_host, missing_in_wine;
    bool imports_are_whole, exports_are_whole, relocations_are_whole;
    struct sb_image_export *exports;
    size_t export_count;
    uint32_t relocation_count;
    struct info_signature signature;
    struct info_hardening hardening;
    struct info_pair *version; /* the version resource's strings */
    size_t version_count;
    const char *file_version; /* its number, as in "1.2.3.4"; NULL: none */
    const char *pdb;          /* NULL: none */
    bool has_dwarf;
};

/* Fills the rest of a report with path, bytes and length. Fails as sb_image_open does. */
sb_status info_gather(struct info_report *report, char *error, size_t error_size);
void info_release(struct info_report *report); /* also after info_gather has failed */

void info_read_hardening(struct info_report *report);
void info_read_version(struct info_report *report);
void info_read_debug(struct info_report *report);
void info_read_signature(struct info_report *report);

/* "rw-", "r-x" ...; a section's characteristics. */
const char *info_protection(uint32_t characteristics);

void info_print(const struct info_report *report);
void info_print_json(const struct info_report *report);

#endif
