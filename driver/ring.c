/*
 * The commands of rings. See ring.h for a ring's life.
 */
#include "ring.h"

#define DEFAULT_CAPACITY_MAXIMUM 0x400000u
#define DEFAULT_COUNT_MAXIMUM    64u

/* A request of a newer client may be longer than ours. */
#define REQUEST_LENGTH_MAXIMUM 256u

SB_STATIC_ASSERT(FIELD_OFFSET(struct sb_ring_page, to_driver) == 2 * SB_RING_LINE,
                 "the kernel's headers pack nothing");

/* ---- limits ---- */

static uint32_t message_limit(const struct sb_ring_service *service)
{
    return service->message_maximum != 0 ? service->message_maximum : SB_RING_MESSAGE_MAXIMUM;
}

static uint32_t capacity_limit(const struct sb_ring_service *service)
{
    return service->capacity_maximum != 0 ? service->capacity_maximum : DEFAULT_CAPACITY_MAXIMUM;
}

static uint32_t count_limit(const struct sb_ring_service *service)
{
    return service->count_maximum != 0 ? service->count_maximum : DEFAULT_COUNT_MAXIMUM;
}

static BOOLEAN is_capacity(uint32_t capacity)
{
    return capacity >= SB_RING_CAPACITY_MINIMUM && capacity <= SB_RING_CAPACITY_MAXIMUM &&
           (capacity & (capacity - 1)) == 0;
}

/* Each direction holds two of the longest messages, whatever lies where; both kinds of call have
   room for their head. */
static BOOLEAN sizes_agree(uint32_t message_maximum, uint32_t to_driver, uint32_t to_client)
{
    return is_capacity(to_driver) && is_capacity(to_client) &&
           message_maximum >= sizeof(struct sb_ring_call) &&
           message_maximum <= sb_lane_message_maximum(to_driver) &&
           message_maximum <= sb_lane_message_maximum(to_client);
}

static const char *check_service(const struct sb_ring_service *service)
{
    if (service->message_maximum > SB_RING_MESSAGE_MAXIMUM)
        return "the ring's message_maximum is above 1 MiB";
    if (!is_capacity(capacity_limit(service)))
        return "the ring's capacity_maximum is no power of two from 4 KiB to 64 MiB";
    return NULL;
}

static enum sb_ring_refusal check_request(const struct sb_ring_service *service,
                                          const struct sb_ring_request *request)
{
    if (request->oldest_version > SB_RING_VERSION || request->newest_version < SB_RING_VERSION)
        return SB_RING_REFUSED_VERSION;
    if (request->flags != 0 || request->reserved != 0)
        return SB_RING_REFUSED_FLAGS;
    if (request->message_maximum > message_limit(service) ||
        request->to_driver_capacity > capacity_limit(service) ||
        request->to_client_capacity > capacity_limit(service))
        return SB_RING_REFUSED_LIMIT;
    return sizes_agree(request->message_maximum, request->to_driver_capacity,
                       request->to_client_capacity)
               ? SB_RING_ACCEPTED
               : SB_RING_REFUSED_SIZES;
}

/* ---- shut ---- */

enum sb_ring_reason sb_ring_reason_of(enum sb_lane_result result)
{
    return result == SB_LANE_BAD_INDEX ? SB_RING_BAD_INDEX : SB_RING_BAD_RECORD;
}

static BOOLEAN is_nonsense(enum sb_ring_reason reason)
{
    return reason == SB_RING_BAD_INDEX || reason == SB_RING_BAD_RECORD ||
           reason == SB_RING_BAD_MESSAGE;
}

/* The client is told too: by a hint in the memory, which is there as long as somebody who has the
   lock finds the ring open, and by its doorbells. The reason itself it has to ask for. */
void sb_ring_set_reason_locked(struct sb_ring *ring, enum sb_ring_reason reason)
{
    if (!sb_ring_is_open(ring))
        return;
    ring->reason = (LONG)reason;
    if (is_nonsense(reason))
        sb_count(sb_this_device, SB_COUNTER_RINGS_BROKEN);
    if (ring->page != NULL) {
        sb_lane_publish(&ring->writer); /* what was sent so far still arrives */
        atomic_store_explicit(&ring->page->closed, 1, memory_order_seq_cst);
    }
    KeSetEvent(&ring->stop, IO_NO_INCREMENT, FALSE);
    KeSetEvent(ring->events[TO_DRIVER_SPACE], IO_NO_INCREMENT, FALSE);
    KeSetEvent(ring->events[TO_CLIENT_DATA], IO_NO_INCREMENT, FALSE);
}

