#include "host.h"

#include <pthread.h>
#include <stdlib.h>

static _Thread_local sb_status last_status;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sb_machine *shared_machine;
static struct sb_process *shared_process;

uint32_t sb_system_error(void)
{
    return (uint32_t)last_status;
}

enum sb_error sb_fail(enum sb_error error, sb_status status)
{
    last_status = status;
    return error;
}

/* Ends the applications before the kernel, as a shutdown does. */
static void end_machine(void)
{
    sb_process_destroy(shared_process);
    sb_machine_destroy(shared_machine);
}

static sb_status make_machine(void)
{
    struct sb_machine *machine;
    sb_status status;

    status = sb_machine_create(NULL, &machine);
    if (status != 0)
        return status;
    status = sb_process_create(machine, NULL, &shared_process);
    if (status != 0) {
        sb_machine_destroy(machine);
        return status;
    }
    shared_machine = machine;
    atexit(end_machine);
    return 0;
}

enum sb_error sb_client_machine(struct sb_machine **machine, struct sb_process **process)
{
    sb_status status = 0;

    pthread_mutex_lock(&lock);
    if (shared_machine == NULL)
        status = make_machine();
    *machine = shared_machine;
    *process = shared_process;
    pthread_mutex_unlock(&lock);
    return status == 0 ? SB_OK : sb_fail(SB_ERROR_SYSTEM, status);
}
