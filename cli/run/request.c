#include "cli/run/request.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/run/watch.h"

enum { BUFFER_ALIGNMENT = 16 };

/* User addresses that no process of the host has, and one above the user's. */
static void *const bad_address = (void *)(uintptr_t)0x20000;
static void *const kernel_address = (void *)(uintptr_t)0xFFFFF80000000000u;

struct request {
    struct request *next;
    char *name;     /* NULL: none */
    char text[160]; /* the call, for messages */
    unsigned line;
    struct session_process *owner; /* NULL: it has ended, its memory is gone */
    enum action_kind kind;
    uint32_t code;
    sb_handle file, event;
    int64_t offset;
    void *input, *output;                 /* as they are passed */
    uint32_t input_length, output_length; /* as they are passed, too */
    uint32_t output_room;
    void *own_input, *own_output; /* to be freed */
    void **pointed;               /* what the input's pointers lead to; to be freed */
    size_t pointed_count;
    struct sb_io_status io_status; /* the host writes it when the request completes */
    sb_status returned;
    bool has_thread;
    bool thread_is_done; /* atomic */
    pthread_t thread;
};

static void *allocate(struct session *session, struct session_process *owner, uint32_t length)
{
    size_t size = session->guards ? length
                                  : (length + (size_t)BUFFER_ALIGNMENT - 1) / BUFFER_ALIGNMENT *
                                        BUFFER_ALIGNMENT;

    return sb_process_allocate(owner->process, size, true);
}

static bool make_memory(struct session *session, struct request *request, uint32_t length,
                        uint64_t *value)
{
    void *memory = allocate(session, request->owner, length);

    if (!memory)
        return false;
    request->pointed =
        memory_grow(request->pointed, request->pointed_count, sizeof *request->pointed);
    request->pointed[request->pointed_count++] = memory;
    *value = (uint64_t)(uintptr_t)memory;
    return true;
}

static bool value_of(struct session *session, struct request *request,
                     const struct action_pointer *pointer, uint64_t *value)
{
    const struct session_handle *handle;
    const struct session_view *view;

    switch (pointer->kind) {
    case POINTER_HANDLE:
        handle = handle_find(session, pointer->name);
        *value = handle ? handle->value : 0;
        return handle || report_failure(session, request->line, EXIT_UNUSABLE,
                                        "there is no handle %s", pointer->name);
    case POINTER_VIEW:
        view = view_find(session, pointer->name);
        *value = view ? (uint64_t)(uintptr_t)view_address(view) : 0;
        return view || report_failure(session, request->line, EXIT_UNUSABLE, "there is no view %s",
                                      pointer->name);
    default:
        return make_memory(session, request, pointer->length, value);
    }
}

/* Makes what the buffer's pointers lead to, and writes their addresses into it. */
static bool place_pointers(struct session *session, struct request *request,
                           const struct action_data *data, uint8_t *buffer)
{
    for (const struct action_pointer *each = data->pointers; each; each = each->next) {
        uint64_t value;
        if (!value_of(session, request, each, &value))
            return false;
        memcpy(buffer + each->offset, &value, sizeof value);
    }
    return true;
}

static bool place_buffer(struct session *session, struct session_process *owner,
                         const struct action_buffer *buffer, uint32_t least, void **passed,
                         void **own)
{
    uint32_t room = buffer->room > least ? buffer->room : least;

    *passed = buffer->kind == BUFFER_BAD      ? bad_address
              : buffer->kind == BUFFER_KERNEL ? kernel_address
                                              : NULL;
    if (buffer->kind != BUFFER_VALID || room == 0)
        return true;
    *passed = *own = allocate(session, owner, room);
    if (*own)
        memcpy(*own, buffer->data.bytes ? (const void *)buffer->data.bytes : "",
               buffer->data.length);
    return *own != NULL;
}

/* With "out same" the input's memory is the output's as well. */
static bool place_buffers(struct session *session, struct request *request,
                          const struct action *action)
{
    bool same = action->output.kind == BUFFER_SAME;
    uint32_t least = same ? action->output.room : 0;
    struct action_buffer input = action->input;

    if (same && input.kind == BUFFER_NONE)
        input.kind = BUFFER_VALID;
    request->input_length = input.length;
    request->output_length = action->output.length;
    request->output_room = action->output.room;
    if (!place_buffer(session, request->owner, &input, least, &request->input,
                      &request->own_input) ||
        !place_buffer(session, request->owner, &action->output, 0, &request->output,
                      &request->own_output) ||
        !place_pointers(session, request, &action->input.data, request->own_input) ||
        !place_pointers(session, request, &action->output.data, request->own_output))
        return false;
    if (same)
        request->output = request->input;
    return true;
}

static void release_buffers(struct request *request)
{
    if (request->owner && request->own_input)
        sb_process_free(request->owner->process, request->own_input);
    if (request->owner && request->own_output)
        sb_process_free(request->owner->process, request->own_output);
    for (size_t i = 0; request->owner && i < request->pointed_count; i++)
        sb_process_free(request->owner->process, request->pointed[i]);
    free(request->pointed);
    request->pointed = NULL;
    request->pointed_count = 0;
    request->own_input = request->own_output = request->input = request->output = NULL;
}

