/*
 * Services on the host: drivers in the program's own machine. They last as long as the program.
 */
#include "host.h"
#include "image.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct service {
    struct service *next;
    struct sb_driver *driver; /* while it runs */
    char *path;
    char name[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct service *services; /* under lock */

static bool is_text(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* The link that points at the service, or at the end of the list. */
static struct service **find(const char *name)
{
    struct service **link = &services;

    while (*link != NULL && strcmp((*link)->name, name) != 0)
        link = &(*link)->next;
    return link;
}

static enum sb_error check_image(const char *path)
{
    FILE *file = fopen(path, "rb");
    bool driver;

    if (file == NULL)
        return sb_fail(errno == EACCES ? SB_ERROR_ACCESS_DENIED : SB_ERROR_FILE_NOT_FOUND, 0);
    driver = sb_is_driver_image(file);
    fclose(file);
    return driver ? SB_OK : sb_fail(SB_ERROR_BAD_IMAGE, 0);
}

static enum sb_error add(const char *name, const char *path)
{
    struct service **link = find(name);
    struct service *service;

    if (*link != NULL)
        return sb_fail(SB_ERROR_ALREADY_INSTALLED, 0);
    service = calloc(1, sizeof(*service) + strlen(name) + 1);
    if (service == NULL)
        return sb_fail(SB_ERROR_NO_MEMORY, 0);
    service->path = strdup(path);
    if (service->path == NULL) {
        free(service);
        return sb_fail(SB_ERROR_NO_MEMORY, 0);
    }
    strcpy(service->name, name);
    *link = service;
    return SB_OK;
}

enum sb_error sb_service_install(const char *name, const char *path)
{
    enum sb_error error;

    if (!is_text(name) || !is_text(path))
        return sb_fail(SB_ERROR_ARGUMENT, 0);
    error = check_image(path);
    if (error != SB_OK)
        return error;
    pthread_mutex_lock(&lock);
    error = add(name, path);
    pthread_mutex_unlock(&lock);
    return error;
}

static enum sb_error start(struct service *service)
{
    struct sb_machine *machine;
    struct sb_process *process;
    enum sb_error error;
    char reason[1024];
    sb_status status;

    if (service == NULL)
        return sb_fail(SB_ERROR_NOT_INSTALLED, 0);
    if (service->driver != NULL)
        return sb_fail(SB_ERROR_ALREADY_RUNNING, 0);
    error = sb_client_machine(&machine, &process);
    if (error != SB_OK)
        return error;
    status = sb_machine_load_driver_file(machine, service->path, &service->driver, reason,
                                         sizeof(reason));
    return status >= 0 ? SB_OK : sb_fail(SB_ERROR_START_FAILED, status);
}

enum sb_error sb_service_start(const char *name)
{
    enum sb_error error;

    if (!is_text(name))
        return sb_fail(SB_ERROR_ARGUMENT, 0);
    pthread_mutex_lock(&lock);
    error = start(*find(name));
    pthread_mutex_unlock(&lock);
    return error;
}

static enum sb_error stop(struct service *service)
{
    struct sb_machine *machine;
    struct sb_process *process;
    enum sb_error error;
    sb_status status;

    if (service == NULL)
        return sb_fail(SB_ERROR_NOT_INSTALLED, 0);
    if (service->driver == NULL)
        return sb_fail(SB_ERROR_NOT_RUNNING, 0);
    error = sb_client_machine(&machine, &process);
    if (error != SB_OK)
        return error;
    status = sb_machine_unload_driver(machine, service->driver);
    if (status < 0)
        return sb_fail(SB_ERROR_STOP_FAILED, status);
    service->driver = NULL;
    return SB_OK;
}

enum sb_error sb_service_stop(const char *name)
{
    enum sb_error error;

    if (!is_text(name))
        return sb_fail(SB_ERROR_ARGUMENT, 0);
    pthread_mutex_lock(&lock);
    error = stop(*find(name));
    pthread_mutex_unlock(&lock);
    return error;
}

enum sb_error sb_service_uninstall(const char *name)
{
    struct service *service;
    struct service **link;
    enum sb_error error;

    if (!is_text(name))
        return sb_fail(SB_ERROR_ARGUMENT, 0);
    pthread_mutex_lock(&lock);
    link = find(name);
    service = *link;
    error = stop(service);
    if (error == SB_OK || error == SB_ERROR_NOT_RUNNING) {
        *link = service->next;
        free(service->path);
        free(service);
        error = SB_OK;
    }
    pthread_mutex_unlock(&lock);
    return error;
}

enum sb_error sb_service_status(const char *name, enum sb_service_state *state)
{
    struct service *service;

    if (!is_text(name) || state == NULL)
        return sb_fail(SB_ERROR_ARGUMENT, 0);
    pthread_mutex_lock(&lock);
    service = *find(name);
    if (service != NULL)
        *state = service->driver != NULL ? SB_SERVICE_RUNNING : SB_SERVICE_STOPPED;
    pthread_mutex_unlock(&lock);
    return service != NULL ? SB_OK : sb_fail(SB_ERROR_NOT_INSTALLED, 0);
}
