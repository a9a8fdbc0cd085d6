/* sysbuf info --json. Addresses and flags are numbers; names are made valid UTF-8, since an image
 * may hold any bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "cli/info/report.h"
#include "cli/utf8.h"

/* What is no UTF-8, or a control character, becomes "\\xNN" in the text itself. */
static cJSON *clean(const char *text)
{
    size_t length = strlen(text), used = 0, at = 0;
    char *copy = memory_allocate(4 * length + 1);

    while (at < length) {
        uint32_t point = 0;
        size_t size = utf8_decode(text + at, length - at, &point);
        if (size && point >= 0x20 && point != 0x7F) {
            memcpy(copy + used, text + at, size);
            used += size;
            at += size;
        } else {
            used += (size_t)snprintf(copy + used, 5, "\\x%02x", (unsigned char)text[at++]);
        }
    }
    cJSON *json = cJSON_CreateString(copy);
    free(copy);
    return json;
}

static void add_name(cJSON *object, const char *key, const char *text)
{
    cJSON_AddItemToObject(object, key, text ? clean(text) : cJSON_CreateNull());
}

static void add_pair(cJSON *object, const char *key, const uint16_t version[2])
{
    char text[16];

    snprintf(text, sizeof text, "%u.%u", version[0], version[1]);
    cJSON_AddStringToObject(object, key, text);
}

static cJSON *header(const struct info_report *report)
{
    const struct sb_image_header *from = &report->header;
    cJSON *json = cJSON_CreateObject();
    char base[24];

    snprintf(base, sizeof base, "0x%llx", (unsigned long long)from->image_base);
    cJSON_AddStringToObject(json, "image_base", base); /* beyond what a JSON number holds exactly */
    cJSON_AddNumberToObject(json, "image_size", from->image_size);
    cJSON_AddNumberToObject(json, "entry_point", from->entry_point);
    cJSON_AddNumberToObject(json, "time_stamp", from->time_stamp);
    cJSON_AddNumberToObject(json, "characteristics", from->characteristics);
    cJSON_AddNumberToObject(json, "dll_characteristics", from->dll_characteristics);
    add_pair(json, "linker_version", from->linker_version);
    add_pair(json, "system_version", from->system_version);
    add_pair(json, "subsystem_version", from->subsystem_version);
    cJSON_AddNumberToObject(json, "checksum", from->checksum);
    cJSON_AddNumberToObject(json, "right_checksum", from->right_checksum);
    cJSON_AddBoolToObject(json, "checksum_is_right", from->checksum == from->right_checksum);
    return json;
}

static cJSON *sections(const struct info_report *report)
{
    cJSON *list = cJSON_CreateArray();
    struct sb_image_section section;

    for (uint32_t i = 0; sb_image_section(report->image, i, &section); i++) {
        cJSON *json = cJSON_CreateObject();
        add_name(json, "name", section.name);
        cJSON_AddNumberToObject(json, "address", section.address);
        cJSON_AddNumberToObject(json, "size", section.virtual_size);
        cJSON_AddNumberToObject(json, "file_offset", section.file_offset);
        cJSON_AddNumberToObject(json, "file_size", section.file_size);
        cJSON_AddNumberToObject(json, "characteristics", section.characteristics);
        cJSON_AddStringToObject(json, "access", info_protection(section.characteristics));
        cJSON_AddItemToArray(list, json);
    }
    return list;
}

static cJSON *imports(const struct info_report *report)
{
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < report->import_count; i++) {
        const struct info_import *import = &report->imports[i];
        cJSON *json = cJSON_CreateObject();
        add_name(json, "module", import->module);
        add_name(json, "name", import->name);
        if (!import->name)
            cJSON_AddNumberToObject(json, "ordinal", import->ordinal);
        cJSON_AddBoolToObject(json, "in_host", import->in_host);
        cJSON_AddBoolToObject(json, "in_wine_8", import->in_wine);
        cJSON_AddItemToArray(list, json);
    }
    return list;
}

static cJSON *exports(const struct info_report *report)
{
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < report->export_count; i++) {
        const struct sb_image_export *export = &report->exports[i];
        cJSON *json = cJSON_CreateObject();
        add_name(json, "name", export->name);
        cJSON_AddNumberToObject(json, "address", export->address);
        if (export->forwarder)
            add_name(json, "forwarder", export->forwarder);
        cJSON_AddItemToArray(list, json);
    }
    return list;
}

static cJSON *hardening(const struct info_hardening *from)
{
    cJSON *json = cJSON_CreateObject();

    cJSON_AddBoolToObject(json, "nx", from->nx);
    cJSON_AddBoolToObject(json, "aslr", from->aslr);
    cJSON_AddBoolToObject(json, "high_entropy", from->high_entropy);
    cJSON_AddBoolToObject(json, "cfg", from->cfg);
    cJSON_AddBoolToObject(json, "force_integrity", from->force_integrity);
    cJSON_AddBoolToObject(json, "stack_cookie", from->has_cookie);
    cJSON_AddBoolToObject(json, "write_xor_execute", !from->write_and_execute);
    return json;
}

static cJSON *signature(const struct info_signature *from)
{
    cJSON *json = cJSON_CreateObject();

    cJSON_AddBoolToObject(json, "present", from->is_present);
    if (!from->is_present)
        return json;
    add_name(json, "problem", from->problem);
    add_name(json, "subject", from->subject);
    add_name(json, "issuer", from->issuer);
    add_name(json, "digest", from->digest);
    cJSON_AddBoolToObject(json, "digest_matches", from->digest_matches);
    return json;
}

/* The strings were made valid UTF-8 when they were read. */
static cJSON *version(const struct info_report *report)
{
    cJSON *json = cJSON_CreateObject(), *strings = cJSON_CreateObject();

    add_name(json, "file_version", report->file_version);
    for (size_t i = 0; i < report->version_count; i++)
        cJSON_AddStringToObject(strings, report->version[i].key, report->version[i].value);
    cJSON_AddItemToObject(json, "strings", strings);
    return json;
}

void info_print_json(const struct info_report *report)
{
    cJSON *json = cJSON_CreateObject(), *debugging = cJSON_CreateObject();

    add_name(json, "file", report->path);
    cJSON_AddNumberToObject(json, "length", (double)report->length);
    cJSON_AddItemToObject(json, "header", header(report));
    cJSON_AddItemToObject(json, "sections", sections(report));
    cJSON_AddItemToObject(json, "imports", imports(report));
    cJSON_AddBoolToObject(json, "imports_are_whole", report->imports_are_whole);
    cJSON_AddItemToObject(json, "exports", exports(report));
    cJSON_AddBoolToObject(json, "exports_are_whole", report->exports_are_whole);
    cJSON_AddNumberToObject(json, "relocations", report->relocation_count);
    cJSON_AddBoolToObject(json, "relocations_are_whole", report->relocations_are_whole);
    cJSON_AddItemToObject(json, "hardening", hardening(&report->hardening));
    cJSON_AddItemToObject(json, "signature", signature(&report->signature));
    cJSON_AddItemToObject(json, "version", version(report));
    cJSON_AddBoolToObject(debugging, "dwarf", report->has_dwarf);
    add_name(debugging, "pdb", report->pdb);
    cJSON_AddItemToObject(json, "debugging", debugging);
    char *text = cJSON_Print(json);
    puts(text ? text : "null");
    cJSON_free(text);
    cJSON_Delete(json);
}