void sb_ring_set_reason(struct sb_ring *ring, enum sb_ring_reason reason)
{
    KIRQL irql;

    KeAcquireSpinLock(&ring->send_lock, &irql);
    sb_ring_set_reason_locked(ring, reason);
    KeReleaseSpinLock(&ring->send_lock, irql);
}

void sb_ring_shut(struct sb_ring *ring)
{
    sb_ring_set_reason(ring, SB_RING_CLOSED_BY_DRIVER);
}

/* ---- references ---- */

void sb_ring_reference(struct sb_ring *ring)
{
    InterlockedIncrement(&ring->references);
}

void sb_ring_release(struct sb_ring *ring)
{
    if (InterlockedDecrement(&ring->references) != 0)
        return;
    if (ring->thread != NULL)
        ObDereferenceObject(ring->thread);
    sb_ring_free_memory(ring);
    sb_free(ring->driver, ring);
}

/* ---- opening ---- */

/* What a handler of the library's own knows beyond struct sb_call. */
static PIO_STACK_LOCATION request_of(const struct sb_call *call)
{
    return IoGetCurrentIrpStackLocation(call->request);
}

static struct sb_ring_list *list_of(const struct sb_call *call)
{
    struct sb_device *device = request_of(call)->DeviceObject->DeviceExtension;

    return &device->rings;
}

static struct sb_ring *new_ring(const struct sb_call *call, const struct sb_ring_request *request)
{
    struct sb_ring *ring = sb_allocate(call->driver, sizeof(*ring));

    if (ring == NULL)
        return NULL;
    RtlZeroMemory(ring, sizeof(*ring));
    KeInitializeSpinLock(&ring->send_lock);
    KeInitializeEvent(&ring->stop, NotificationEvent, FALSE);
    KeInitializeEvent(&ring->started, NotificationEvent, FALSE);
    KeInitializeEvent(&ring->turn, SynchronizationEvent, TRUE);
    ring->references = 1;
    ring->file = request_of(call)->FileObject;
    ring->driver = call->driver;
    ring->open = call->open;
    ring->open_context = call->open_context;
    ring->process_id = call->process_id;
    ring->message_maximum = request->message_maximum;
    ring->to_driver_capacity = request->to_driver_capacity;
    ring->to_client_capacity = request->to_client_capacity;
    return ring;
}

/* Memory, the client's side, the thread; undone in reverse. */
static NTSTATUS make(struct sb_ring *ring, BOOLEAN is_32_bit, struct ring_client_side *side)
{
    NTSTATUS status;

    status = sb_ring_make_memory(ring);
    if (!NT_SUCCESS(status))
        goto close_handles;
    status = sb_ring_show(ring, is_32_bit, side);
    if (!NT_SUCCESS(status))
        goto close_handles;
    status = sb_ring_start(ring);
    if (!NT_SUCCESS(status))
        sb_ring_hide(ring, side);

close_handles:
    sb_ring_close_handles(ring);
    return status;
}

static NTSTATUS refuse(struct sb_call *call, enum sb_ring_refusal refusal)
{
    const struct sb_ring_service *service = call->driver->ring;
    const struct sb_ring_reply reply = {
        .size = sizeof(reply),
        .refusal = (uint32_t)refusal,
        .version = SB_RING_VERSION,
        .message_maximum = message_limit(service),
        .to_driver_capacity = capacity_limit(service),
        .to_client_capacity = capacity_limit(service),
    };

    sb_count(sb_this_device, SB_COUNTER_RINGS_REFUSED);
    return sb_reply(call, &reply, sizeof(reply));
}

