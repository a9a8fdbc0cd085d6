#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include <mydevice/arguments.h>

#define MAXIMUM_WORDS 16

static char message[300];

/* Parses the words behind a program name; words ends with NULL. */
static int parse_words(struct arguments *arguments, const char *const *words)
{
    static char copies[MAXIMUM_WORDS][64];
    char *argv[MAXIMUM_WORDS + 1] = {"mydevice"};
    int argc = 1;

    for (; *words != NULL; words++, argc++) {
        assert_true(argc < MAXIMUM_WORDS && strlen(*words) < sizeof(copies[0]));
        argv[argc] = strcpy(copies[argc], *words);
    }
    message[0] = '\0';
    return parse_arguments(argc, argv, arguments, message, sizeof(message));
}

#define parse(arguments, ...) parse_words(arguments, (const char *const[]){__VA_ARGS__, NULL})

#define assert_refused(...)                                   \
    do {                                                      \
        struct arguments before, after;                       \
        memset(&before, 0x5A, sizeof(before));                \
        after = before;                                       \
        assert_int_equal(parse(&after, __VA_ARGS__), -1);     \
        assert_memory_equal(&before, &after, sizeof(before)); \
        assert_true(message[0] != '\0');                      \
    } while (0)

static void each_verb_is_known(void **state)
{
    struct arguments arguments;

    (void)state;
    assert_int_equal(parse(&arguments, "demo"), 0);
    assert_int_equal(arguments.verb, VERB_DEMO);
    assert_int_equal(parse(&arguments, "start"), 0);
    assert_int_equal(arguments.verb, VERB_START);
    assert_int_equal(parse(&arguments, "stop"), 0);
    assert_int_equal(arguments.verb, VERB_STOP);
    assert_int_equal(parse(&arguments, "uninstall"), 0);
    assert_int_equal(arguments.verb, VERB_UNINSTALL);
    assert_int_equal(parse(&arguments, "stats"), 0);
    assert_int_equal(arguments.verb, VERB_STATS);
    assert_false(arguments.watch);
    assert_int_equal(parse(&arguments, "stats", "--watch"), 0);
    assert_true(arguments.watch);
    assert_int_equal(parse(&arguments, "status"), 0);
    assert_int_equal(arguments.verb, VERB_STATUS);
    assert_int_equal(parse(&arguments, "help"), 0);
    assert_int_equal(arguments.verb, VERB_HELP);
    assert_int_equal(parse(&arguments, "--help"), 0);
    assert_int_equal(arguments.verb, VERB_HELP);
    assert_int_equal(parse(&arguments, "--version"), 0);
    assert_int_equal(arguments.verb, VERB_VERSION);
}

static void install_takes_one_path(void **state)
{
    struct arguments arguments;

    (void)state;
    assert_int_equal(parse(&arguments, "install", "C:\\a b\\驱动.sys"), 0);
    assert_int_equal(arguments.verb, VERB_INSTALL);
    assert_string_equal(arguments.path, "C:\\a b\\驱动.sys");
    assert_refused("install");
    assert_refused("install", "");
    assert_refused("install", "a.sys", "b.sys");
    assert_refused("install", "--force");
}

static void call_takes_each_field_in_any_order(void **state)
{
    struct arguments arguments;

    (void)state;
    assert_int_equal(parse(&arguments, "call", "--pid", "2566", "--size=100", "--flag", "2",
                           "--addr", "0x401234", "--write-buffer-addr", "1024", "--timeout", "0",
                           NULL),
                     0);
    assert_int_equal(arguments.verb, VERB_CALL);
    assert_int_equal(arguments.request.flag, 2);
    assert_int_equal(arguments.request.address, 0x401234);
    assert_int_equal(arguments.request.write_buffer_address, 1024);
    assert_int_equal(arguments.request.size, 100);
    assert_int_equal(arguments.request.pid, 2566);
    assert_int_equal(arguments.timeout, 0);
}

static void fields_not_given_are_zero(void **state)
{
    const struct mydevice_request zero = {0, 0, 0, 0, 0};
    struct arguments arguments;

    (void)state;
    assert_int_equal(parse(&arguments, "call"), 0);
    assert_memory_equal(&arguments.request, &zero, sizeof(zero));
    assert_int_equal(arguments.timeout, DEFAULT_TIMEOUT);
}

static void wrong_command_lines_are_refused_and_change_nothing(void **state)
{
    (void)state;
    assert_refused("frobnicate");
    assert_refused("");
    assert_refused("demo", "again");
    assert_refused("status", "--all");
    assert_refused("stats", "--all");
    assert_refused("stats", "--watch", "5");
    assert_refused("call", "--flag");
    assert_refused("call", "--flag", "two");
    assert_refused("call", "--flags", "2");
    assert_refused("call", "-f", "2");
    assert_refused("call", "2");
    assert_refused("call", "--flag", "2", "3");
    assert_refused("call", "--flag", "4294967296");
}

