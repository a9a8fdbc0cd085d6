/* sysbuf exports: what the host offers to drivers, by component. docs/host-exports.md is its
 * output with --markdown. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sysbuf/image.h>

#include "cli/command.h"
#include "cli/memory.h"

struct list {
    struct sb_host_export *exports;
    size_t count;
};

static bool add(void *context, const struct sb_host_export *export)
{
    struct list *list = context;

    list->exports = memory_grow(list->exports, list->count, sizeof *list->exports);
    list->exports[list->count++] = *export;
    return true;
}

static int compare(const void *left, const void *right)
{
    const struct sb_host_export *a = left, *b = right;
    int order = strcmp(a->component, b->component);

    if (order == 0)
        order = strcmp(a->module, b->module);
    return order ? order : strcmp(a->name, b->name);
}

static const char *title(const char *component)
{
    static const char *const titles[][2] = {
        {"cm", "Cm: the registry"},
        {"crt", "The C runtime"},
        {"ex", "Ex: pool, resources, lists, work"},
        {"fs", "Files: volumes and what file systems use"},
        {"hal", "Hal: DMA"},
        {"io", "Io: devices and requests"},
        {"ke", "Ke: threads, waits, IRQL, timers, DPCs"},
        {"loader", "Drivers as modules"},
        {"mm", "Mm: memory"},
        {"net", "Networking"},
        {"ob", "Ob: objects, names, handles"},
        {"ps", "Ps: processes and threads"},
        {"rtl", "Rtl: strings, tables, numbers"},
        {"se", "Se: security"},
        {"seh", "Exceptions"},
        {"wmi", "WMI: data blocks and events"},
        {"zw", "Zw: system calls for drivers"},
    };

    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        if (strcmp(titles[i][0], component) == 0)
            return titles[i][1];
    return component;
}

static void print_plain(const struct list *list)
{
    for (size_t i = 0; i < list->count; i++)
        printf("%s %s %s%s\n", list->exports[i].component, list->exports[i].module,
               list->exports[i].name, list->exports[i].is_data ? " data" : "");
}

static size_t count_component(const struct list *list, size_t first)
{
    size_t count = 0;

    while (first + count < list->count &&
           strcmp(list->exports[first + count].component, list->exports[first].component) == 0)
        count++;
    return count;
}

static void print_markdown(const struct list *list)
{
    puts("# What the host offers to drivers\n\nMade by `sysbuf exports --markdown`; not written by "
         "hand. A routine that is not here is a load\nerror that names it. Names in *italics* are "
         "variables.");
    for (size_t i = 0; i < list->count; i++) {
        const struct sb_host_export *export = &list->exports[i];
        const char *mark = export->is_data ? "*" : "`";
        if (i == 0 || strcmp(export->component, list->exports[i - 1].component) != 0)
            printf("\n## %s\n\n%zu names.\n\n", title(export->component), count_component(list, i));
        if (strcmp(export->module, "ntoskrnl.exe") == 0)
            printf("- %s%s%s\n", mark, export->name, mark);
        else
            printf("- %s%s%s (%s)\n", mark, export->name, mark, export->module);
    }
}

int exports_command(int count, char **arguments)
{
    static const struct option options[] = {
        {"markdown", no_argument, NULL, 'm'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    struct list list = {0};
    bool markdown = false;
    int option;

    while ((option = getopt_long(count, arguments, ":h", options, NULL)) != -1) {
        if (option == 'h')
            return help_show("exports");
        if (option != 'm')
            return command_bad_option("exports", arguments, option);
        markdown = true;
    }
    if (optind != count)
        return command_fail("exports takes no arguments; see 'sysbuf exports --help'");
    sb_host_exports(add, &list);
    qsort(list.exports, list.count, sizeof *list.exports, compare);
    (markdown ? print_markdown : print_plain)(&list);
    free(list.exports);
    return EXIT_FINE;
}
