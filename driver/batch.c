/*
 * A batch: several commands of the table in one call.
 *
 * Everything that the request says of itself is checked before the first command runs: the table of
 * items against the input's length, each input against the input, the sum of the replies against
 * the output. All of it lies in the private copy that the dispatcher took, so what was checked is
 * what is used. Sums are of 64 bits and cannot wrap: 4096 items of 32-bit lengths.
 *
 * Each command then passes through the checks of a call of its own, with one difference: the I/O
 * manager has checked the batch's code against the handle, not the items', so the access that their
 * codes demand is checked here.
 */
#include "internal.h"

static const struct sb_batch_item *items_of(const struct sb_batch_request *request)
{
    return (const struct sb_batch_item *)(request + 1);
}

static NTSTATUS check_items(const struct sb_call *call, const struct sb_batch_request *request)
{
    uint64_t fixed = sizeof(*request) + (uint64_t)request->count * sizeof(struct sb_batch_item);
    uint64_t output = SB_BATCH_OUTPUT_FIXED(request->count);
    const struct sb_batch_item *item = items_of(request);
    const struct sb_batch_item *behind = item + request->count;

    for (; item != behind; item++) {
        output += SB_BATCH_ALIGN(item->output_capacity);
        if (item->input_length == 0)
            continue;
        if (item->input_offset < fixed || item->input_offset % 8 != 0 ||
            item->input_offset > call->input_length ||
            item->input_length > call->input_length - item->input_offset)
            return STATUS_INVALID_PARAMETER;
    }
    return output <= call->output_capacity ? STATUS_SUCCESS : STATUS_BUFFER_TOO_SMALL;
}

static NTSTATUS check_request(const struct sb_call *call, const struct sb_batch_request *request)
{
    if (request->format != 1 || (request->flags & ~SB_BATCH_STOP_AT_FAILURE) != 0 ||
        request->reserved != 0)
        return STATUS_INVALID_PARAMETER;
    if (request->count == 0 || request->count > call->driver->batch_maximum)
        return STATUS_INVALID_PARAMETER;
    if (call->input_length - sizeof(*request) < request->count * sizeof(struct sb_batch_item))
        return STATUS_INFO_LENGTH_MISMATCH;
    return check_items(call, request);
}

/* A handler that works in place gets a buffer of its own, as long as its input and output. */
static NTSTATUS serve_in_place(const struct sb_command *command, struct sb_call *call)
{
    uint32_t length =
        call->input_length > call->output_capacity ? call->input_length : call->output_capacity;
    void *reply = call->output;
    UCHAR *buffer = sb_allocate(call->driver, length);
    NTSTATUS status;

    if (buffer == NULL) {
        sb_count(sb_this_device, SB_COUNTER_REFUSED_MEMORY);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlCopyMemory(buffer, call->input, call->input_length);
    call->input = buffer;
    call->output = buffer;
    status = sb_serve_call(command, call);
    RtlCopyMemory(reply, buffer, call->reply_length);
    sb_free(call->driver, buffer);
    return status;
}

static NTSTATUS run_item(const struct sb_call *batch, struct sb_call *call, uint32_t code)
{
    const struct sb_command *command = sb_find_command(batch->driver, code);
    NTSTATUS status;

    if (command == NULL || SB_CONTROL_CODE_METHOD(code) != SB_METHOD_BUFFERED) {
        sb_count(sb_this_device, SB_COUNTER_REFUSED_CODE);
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    status = sb_check_call(command, call, batch->request,
                           command->access | SB_CONTROL_CODE_ACCESS(code));
    if (!NT_SUCCESS(status))
        return status;
    if ((command->flags & SB_IN_PLACE) != 0 && call->input_length != 0 &&
        call->output_capacity != 0)
        status = serve_in_place(command, call);
    else /* input and output are apart already, and the output is clear */
        status = sb_call_handler(command, call, call->output_capacity);
    if (NT_ERROR(status))
        sb_count(sb_this_device, SB_COUNTER_FAILED);
    sb_count_call(sb_this_device, call->input_length, call->reply_length);
    return status;
}

/* A call like the batch's own, with the item's buffers. It has no request: it cannot wait. */
static void describe_item(const struct sb_call *batch, const struct sb_batch_item *item,
                          uint32_t reply_offset, struct sb_call *call)
{
    *call = *batch;
    call->input_length = item->input_length;
    call->input = item->input_length != 0 ? (const UCHAR *)batch->input + item->input_offset : NULL;
    call->output_capacity = item->output_capacity;
    call->output = item->output_capacity != 0 ? (UCHAR *)batch->output + reply_offset : NULL;
    call->reply_length = 0;
    call->request = NULL;
}

NTSTATUS sb_run_batch(struct sb_call *batch)
{
    const struct sb_batch_request *request = batch->input;
    const struct sb_batch_item *items = items_of(request);
    NTSTATUS status = check_request(batch, request);
    struct sb_batch_reply *reply = batch->output;
    struct sb_batch_result *results = (struct sb_batch_result *)(reply + 1);
    struct sb_call call;
    uint32_t offset;
    uint32_t index;

    if (!NT_SUCCESS(status)) {
        sb_count(sb_this_device, SB_COUNTER_BATCHES_REFUSED);
        return status;
    }
    sb_count(sb_this_device, SB_COUNTER_BATCHES);
    offset = (uint32_t)SB_BATCH_OUTPUT_FIXED(request->count);
    reply->format = 1;
    reply->count = request->count;
    for (index = 0; index < request->count; index++) {
        results[index].status = SB_BATCH_NOT_RUN;
        results[index].reply_offset = offset;
        if (reply->failed == 0 || (request->flags & SB_BATCH_STOP_AT_FAILURE) == 0) {
            describe_item(batch, &items[index], offset, &call);
            status = run_item(batch, &call, items[index].code);
            reply->executed++;
            reply->failed += NT_ERROR(status) ? 1 : 0;
            results[index].status = (uint32_t)status;
            results[index].reply_length = call.reply_length;
        }
        offset += (uint32_t)SB_BATCH_ALIGN(items[index].output_capacity);
    }
    batch->reply_length = offset;
    return STATUS_SUCCESS;
}
