/*
 * A program's operations as an application's calls. The first operation on a handle that is not
 * open opens it. All files are opened for overlapped requests, so that a request that pends does
 * not keep the program.
 */
#include <stdio.h>
#include <string.h>

#include "fuzz/internal.h"

#define BAD_ADDRESS    ((void *)0x10000) /* of a user, nothing is there */
#define KERNEL_ADDRESS ((void *)0xFFFF800000010000)

enum { WAIT_MILLISECONDS = 1 };

static bool is_over(sb_status status)
{
    return status == SB_STATUS_MACHINE_STOPPED;
}

static void note_progress(struct sb_fuzz *fuzz)
{
    __atomic_store_n(&fuzz->progress, fuzz->progress + 1, __ATOMIC_RELAXED);
}

/* ---- buffers ---- */
static bool is_pending(struct buffer_pair *pair)
{
    if (pair->is_pending &&
        __atomic_load_n(&pair->io_status.status, __ATOMIC_ACQUIRE) != SB_STATUS_PENDING)
        pair->is_pending = false;
    return pair->is_pending;
}

static struct buffer_pair *free_pair(struct rig *rig)
{
    for (unsigned i = 0; i < BUFFER_PAIRS; i++) {
        struct buffer_pair *pair = &rig->pairs[rig->next_pair++ % BUFFER_PAIRS];
        if (!is_pending(pair))
            return pair;
    }
    return NULL;
}

static uint8_t *at_end(uint8_t *buffer, uint32_t length)
{
    return buffer + PROGRAM_LARGEST_BUFFER - length;
}

static void *pointer_of(enum pointer_kind kind)
{
    return kind == POINTER_NULL ? NULL : kind == POINTER_BAD ? BAD_ADDRESS : KERNEL_ADDRESS;
}

static void *place_input(struct buffer_pair *pair, const struct operation *operation)
{
    if (operation->input_pointer != POINTER_VALID)
        return pointer_of(operation->input_pointer);
    if (operation->input_length == 0)
        return NULL;
    uint8_t *input = at_end(pair->input, operation->input_length);
    memcpy(input, operation->data, operation->data_length);
    memset(input + operation->data_length, 0, operation->input_length - operation->data_length);
    return input;
}

static void *place_output(struct buffer_pair *pair, const struct operation *operation)
{
    if (operation->output_pointer != POINTER_VALID)
        return pointer_of(operation->output_pointer);
    if (operation->output_length == 0)
        return NULL;
    uint8_t *output = at_end(pair->output, operation->output_length);
    memset(output, 0, operation->output_length);
    return output;
}

/* ---- requests ---- */
static sb_status open_slot(struct sb_fuzz *fuzz, struct rig *rig, unsigned slot, uint8_t device,
                           const uint8_t *name, uint32_t length)
{
    const struct sb_open_options options = {.is_overlapped = true};
    char path[sizeof(fuzz->devices[0]) + PROGRAM_LONGEST_NAME + 2];
    int used = snprintf(path, sizeof(path), "%s%s", fuzz->devices[device % fuzz->device_count],
                        length ? "\\" : "");
    for (uint32_t i = 0; i < length; i++)
        path[used++] = program_name_character(name[i]);
    path[used] = 0;
    if (rig->slots[slot])
        sb_process_close(rig->process, rig->slots[slot]);
    rig->slots[slot] = 0;
    fuzz->request_count++;
    sb_status status = sb_process_open(rig->process, path, &options, &rig->slots[slot]);
    rig->has_failed[slot] = status < 0;
    return status;
}

static sb_status send_request(struct sb_fuzz *fuzz, struct rig *rig,
                              const struct operation *operation, struct buffer_pair *pair)
{
    sb_handle file = rig->slots[operation->slot];
    void *input = place_input(pair, operation);
    void *output = operation->is_same_buffer && input ? input : place_output(pair, operation);
    uint32_t output_length = operation->output_length;
    fuzz->request_count++;
    pair->io_status.status = SB_STATUS_PENDING;
    switch (operation->kind) {
    case OPERATION_IOCTL:
        if (output == input && input && output_length > operation->input_length &&
            operation->is_same_buffer)
            output_length = operation->input_length; /* there is no more of it */
        return sb_process_ioctl(rig->process, file, 0, &pair->io_status, operation->code, input,
                                operation->input_length, output, output_length);
    case OPERATION_READ:
        return sb_process_read(rig->process, file, 0, &pair->io_status, output, output_length,
                               (int64_t)operation->offset);
    case OPERATION_WRITE:
        return sb_process_write(rig->process, file, 0, &pair->io_status, input,
                                operation->input_length, (int64_t)operation->offset);
    default:
        return sb_process_flush(rig->process, file, &pair->io_status);
    }
}

