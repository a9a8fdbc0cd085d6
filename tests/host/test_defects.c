/*
 * The corpus of mistakes on the verifier itself: every driver of tests/drivers/defects is loaded,
 * opened, called, closed and unloaded with all rules on. With the mistake the first finding is the
 * rule that its source names, at the line that its source names; the twin has none.
 *
 * test-host-defects [NAME...]: those alone.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sysbuf/host.h>

enum { CODE = 0x222000, MOST_DEFECTS = 512 };

struct defect {
    char name[64];
    char rule[64];
    int line;
    bool needs_clang;
};

static struct defect defects[MOST_DEFECTS];
static struct CMUnitTest tests[MOST_DEFECTS];
static size_t defect_count;

static void no_log(void *context, const char *text, size_t length)
{
    (void)context, (void)text, (void)length;
}

/* What the caller's buffers hold is of no importance to most mistakes. */
static void call_driver(struct sb_machine *machine)
{
    struct sb_process *process;
    struct sb_io_status io_status;
    sb_handle file;

    if (sb_process_create(machine, NULL, &process) != 0)
        return;
    if (sb_process_open(process, "\\\\.\\Defect", NULL, &file) == 0) {
        void *buffer = sb_process_allocate(process, 64, true);
        memset(buffer, 0x41, 64);
        sb_process_ioctl(process, file, 0, &io_status, CODE, buffer, 64, buffer, 64);
        sb_process_read(process, file, 0, &io_status, buffer, 64, 0);
        sb_process_write(process, file, 0, &io_status, buffer, 64, 0);
        sb_process_close(process, file);
    }
    sb_process_destroy(process);
}

static void run(const struct defect *defect, const char *variant, bool bad)
{
    struct sb_machine_options options = {.log = no_log, .verify = SB_VERIFY_ALL};
    struct sb_machine *machine;
    struct sb_driver *driver;
    struct sb_finding finding = {0};
    char path[512], error[512] = "", stack[2048] = "";

    snprintf(path, sizeof path, SYSBUF_DEFECTS "/%s-%s-%s.sys", defect->name, bad ? "bad" : "good",
             variant);
    assert_int_equal(0, sb_machine_create(&options, &machine));
    sb_status status = sb_machine_load_driver_file(machine, path, &driver, error, sizeof error);
    if (status != 0)
        print_message("%s: %08x %s\n", path, (unsigned)status, error);
    else
        call_driver(machine);
    if (status == 0)
        sb_machine_unload_driver(machine, driver);
    uint32_t count = sb_machine_finding_count(machine);
    if (count)
        sb_machine_finding(machine, 0, &finding, stack, sizeof stack);
    sb_machine_destroy(machine);
    if ((count != 0) != bad || (bad && strcmp(finding.rule.identifier, defect->rule) != 0))
        print_message("%s: %u findings; %s: %s at %s+0x%lx %s:%d\n%s", path, count,
                      count ? finding.rule.identifier : "-", finding.message, finding.module,
                      finding.offset, finding.source_file, finding.line, stack);
    assert_int_equal(0, status);
    assert_int_equal(bad, count != 0);
    if (!bad)
        return;
    assert_string_equal(defect->rule, finding.rule.identifier);
    assert_int_equal(defect->line, finding.line);
}

static void test_defect(void **state)
{
    static const char *const variants[] = {"clang-O0", "clang-O2", "gcc-O0", "gcc-O2"};
    const struct defect *defect = *state;
    size_t count = sizeof variants / sizeof *variants;

    sb_host_claim_faults();
    for (size_t i = 0; i < (defect->needs_clang ? 2 : count); i++) {
        run(defect, variants[i], true);
        run(defect, variants[i], false);
    }
}

/* The rule and the line that a source names. */
static bool read_mistake(const char *path, struct defect *defect)
{
    static const char mark[] = "MISTAKE: ";
    char line[512];
    bool found = false;
    FILE *file = fopen(path, "r");

    for (int number = 1; file && !found && fgets(line, sizeof line, file); number++) {
        char *at = strstr(line, mark);
        defect->needs_clang = defect->needs_clang || strstr(line, "COMPILER: clang");
        found = at && sscanf(at + sizeof mark - 1, "%63[a-z0-9-]", defect->rule) == 1;
        defect->line = number;
    }
    if (file)
        fclose(file);
    return found;
}

static bool is_wanted(const char *name, int count, char **names)
{
    for (int i = 1; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return count == 1;
}

static void add(const char *file_name)
{
    struct defect *defect = &defects[defect_count];
    char path[512];
    size_t length = strlen(file_name);

    snprintf(path, sizeof path, SYSBUF_DEFECT_SOURCES "/%s", file_name);
    snprintf(defect->name, sizeof defect->name, "%.*s", (int)(length - 2), file_name);
    if (!read_mistake(path, defect)) {
        fprintf(stderr, "%s: no line says MISTAKE: rule\n", path);
        exit(2);
    }
    tests[defect_count++] = (struct CMUnitTest){defect->name, test_defect, NULL, NULL, defect};
}

static int is_source(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 2 && strcmp(entry->d_name + length - 2, ".c") == 0;
}

int main(int count, char **names)
{
    struct dirent **entries;
    int found = scandir(SYSBUF_DEFECT_SOURCES, &entries, is_source, alphasort);

    for (int i = 0; i < found && defect_count < MOST_DEFECTS; i++) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)strlen(entries[i]->d_name) - 2,
                 entries[i]->d_name);
        if (is_wanted(name, count, names))
            add(entries[i]->d_name);
        free(entries[i]);
    }
    if (found >= 0)
        free(entries);
    if (defect_count == 0) {
        fprintf(stderr, "no such mistake in " SYSBUF_DEFECT_SOURCES "\n");
        return 2;
    }
    return _cmocka_run_group_tests("defects", tests, defect_count, NULL, NULL);
}
