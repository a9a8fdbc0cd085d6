/* sysbuf info: options, and gathering what there is to say. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/files.h"
#include "cli/info/report.h"
#include "cli/info/wine.h"

static bool wine_has(const char *module, const char *name)
{
    for (size_t i = 0; i < wine_export_count; i++)
        if (strcasecmp(wine_exports[i].module, module) == 0 &&
            strcmp(wine_exports[i].name, name) == 0)
            return true;
    return false;
}

/* By name; ordinals last. */
static int compare_imports(const void *one, const void *other)
{
    const struct info_import *left = one, *right = other;

    if (left->name && right->name)
        return strcmp(left->name, right->name);
    if (left->name || right->name)
        return left->name ? -1 : 1;
    return (int)left->ordinal - (int)right->ordinal;
}

/* Each module's imports by name, whatever order the linker left them in. */
static void sort_imports(struct info_import *imports, size_t count)
{
    size_t first = 0;

    for (size_t i = 1; i <= count; i++)
        if (i == count || strcmp(imports[i].module, imports[first].module) != 0) {
            qsort(imports + first, i - first, sizeof *imports, compare_imports);
            first = i;
        }
}

static bool add_import(void *context, const struct sb_image_import *import)
{
    struct info_report *report = context;
    struct info_import *imports =
        memory_grow(report->imports, report->import_count, sizeof *imports);

    report->imports = imports;
    imports[report->import_count++] = (struct info_import){
        .module = import->module,
        .name = import->name,
        .ordinal = import->ordinal,
        .in_host = import->is_present,
        .module_is_hosts = import->module_is_hosts,
        .in_wine = import->name && wine_has(import->module, import->name),
    };
    report->missing_in_host += !import->is_present;
    report->missing_in_wine += !imports[report->import_count - 1].in_wine;
    return true;
}

static bool add_export(void *context, const struct sb_image_export *export)
{
    struct info_report *report = context;

    report->exports = memory_grow(report->exports, report->export_count, sizeof *report->exports);
    report->exports[report->export_count++] = *export;
    return true;
}

sb_status info_gather(struct info_report *report, char *error, size_t error_size)
{
    sb_status status =
        sb_image_open(report->bytes, report->length, &report->image, error, error_size);

    if (status < 0)
        return status;
    sb_image_header(report->image, &report->header);
    report->imports_are_whole = sb_image_imports(report->image, add_import, report) >= 0;
    sort_imports(report->imports, report->import_count);
    report->exports_are_whole = sb_image_exports(report->image, add_export, report) >= 0;
    report->relocations_are_whole =
        sb_image_relocations(report->image, &report->relocation_count) >= 0;
    info_read_hardening(report);
    info_read_version(report);
    info_read_debug(report);
    info_read_signature(report);
    return status;
}

void info_release(struct info_report *report)
{
    free(report->imports);
    free(report->exports);
    free(report->version);
    arena_free(&report->arena);
    sb_image_close(report->image);
}

static int show(const char *path, bool as_json)
{
    struct info_report report = {.path = path};
    struct file_contents file;
    const char *reason = "";
    char error[256] = "it cannot be read";
    int code = EXIT_FINE;

    if (!file_read(path, &file, &reason))
        return command_fail("%s: %s", path, reason);
    report.bytes = file.bytes;
    report.length = file.length;
    if (info_gather(&report, error, sizeof error) < 0)
        code = command_fail("%s: %s", path, error);
    else
        (as_json ? info_print_json : info_print)(&report);
    info_release(&report);
    free(file.bytes);
    return code;
}

int info_command(int count, char **arguments)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    bool as_json = false;
    int option;

    while ((option = getopt_long(count, arguments, ":h", options, NULL)) != -1) {
        if (option == 'h')
            return help_show("info");
        if (option != 'j')
            return command_bad_option("info", arguments, option);
        as_json = true;
    }
    if (count - optind != 1)
        return command_fail("info: which one driver? See 'sysbuf info --help'");
    return show(arguments[optind], as_json);
}