static void release(struct request *request)
{
    release_buffers(request);
    free(request->name);
    free(request);
}

void request_run(struct request *request)
{
    struct sb_process *process = request->owner->process;

    request->io_status = (struct sb_io_status){.status = SB_STATUS_PENDING};
    if (request->kind == ACTION_IOCTL)
        request->returned = sb_process_ioctl(
            process, request->file, request->event, &request->io_status, request->code,
            request->input, request->input_length, request->output, request->output_length);
    else if (request->kind == ACTION_READ)
        request->returned =
            sb_process_read(process, request->file, request->event, &request->io_status,
                            request->output, request->output_length, request->offset);
    else
        request->returned =
            sb_process_write(process, request->file, request->event, &request->io_status,
                             request->input, request->input_length, request->offset);
}

static void *call_on_thread(void *context)
{
    struct request *request = context;

    request_run(request);
    __atomic_store_n(&request->thread_is_done, true, __ATOMIC_RELEASE);
    return NULL;
}

static bool is_done(const struct request *request)
{
    if (request->has_thread && !__atomic_load_n(&request->thread_is_done, __ATOMIC_ACQUIRE))
        return false;
    /* The host writes the status last. */
    return request->returned != SB_STATUS_PENDING ||
           __atomic_load_n(&request->io_status.status, __ATOMIC_ACQUIRE) != SB_STATUS_PENDING;
}

static void describe(struct request *request, const char *handle)
{
    size_t size = sizeof request->text;
    char place[32] = "";

    if (request->offset != SB_FILE_POSITION && request->offset != 0)
        snprintf(place, sizeof place, " at %" PRId64, request->offset);

    if (request->kind == ACTION_IOCTL)
        snprintf(request->text, size, "ioctl %s 0x%08" PRIX32 " in %" PRIu32 " out %" PRIu32,
                 handle, request->code, request->input_length, request->output_length);
    else if (request->kind == ACTION_READ)
        snprintf(request->text, size, "read %s %" PRIu32 "%s", handle, request->output_length,
                 place);
    else
        snprintf(request->text, size, "write %s %" PRIu32 "%s", handle, request->input_length,
                 place);
}

/* The request has ended: what it gave becomes the result. */
static void finish(struct session *session, struct request *request, unsigned line,
                   const char *prefix)
{
    bool was_pending = request->returned == SB_STATUS_PENDING;
    sb_status status = was_pending ? request->io_status.status : request->returned;
    uint64_t information = request->io_status.information;
    bool has_memory = request->owner && !sb_process_has_exited(request->owner->process);
    bool has_reply = request->kind != ACTION_WRITE && request->output && has_memory &&
                     (request->own_output || request->output == request->own_input);
    char text[96];

    result_set(session, "request", status, information);
    if (has_reply)
        result_set_output(session, request->output, request->output_room, true);
    report_call(session, line, "%s%s: %s, information %" PRIu64, prefix, request->text,
                report_status(status, text), information);
    report_reply(session);
}

/* Without an offset a synchronous file goes on where it is; an overlapped one has no position. */
static int64_t offset_of(struct session *session, const struct action *action, const char *handle)
{
    const struct session_handle *file =
        action->handle.has_value ? NULL : handle_find(session, handle);

    if (action->has_offset)
        return action->offset;
    return file && !file->is_overlapped ? SB_FILE_POSITION : 0;
}

static struct request *make(struct session *session, const struct action *action)
{
    struct request *request = memory_allocate(sizeof *request);
    const char *handle;

    request->kind = action->kind;
    request->line = action->line;
    request->code = action->code;
    if (!handle_resolve(session, action, &request->owner, &request->file, &handle)) {
        free(request);
        return NULL;
    }
    request->offset = offset_of(session, action, handle);
    if (action->event) {
        struct session_handle *event =
            handle_of_kind(session, action->line, action->event, HANDLE_EVENT);
        if (!event) {
            free(request);
            return NULL;
        }
        request->event = event->value;
    }
    if (!place_buffers(session, request, action)) {
        (void)report_failure(session, action->line, EXIT_UNUSABLE,
                             "the machine has no more memory for buffers");
        release(request);
        return NULL;
    }
    describe(request, handle);
    return request;
}

static void keep(struct session *session, struct request *request)
{
    request->next = session->requests;
    session->requests = request;
}

static void unlink_request(struct session *session, struct request *request)
{
    struct request **link = &session->requests;

    while (*link != request)
        link = &(*link)->next;
    *link = request->next;
}

static void note_pending(struct session *session, struct request *request)
{
    keep(session, request);
    result_set(session, "request", SB_STATUS_PENDING, 0);
    report_call(session, request->line, "%s: STATUS_PENDING (0x00000103)%s%s", request->text,
                request->name ? ", as " : "", request->name ? request->name : "");
}

