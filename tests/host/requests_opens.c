/* Opening, and handles. */
#include "requests_calls.h"

void create_carries_the_callers_wishes(void **state)
{
    struct fixture *fixture = claim_state(state);
    struct sb_open_options options = {.access = 0x80000000u, .share = SHARE_READ | SHARE_WRITE};
    struct counts counts;
    sb_handle file, below;
    assert_int_equal(
        sb_process_open(fixture->process, "\\Device\\ReqBuffered\\some\\name", &options, &below),
        0);
    counts_of(fixture, below, &counts);
    assert_int_equal(counts.name_length, 20);
    assert_int_equal(counts.share_access, SHARE_READ | SHARE_WRITE);
    assert_int_equal(counts.desired_access, 0x120089); /* FILE_GENERIC_READ */
    assert_int_equal(counts.options, (1u << 24) | 0x20);
    options.root = below;
    assert_int_equal(sb_process_open(fixture->process, "more", &options, &file), 0);
    counts_of(fixture, file, &counts);
    assert_int_equal(counts.name_length, 8);
    assert_int_equal(sb_process_open(fixture->process, "\\\\.\\Nowhere", NULL, &file),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(
        sb_process_open(fixture->process, "\\\\.\\GLOBALROOT\\Device\\ReqBuffered", NULL, &file),
        0);
}

void exclusive_devices_are_opened_once(void **state)
{
    struct fixture *fixture = claim_state(state);
    sb_handle file = open_as(fixture, "\\\\.\\ReqExclusive", false), second = 0;
    assert_int_equal(sb_process_open(fixture->process, "\\\\.\\ReqExclusive", NULL, &second),
                     STATUS_ACCESS_DENIED);
    assert_int_equal(second, 0);
    struct sb_open_options relative = {.root = file};
    assert_int_equal(sb_process_open(fixture->process, "", &relative, &second), 0);
    assert_int_equal(sb_process_close(fixture->process, second), 0);
    assert_int_equal(sb_process_close(fixture->process, file), 0);
    assert_int_equal(sb_process_open(fixture->process, "\\\\.\\ReqExclusive", NULL, &file), 0);
}

void share_modes_are_the_drivers(void **state)
{
    struct fixture *fixture = claim_state(state);
    struct sb_open_options options = {.access = READ_DATA, .share = SHARE_READ};
    sb_handle first, second;
    assert_int_equal(sb_process_open(fixture->process, "\\\\.\\ReqDirect", &options, &first), 0);
    assert_int_equal(sb_process_open(fixture->process, "\\\\.\\ReqDirect", &options, &second), 0);
    options.access = WRITE_DATA;
    assert_int_equal(sb_process_open(fixture->process, "\\\\.\\ReqDirect", &options, &second),
                     STATUS_SHARING_VIOLATION);
}

void duplicates_share_one_file(void **state)
{
    struct fixture *fixture = claim_state(state);
    sb_handle file = open_as(fixture, "\\\\.\\ReqBuffered", false), copy, weak, watcher;
    struct sb_process *other;
    struct sb_io_status result;
    struct counts counts;
    watcher = open_as(fixture, "\\\\.\\ReqBuffered", false);
    assert_int_equal(sb_process_create(fixture->machine, NULL, &other), 0);
    assert_int_equal(sb_process_duplicate(fixture->process, file, other, 0, 0, &copy), 0);
    assert_int_equal(
        sb_process_duplicate(fixture->process, file, fixture->process, READ_DATA, 0, &weak), 0);
    assert_int_equal(sb_process_write(fixture->process, weak, 0, &result, fixture->buffer, 1, 0),
                     STATUS_ACCESS_DENIED);
    assert_int_equal(
        sb_process_duplicate(fixture->process, weak, other, READ_DATA | WRITE_DATA, 0, &copy),
        STATUS_ACCESS_DENIED);
    assert_int_equal(sb_process_close(fixture->process, file), 0);
    assert_int_equal(sb_process_close(fixture->process, weak), 0);
    counts_of(fixture, watcher, &counts);
    assert_int_equal(counts.cleanups, 0);
    sb_process_destroy(other); /* closes the last handle */
    counts_of(fixture, watcher, &counts);
    assert_int_equal(counts.cleanups, 1);
    assert_int_equal(counts.closes, 1);
}
