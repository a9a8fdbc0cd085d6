#include "host.h"

#include <pthread.h>
#include <stdlib.h>

static _Thread_local sb_status last_status;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sb_machine *shared_machine;
static struct sb_process *shared_process;
static struct sb_trace_file *trace; /* NULL: none */

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
    sb_trace_file_delete(trace);
}

static sb_status make_machine(void)
{
    const struct sb_machine_options options = {.trace = trace != NULL ? sb_trace_file_event : NULL,
                                               .trace_context = trace};
    struct sb_machine *machine;
    sb_status status;

    status = sb_machine_create(&options, &machine);
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

static enum sb_error begin_trace(const char *path)
{
    int error;

    if (shared_machine != NULL || trace != NULL)
        return sb_fail(SB_ERROR_STATE, 0);
    error = sb_trace_file_create(path, &trace);
    return error == 0 ? SB_OK : sb_fail(SB_ERROR_SYSTEM, error);
}

/* The file stays with the machine, which may go on telling it what nobody writes any more. */
static enum sb_error end_trace(void)
{
    int error;

    if (trace == NULL)
        return sb_fail(SB_ERROR_STATE, 0);
    error = sb_trace_file_finish(trace);
    return error == 0 ? SB_OK : sb_fail(SB_ERROR_SYSTEM, error);
}

enum sb_error sb_trace_requests(const char *path)
{
    enum sb_error error;

    pthread_mutex_lock(&lock);
    error = path != NULL ? begin_trace(path) : end_trace();
    pthread_mutex_unlock(&lock);
    return error;
}