static void a_driver_for_the_host_comes_before_the_verb(void **state)
{
    struct arguments arguments;

    (void)state;
    assert_int_equal(parse(&arguments, "demo"), 0);
    assert_null(arguments.host_driver);
    assert_int_equal(parse(&arguments, "--host", "a b.sys", "call", "--flag", "7"), 0);
    assert_int_equal(arguments.verb, VERB_CALL);
    assert_int_equal(arguments.request.flag, 7);
    assert_string_equal(arguments.host_driver, "a b.sys");
    assert_refused("--host");
    assert_refused("--host", "");
    assert_refused("--host", "a.sys");
    assert_refused("demo", "--host", "a.sys");
    assert_refused("--host", "a.sys", "--host", "b.sys", "demo");
}

static void a_trace_goes_with_a_driver_for_the_host(void **state)
{
    struct arguments arguments;

    (void)state;
    assert_int_equal(parse(&arguments, "--host", "a.sys", "--trace", "t.json", "demo"), 0);
    assert_string_equal(arguments.host_driver, "a.sys");
    assert_string_equal(arguments.trace, "t.json");
    assert_int_equal(parse(&arguments, "--trace", "t.json", "--host", "a.sys", "demo"), 0);
    assert_string_equal(arguments.trace, "t.json");
    assert_int_equal(parse(&arguments, "--host", "a.sys", "demo"), 0);
    assert_null(arguments.trace);
    assert_refused("--trace", "t.json", "demo");
    assert_refused("--host", "a.sys", "--trace");
    assert_refused("--host", "a.sys", "--trace", "");
    assert_refused("--host", "a.sys", "--trace", "t", "--trace", "u", "demo");
}

static void no_verb_at_all_is_refused(void **state)
{
    char *argv[] = {"mydevice", NULL};
    struct arguments arguments;

    (void)state;
    assert_int_equal(parse_arguments(1, argv, &arguments, message, sizeof(message)), -1);
    assert_non_null(strstr(message, "mydevice help"));
    assert_int_equal(parse_arguments(0, argv, &arguments, message, sizeof(message)), -1);
}

static void a_refusal_names_the_option_and_the_word(void **state)
{
    (void)state;
    assert_refused("call", "--size", "12q");
    assert_non_null(strstr(message, "--size"));
    assert_non_null(strstr(message, "12q"));
    assert_refused("call", "--wrong", "1");
    assert_non_null(strstr(message, "--wrong"));
    assert_refused("call", "--flag", "1", "--pid");
    assert_non_null(strstr(message, "--pid"));
}

static void a_long_message_is_cut_to_its_room(void **state)
{
    char *argv[] = {"mydevice", "averylongcommandthatdoesnotexist", NULL};
    struct arguments arguments;
    char small[8];

    (void)state;
    memset(small, 'x', sizeof(small));
    assert_int_equal(parse_arguments(2, argv, &arguments, small, sizeof(small) - 1), -1);
    assert_int_equal(small[6], '\0');
    assert_int_equal(small[7], 'x');
}

static void numbers_are_decimal_or_hexadecimal(void **state)
{
    uint32_t number = 77;

    (void)state;
    assert_int_equal(parse_number("0", &number), 0);
    assert_int_equal(number, 0);
    assert_int_equal(parse_number("4294967295", &number), 0);
    assert_int_equal(number, UINT32_MAX);
    assert_int_equal(parse_number("0xFFFFffff", &number), 0);
    assert_int_equal(number, UINT32_MAX);
    assert_int_equal(parse_number("0X10", &number), 0);
    assert_int_equal(number, 16);
    assert_int_equal(parse_number("010", &number), 0);
    assert_int_equal(number, 10);
}

static void what_is_no_number_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",    " ",  "-1",         "+1",          "1 ",
        " 1",  "0x", "0xg",        "x10",         "1.5",
        "1e3", "٣",  "4294967296", "0x100000000", "99999999999999999999999999",
    };
    uint32_t number = 77;
    size_t index;

    (void)state;
    for (index = 0; index < sizeof(wrong) / sizeof(wrong[0]); index++) {
        assert_int_equal(parse_number(wrong[index], &number), -1);
        assert_int_equal(number, 77);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_verb_is_known),
        cmocka_unit_test(install_takes_one_path),
        cmocka_unit_test(call_takes_each_field_in_any_order),
        cmocka_unit_test(fields_not_given_are_zero),
        cmocka_unit_test(wrong_command_lines_are_refused_and_change_nothing),
        cmocka_unit_test(a_driver_for_the_host_comes_before_the_verb),
        cmocka_unit_test(a_trace_goes_with_a_driver_for_the_host),
        cmocka_unit_test(no_verb_at_all_is_refused),
        cmocka_unit_test(a_refusal_names_the_option_and_the_word),
        cmocka_unit_test(a_long_message_is_cut_to_its_room),
        cmocka_unit_test(numbers_are_decimal_or_hexadecimal),
        cmocka_unit_test(what_is_no_number_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