static sb_status transfer(struct sb_fuzz *fuzz, struct rig *rig, const struct operation *operation)
{
    struct buffer_pair *pair = free_pair(rig);
    if (!pair)
        return 0; /* no more requests until one ends */
    sb_status status = send_request(fuzz, rig, operation, pair);
    pair->is_pending = status == SB_STATUS_PENDING;
    if (pair->is_pending)
        pair->operation = *operation;
    return status;
}

/* Waits for whatever pends, or a timer, for a moment: on no object, which is never signalled. */
static sb_status wait_moment(struct rig *rig)
{
    sb_handle event;
    sb_status status = sb_process_create_event(rig->process, true, false, &event);
    if (status < 0)
        return status;
    status = sb_process_wait(rig->process, &event, 1, false, WAIT_MILLISECONDS);
    sb_process_close(rig->process, event);
    return status;
}

static sb_status close_slot(struct rig *rig, unsigned slot)
{
    sb_handle handle = rig->slots[slot];
    rig->slots[slot] = 0;
    rig->has_failed[slot] = false;
    return handle ? sb_process_close(rig->process, handle) : 0;
}

static bool is_left_out(const struct sb_fuzz *fuzz, const struct operation *operation)
{
    for (size_t i = 0; i < fuzz->hanging_count; i++)
        if (operation->kind == OPERATION_IOCTL && operation->code == fuzz->hanging[i])
            return true;
    return false;
}

static sb_status execute(struct sb_fuzz *fuzz, struct rig *rig, struct operation *operation)
{
    unsigned slot = operation->slot;
    if (is_left_out(fuzz, operation))
        return 0;
    rig->last = *operation;
    if (operation->kind == OPERATION_OPEN) {
        sb_status status =
            open_slot(fuzz, rig, slot, operation->device, operation->data, operation->data_length);
        operation->was_refused = status < 0;
        return status;
    }
    if (operation->kind == OPERATION_CLOSE)
        return close_slot(rig, slot);
    if (operation->kind == OPERATION_WAIT)
        return wait_moment(rig);
    if (!rig->slots[slot] && !rig->has_failed[slot]) {
        sb_status status = open_slot(fuzz, rig, slot, 0, NULL, 0);
        operation->was_refused = status < 0;
        if (is_over(status))
            return status;
    }
    if (!rig->slots[slot])
        return 0;
    if (operation->kind == OPERATION_CANCEL)
        return sb_process_cancel(rig->process, rig->slots[slot], NULL);
    return transfer(fuzz, rig, operation);
}

/* Notes which one, for when the driver does not let go of it. */
static bool anything_pends(struct rig *rig)
{
    for (unsigned i = 0; i < BUFFER_PAIRS; i++)
        if (is_pending(&rig->pairs[i])) {
            rig->last = rig->pairs[i].operation;
            return true;
        }
    return false;
}

/* Closing first, as an application that ends early: the driver must let go of what pends. What it
 * then still holds ends with the process. */
static bool finish(struct rig *rig)
{
    for (unsigned slot = 0; slot < PROGRAM_SLOTS; slot++)
        if (is_over(close_slot(rig, slot)))
            return false;
    if (!anything_pends(rig))
        return true;
    rig->is_ending = true;
    bool renewed = rig_renew_process(rig);
    struct sb_bug_check stop;
    rig->is_ending = sb_machine_bug_check(rig->machine, &stop);
    return renewed;
}

bool execute_program(struct sb_fuzz *fuzz, struct rig *rig, struct program *program)
{
    bool goes_on = true;
    rig->next_pair = 0;
    __atomic_store_n(&fuzz->is_busy, true, __ATOMIC_RELEASE);
    for (size_t i = 0; i < program->count && goes_on; i++) {
        note_progress(fuzz);
        goes_on = !is_over(execute(fuzz, rig, &program->operations[i]));
    }
    note_progress(fuzz);
    goes_on = goes_on && finish(rig);
    __atomic_store_n(&fuzz->is_busy, false, __ATOMIC_RELEASE);
    return goes_on;
}
