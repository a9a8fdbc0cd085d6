#include "socket_internal.h"

void sb_socket_free(const struct sb_driver *driver, struct sb_socket_buffer *buffer)
{
    if (buffer->mdl != NULL)
        IoFreeMdl(buffer->mdl);
    if (buffer->bytes != NULL)
        sb_free(driver, buffer->bytes);
    RtlZeroMemory(buffer, sizeof(*buffer));
}

NTSTATUS sb_socket_reserve(const struct sb_driver *driver, struct sb_socket_buffer *buffer,
                           ULONG capacity, ULONG kept)
{
    struct sb_socket_buffer larger = {NULL, NULL, capacity};

    if (capacity <= buffer->capacity)
        return STATUS_SUCCESS;
    larger.bytes = sb_allocate(driver, capacity);
    if (larger.bytes != NULL)
        larger.mdl = IoAllocateMdl(larger.bytes, capacity, FALSE, FALSE, NULL);
    if (larger.mdl == NULL) {
        sb_socket_free(driver, &larger);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    MmBuildMdlForNonPagedPool(larger.mdl);
    RtlCopyMemory(larger.bytes, buffer->bytes, kept);
    sb_socket_free(driver, buffer);
    *buffer = larger;
    return STATUS_SUCCESS;
}

static NTSTATUS send(struct sb_socket_outbox *outbox, PMDL mdl, ULONG length)
{
    return sb_transport_send(outbox->transport, mdl, 0, length, sb_deadline(outbox->timeout));
}

NTSTATUS sb_socket_flush(struct sb_socket_outbox *outbox)
{
    ULONG length = outbox->gathered;

    outbox->gathered = 0;
    return length == 0 ? STATUS_SUCCESS : send(outbox, outbox->buffer.mdl, length);
}

NTSTATUS sb_socket_put(struct sb_socket_outbox *outbox, struct sb_socket_buffer *frame,
                       const struct sb_socket_header *header)
{
    ULONG length = (ULONG)sizeof(*header) + header->length;
    NTSTATUS status = STATUS_SUCCESS;

    RtlCopyMemory(frame->bytes, header, sizeof(*header));
    if (length > outbox->buffer.capacity - outbox->gathered)
        status = sb_socket_flush(outbox);
    if (!NT_SUCCESS(status))
        return status;
    if (length > outbox->buffer.capacity)
        return send(outbox, frame->mdl, length);
    RtlCopyMemory(outbox->buffer.bytes + outbox->gathered, frame->bytes, length);
    outbox->gathered += length;
    return STATUS_SUCCESS;
}
