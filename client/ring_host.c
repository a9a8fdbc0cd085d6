/*
 * What the ring needs of the system, on the host. The events and the view are in the program's own
 * process there.
 */
#include "host.h"
#include "status.h"
#include "ring_system.h"

#include <time.h>

static struct sb_process *process(void)
{
    struct sb_machine *machine;
    struct sb_process *process = NULL;

    sb_client_machine(&machine, &process);
    return process;
}

bool sb_ring_wait_event(uint64_t event, uint32_t milliseconds)
{
    sb_handle handle = event;

    return sb_process_wait(process(), &handle, 1, false, milliseconds) == 0;
}

void sb_ring_set_event(uint64_t event)
{
    sb_process_set_event(process(), event);
}

void sb_ring_close_event(uint64_t event)
{
    sb_process_close(process(), event);
}

void sb_ring_unmap_view(void *view)
{
    sb_process_unmap(process(), view);
}

uint64_t sb_ring_clock(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

enum sb_error sb_ring_status_error(uint32_t status)
{
    enum sb_error error = sb_status_error((sb_status)status);

    return error == SB_OK ? SB_OK : sb_fail(error, (sb_status)status);
}