static NTSTATUS accept(struct sb_call *call, const struct sb_ring *ring,
                       const struct ring_client_side *side)
{
    const struct sb_ring_reply reply = {
        .size = sizeof(reply),
        .refusal = SB_RING_ACCEPTED,
        .version = SB_RING_VERSION,
        .message_maximum = ring->message_maximum,
        .to_driver_capacity = ring->to_driver_capacity,
        .to_client_capacity = ring->to_client_capacity,
        .view = (ULONG_PTR)side->view,
        .view_length = side->view_length,
        .to_driver_data = (ULONG_PTR)side->events[TO_DRIVER_DATA],
        .to_driver_space = (ULONG_PTR)side->events[TO_DRIVER_SPACE],
        .to_client_data = (ULONG_PTR)side->events[TO_CLIENT_DATA],
        .to_client_space = (ULONG_PTR)side->events[TO_CLIENT_SPACE],
    };

    return sb_reply(call, &reply, sizeof(reply));
}

static NTSTATUS open_ring(struct sb_call *call)
{
    const struct sb_ring_request *request = call->input;
    const struct sb_ring_service *service = call->driver->ring;
    struct sb_ring_list *list = list_of(call);
    BOOLEAN is_32_bit = IoIs32bitProcess(call->request);
    enum sb_ring_refusal refusal = check_request(service, request);
    struct ring_client_side side;
    struct sb_ring *ring;
    NTSTATUS status;

    if (request->size != call->input_length || request_of(call)->FileObject == NULL)
        return STATUS_INVALID_PARAMETER;
    if (call->request->RequestorMode == KernelMode) /* no process of the caller's: a socket */
        return STATUS_NOT_SUPPORTED;
    if (refusal != SB_RING_ACCEPTED)
        return refuse(call, refusal);
    ring = new_ring(call, request);
    if (ring == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    refusal = sb_ring_enlist(list, ring, count_limit(service));
    if (refusal != SB_RING_ACCEPTED) {
        sb_ring_release(ring);
        return refuse(call, refusal);
    }
    status = make(ring, is_32_bit, &side);
    if (!NT_SUCCESS(status)) {
        sb_ring_delist(list, ring);
        sb_ring_release(ring);
        sb_count(sb_this_device, SB_COUNTER_RINGS_REFUSED);
        return status;
    }
    sb_count(sb_this_device, SB_COUNTER_RINGS);
    status = accept(call, ring, &side); /* before anybody else may end the ring */
    sb_ring_set_ready(list, ring);
    return status;
}

/* ---- report, close ---- */

static NTSTATUS report(struct sb_call *call)
{
    struct sb_ring *ring = sb_ring_find(list_of(call), request_of(call)->FileObject);
    struct sb_ring_report *report = call->output;

    if (ring == NULL)
        return STATUS_INVALID_DEVICE_STATE;
    report->size = sizeof(*report);
    report->reason = (uint32_t)ring->reason;
    report->to_driver_fill = sb_ring_to_driver_fill(ring);
    report->to_client_fill = sb_ring_to_client_fill(ring);
    report->to_driver = ring->to_driver;
    report->to_client = ring->to_client;
    report->calls = ring->calls;
    report->failures = ring->failures;
    call->reply_length = sizeof(*report);
    sb_ring_release(ring);
    return STATUS_SUCCESS;
}

static NTSTATUS close_ring(struct sb_call *call)
{
    return sb_ring_end(list_of(call), request_of(call)->FileObject) ? STATUS_SUCCESS
                                                                    : STATUS_INVALID_DEVICE_STATE;
}

static void file_has_gone(struct sb_device *device, PFILE_OBJECT file)
{
    sb_ring_end(&device->rings, file);
}

static void driver_unloads(struct sb_device *device)
{
    sb_ring_end_all(&device->rings);
}

static const struct sb_command commands[] = {
    {.code = SB_RING_OPEN,
     .input_minimum = sizeof(struct sb_ring_request),
     .input_maximum = REQUEST_LENGTH_MAXIMUM,
     .output_minimum = sizeof(struct sb_ring_reply),
     .handler = open_ring},
    {.code = SB_RING_REPORT,
     SB_INPUT_NONE,
     .output_minimum = sizeof(struct sb_ring_report),
     .handler = report},
    {.code = SB_RING_CLOSE, SB_INPUT_NONE, .handler = close_ring},
};

const struct sb_ring_channel sb_ring_channel = {
    .commands = commands,
    .command_count = SB_COUNT(commands),
    .check = check_service,
    .tell_statistics = sb_ring_tell_statistics,
    .file_has_gone = file_has_gone,
    .driver_unloads = driver_unloads,
};
