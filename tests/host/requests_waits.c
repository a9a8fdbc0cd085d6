/* Calls that pend: how their ends are told, and how they are cancelled. */
#include "requests_calls.h"

void overlapped_requests_tell_by_event_and_status_block(void **state)
{
    struct fixture *fixture = claim_state(state);
    sb_handle file = open_as(fixture, "\\\\.\\ReqBuffered", true), event;
    struct sb_io_status first = {.status = 0x77}, second = {.status = 0x77}, result;
    struct answer answer = {0, 0x11, 8};
    assert_int_equal(sb_process_create_event(fixture->process, true, true, &event), 0);
    assert_int_equal(sb_process_ioctl(fixture->process, file, event, &first,
                                      code_of(HOLD, BUFFERED), NULL, 0, fixture->buffer + 4096, 16),
                     SB_STATUS_PENDING);
    assert_int_equal(sb_process_wait(fixture->process, &event, 1, false, 0), SB_STATUS_TIMEOUT);
    assert_int_equal(first.status, 0x77);
    memcpy(fixture->buffer, &answer, sizeof(answer));
    assert_int_equal(sb_process_ioctl(fixture->process, file, 0, &result,
                                      code_of(RELEASE, BUFFERED), fixture->buffer, sizeof(answer),
                                      NULL, 0),
                     0);
    assert_int_equal(sb_process_wait(fixture->process, &event, 1, false, 1000), 0);
    assert_int_equal(first.status, 0);
    assert_int_equal(first.information, 8);
    assert_memory_equal(fixture->buffer + 4096, "\x11\x11\x11\x11\x11\x11\x11\x11", 8);
    /* Without an event the file itself is signalled. */
    assert_int_equal(sb_process_ioctl(fixture->process, file, 0, &second, code_of(HOLD, BUFFERED),
                                      NULL, 0, NULL, 0),
                     SB_STATUS_PENDING);
    assert_int_equal(sb_process_wait(fixture->process, &file, 1, false, 0), SB_STATUS_TIMEOUT);
    assert_int_equal(sb_process_cancel(fixture->process, file, &first), STATUS_NOT_FOUND);
    assert_int_equal(sb_process_cancel(fixture->process, file, &second), 0);
    assert_int_equal(sb_process_wait(fixture->process, &file, 1, false, 1000), 0);
    assert_int_equal(second.status, STATUS_CANCELLED);
    assert_int_equal(sb_process_cancel(fixture->process, file, NULL), STATUS_NOT_FOUND);
}

void cancel_ends_all_requests_of_a_file(void **state)
{
    struct fixture *fixture = claim_state(state);
    sb_handle file = open_as(fixture, "\\\\.\\ReqBuffered", true), other;
    struct sb_io_status results[4], last = {.status = 0x77};
    other = open_as(fixture, "\\\\.\\ReqBuffered", true);
    for (int i = 0; i < 4; i++)
        assert_int_equal(sb_process_ioctl(fixture->process, file, 0, &results[i],
                                          code_of(QUEUE, BUFFERED), NULL, 0, NULL, 0),
                         SB_STATUS_PENDING);
    assert_int_equal(sb_process_ioctl(fixture->process, other, 0, &last, code_of(QUEUE, BUFFERED),
                                      NULL, 0, NULL, 0),
                     SB_STATUS_PENDING);
    assert_int_equal(sb_process_cancel(fixture->process, file, NULL), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(results[i].status, STATUS_CANCELLED);
    assert_int_equal(last.status, 0x77);
    assert_int_equal(sb_process_cancel(fixture->process, other, NULL), 0);
    assert_int_equal(last.status, STATUS_CANCELLED);
}

void ports_receive_completions(void **state)
{
    struct fixture *fixture = claim_state(state);
    sb_handle file = open_as(fixture, "\\\\.\\ReqBuffered", true), port, event;
    sb_handle synchronous = open_as(fixture, "\\\\.\\ReqBuffered", false);
    struct sb_io_status result, failed;
    struct sb_packet packet;
    uint32_t skip = 1;
    assert_int_equal(sb_process_create_port(fixture->process, &port), 0);
    assert_int_equal(sb_process_create_event(fixture->process, true, false, &event), 0);
    assert_int_equal(sb_process_associate_port(fixture->process, synchronous, port, 1),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(sb_process_associate_port(fixture->process, file, event, 1),
                     STATUS_OBJECT_TYPE_MISMATCH);
    assert_int_equal(sb_process_associate_port(fixture->process, file, port, 0xCAFE), 0);
    assert_int_equal(sb_process_associate_port(fixture->process, file, port, 2),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(sb_process_wait_port(fixture->process, port, 0, &packet), SB_STATUS_TIMEOUT);
    assert_int_equal(answer(fixture, file, 0, 3, 16, &result), 0);
    assert_int_equal(sb_process_wait_port(fixture->process, port, 0, &packet), 0);
    assert_int_equal(packet.key, 0xCAFE);
    assert_int_equal(packet.context, (uintptr_t)&result);
    assert_int_equal(packet.io_status.status, 0);
    assert_int_equal(packet.io_status.information, 3);
    /* An error that did not pend posts nothing, one that did does. */
    assert_int_equal(answer(fixture, file, (uint32_t)STATUS_UNSUCCESSFUL, 0, 16, &failed),
                     STATUS_UNSUCCESSFUL);
    assert_int_equal(sb_process_wait_port(fixture->process, port, 0, &packet), SB_STATUS_TIMEOUT);
    assert_int_equal(sb_process_ioctl(fixture->process, file, 0, &result, code_of(HOLD, BUFFERED),
                                      NULL, 0, NULL, 0),
                     SB_STATUS_PENDING);
    assert_int_equal(sb_process_cancel(fixture->process, file, &result), 0);
    assert_int_equal(sb_process_wait_port(fixture->process, port, 1000, &packet), 0);
    assert_int_equal(packet.io_status.status, STATUS_CANCELLED);
    /* FILE_SKIP_COMPLETION_PORT_ON_SUCCESS */
    assert_int_equal(sb_process_set_information(fixture->process, file, &result, 41, &skip, 4), 0);
    assert_int_equal(answer(fixture, file, 0, 3, 16, &result), 0);
    assert_int_equal(sb_process_wait_port(fixture->process, port, 0, &packet), SB_STATUS_TIMEOUT);
    packet = (struct sb_packet){7, 8, {9, 0, 10}};
    assert_int_equal(sb_process_post_port(fixture->process, port, &packet), 0);
    memset(&packet, 0, sizeof(packet));
    assert_int_equal(sb_process_wait_port(fixture->process, port, SB_FOREVER, &packet), 0);
    assert_int_equal(packet.key + packet.context + packet.io_status.information, 25);
}

void synchronous_waits_can_be_cancelled(void **state)
{
    struct fixture *fixture = claim_state(state);
    struct blocked blocked = {fixture, fixture->process, 0, HOLD, 0};
    pthread_t thread;
    blocked.file = open_as(fixture, "\\\\.\\ReqBuffered", false);
    assert_int_equal(sb_process_cancel_synchronous(fixture->process), STATUS_NOT_FOUND);
    pthread_create(&thread, NULL, block, &blocked);
    while (sb_process_cancel_synchronous(fixture->process) == STATUS_NOT_FOUND)
        usleep(1000);
    pthread_join(thread, NULL);
    assert_int_equal(blocked.status, STATUS_CANCELLED);
}