/* On a thread of its own, for files on which the call itself waits. */
static bool start_thread(struct session *session, struct request *request)
{
    request->has_thread = true;
    if (pthread_create(&request->thread, NULL, call_on_thread, request) != 0) {
        release(request);
        return report_failure(session, 0, EXIT_UNUSABLE, "Linux starts no more threads");
    }
    /* Most calls end at once; the rest then is where it waits. */
    for (int i = 0; i < 20 && !is_done(request); i++)
        nanosleep(&(struct timespec){.tv_nsec = 500 * 1000}, NULL);
    note_pending(session, request);
    return true;
}

struct request *request_prepare(struct session *session, const struct action *action)
{
    struct request *request;

    if (action->as && request_find(session, action->as)) {
        (void)report_failure(session, action->line, EXIT_UNUSABLE,
                             "there is a request %s already: wait for it first", action->as);
        return NULL;
    }
    request = make(session, action);
    if (request)
        request->name = action->as ? memory_copy_text(action->as) : NULL;
    return request;
}

void request_settle(struct session *session, struct request *request)
{
    if (request->returned == SB_STATUS_PENDING) {
        note_pending(session, request);
        return;
    }
    finish(session, request, request->line, "");
    release(request);
}

void request_drop(struct request *request)
{
    release(request);
}

bool request_execute(struct session *session, const struct action *action)
{
    struct request *request = request_prepare(session, action);

    if (!request)
        return false;
    if (action->is_asynchronous)
        return start_thread(session, request);
    request_run(request);
    request_settle(session, request);
    return true;
}

struct request *request_find(struct session *session, const char *name)
{
    struct request *each = session->requests;

    while (each && (!each->name || strcmp(each->name, name) != 0))
        each = each->next;
    return each;
}

/* False: the action's limit, or an interruption, came first. */
static bool wait_until_done(const struct request *request, const struct action *action)
{
    int64_t end = watch_time() + (int64_t)action->milliseconds * 1000000;

    while (!is_done(request)) {
        if (watch_was_interrupted() || (action->has_limit && watch_time() >= end))
            return false;
        nanosleep(&(struct timespec){.tv_nsec = 200 * 1000}, NULL);
    }
    return true;
}

static void end_request(struct session *session, struct request *request)
{
    unlink_request(session, request);
    if (request->has_thread)
        pthread_join(request->thread, NULL);
    release(request);
}

bool request_wait(struct session *session, struct request *request, const struct action *action)
{
    if (!wait_until_done(request, action)) {
        const sb_status timeout = 0x102; /* STATUS_TIMEOUT */
        result_set(session, "wait", timeout, 0);
        report_call(session, action->line, "wait %s: STATUS_TIMEOUT (0x00000102)", action->name);
        return true;
    }
    finish(session, request, action->line, "wait: ");
    end_request(session, request);
    return true;
}

static bool show_result(struct session *session, const struct action *action, const char *verb,
                        const char *name, sb_status status, uint64_t information)
{
    char text[96];

    result_set(session, verb, status, information);
    report_call(session, action->line, "%s %s: %s", verb, name, report_status(status, text));
    return true;
}

bool request_flush(struct session *session, const struct action *action)
{
    struct sb_io_status io_status = {0};
    struct session_process *owner;
    sb_handle file;
    const char *name;

    if (!handle_resolve(session, action, &owner, &file, &name))
        return false;
    sb_status status = sb_process_flush(owner->process, file, &io_status);
    return show_result(session, action, "flush", name, status, io_status.information);
}

bool request_cancel(struct session *session, const struct action *action)
{
    struct request *request =
        action->handle.name ? request_find(session, action->handle.name) : NULL;
    struct session_process *owner;
    struct sb_io_status *which = NULL;
    sb_handle file;
    const char *name;

    if (request && request->owner) {
        owner = request->owner;
        file = request->file;
        name = request->name;
        which = &request->io_status;
    } else if (!handle_resolve(session, action, &owner, &file, &name)) {
        return false;
    }
    sb_status status = sb_process_cancel(owner->process, file, which);
    return show_result(session, action, "cancel", name, status, 0);
}

void requests_free_done(struct session *session, const struct session_process *owner)
{
    struct request *next;

    for (struct request *each = session->requests; each; each = next) {
        next = each->next;
        if (each->owner == owner && !each->name && is_done(each))
            end_request(session, each);
    }
}

void requests_forget_memory(struct session *session, struct session_process *owner)
{
    struct request *next;

    for (struct request *each = session->requests; each; each = next) {
        next = each->next;
        if (each->owner != owner)
            continue;
        each->owner = NULL;
        each->own_input = each->own_output = each->input = each->output = NULL;
        if (is_done(each))
            finish(session, each, 0, "at the process's end: ");
        if (is_done(each) && !each->name)
            end_request(session, each);
    }
}

bool requests_all_done(struct session *session)
{
    struct action one_second = {.milliseconds = 1000, .has_limit = true};
    bool all = true;

    for (const struct request *each = session->requests; each; each = each->next)
        if (each->has_thread && !wait_until_done(each, &one_second))
            all = report_failure(session, each->line, EXIT_TIME_LIMIT,
                                 "%s never came back from the driver", each->text);
    return all;
}

void requests_free(struct session *session)
{
    while (session->requests) {
        struct request *request = session->requests;
        request->owner = NULL;
        end_request(session, request);
    }
}
