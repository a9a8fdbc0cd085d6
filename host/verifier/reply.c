/*
 * The I/O manager gives the caller as many bytes as Information says. What it must not give: more
 * than the caller has room for, memory nobody wrote (recognised by its fill), and addresses of the
 * kernel. What the caller itself gave is no disclosure when it comes back.
 */
#include "host/verifier/reply.h"

#include "host/mm/mm.h"
#include "host/verifier/comparison.h"
#include "host/verifier/fill.h"

enum { MOST_EXAMINED = 1 << 20 };

static const char *const fill_names[VERIFIER_FILL_KINDS] = {
    "of the system buffer behind the input",
    "of a pool block that was not initialized",
    "of the driver's stack",
};

/* An address of something the machine has there now. */
static BOOLEAN is_kernel_address(uint64_t address)
{
    if (address >= LINUX_KERNEL_BASE && address < LINUX_KERNEL_END)
        return mm_region_find(current_machine(), (const void *)address) != NULL;
    return linux_pages_are_fixed(address) || verifier_is_on_stack(address);
}

static uint64_t pointer_at(const uint8_t *bytes)
{
    uint64_t value;
    __builtin_memcpy(&value, bytes, sizeof(value));
    return value;
}

static BOOLEAN may_be_kernel(uint64_t value)
{
    return value >= LINUX_SYSTEM_START && value < 1ull << 47;
}

/* ---- what the caller gave ---- */
static void note_given(struct verifier_exchange *request, const uint8_t *bytes, SIZE_T length)
{
    struct verifier_unwritten found;
    request->held_fill = request->held_fill || verifier_find_unwritten(bytes, length, &found);
    for (SIZE_T i = 0; i + sizeof(uint64_t) <= length; i++) {
        uint64_t value = pointer_at(bytes + i);
        if (may_be_kernel(value) && is_kernel_address(value) &&
            request->pointer_count < REQUEST_POINTERS)
            request->pointers[request->pointer_count++] = value;
    }
}

static BOOLEAN was_given(const struct verifier_exchange *request, uint64_t value)
{
    for (ULONG i = 0; i < request->pointer_count; i++)
        if (request->pointers[i] == value)
            return TRUE;
    return request->pointer_count == REQUEST_POINTERS;
}

/* Calls look with a copy of the caller's memory, if it can be had. */
static void look_at_user(struct verifier_exchange *request, const uint8_t *base, SIZE_T length,
                         void (*look)(struct verifier_exchange *, const uint8_t *, SIZE_T))
{
    if (length > MOST_EXAMINED)
        length = MOST_EXAMINED;
    void *copy = length ? linux_allocate(length) : NULL;
    if (copy && linux_copy_guarded(copy, base, length))
        look(request, copy, length);
    linux_free(copy);
}

void verifier_reply_note_given(PIRP irp, struct verifier_exchange *request)
{
    if (request->method == METHOD_IS_BUFFERED && irp->AssociatedIrp.SystemBuffer &&
        request->major != IRP_MJ_READ)
        note_given(request, irp->AssociatedIrp.SystemBuffer, request->input_length);
    else if (request->method != METHOD_IS_NONE)
        look_at_user(request, request->input, request->input_length, note_given);
    if (request->method == METHOD_IS_DIRECT || request->method == METHOD_IS_NEITHER)
        look_at_user(request, request->output, request->output_length, note_given);
}

/* ---- the reply ---- */
static void compare(const struct verifier_exchange *request, const uint8_t *bytes, SIZE_T length)
{
    struct verifier_place place = {.subject = request->control_code};
    struct comparison_difference found;
    if (!comparison_note(current_machine()->comparison, request->number, request->control_code,
                         bytes, length, &found))
        return;
    verifier_report_at(RULE_REPLY_UNWRITTEN, &place, NULL,
                       "%llu of the reply's %llu bytes, from offset %llu on, follow what was in "
                       "memory that nobody wrote: the first is 0x%02x or 0x%02x",
                       found.length, length, found.start, found.values[0], found.values[1]);
}

static void check_bytes(struct verifier_exchange *request, const uint8_t *bytes, SIZE_T length)
{
    struct verifier_place place = {.subject = request->control_code};
    struct verifier_unwritten found;
    if (!request->held_fill && verifier_find_unwritten(bytes, length, &found))
        verifier_report_at(RULE_REPLY_UNWRITTEN, &place, NULL,
                           "bytes %llu to %llu of the %llu byte reply were never written: they are "
                           "what was left %s",
                           found.start, found.start + found.length - 1, length,
                           fill_names[found.kind]);
    else if (current_machine()->comparison)
        compare(request, bytes, length);
    for (SIZE_T i = 0; i + sizeof(uint64_t) <= length; i += sizeof(uint32_t)) {
        uint64_t value = pointer_at(bytes + i);
        if (!may_be_kernel(value) || !is_kernel_address(value) || was_given(request, value))
            continue;
        verifier_report_at(
            RULE_KERNEL_ADDRESS_DISCLOSED, &place, NULL,
            "bytes %llu to %llu of the %llu byte reply are the kernel address 0x%llx", i, i + 7,
            length, value);
        return;
    }
}

/* Whether Information counts bytes of the caller's output. */
static BOOLEAN has_output(PIRP irp, const struct verifier_exchange *request)
{
    if (request->method == METHOD_IS_BUFFERED)
        return request->output && (irp->Flags & IRP_INPUT_OPERATION);
    return request->output_length != 0 && request->major != IRP_MJ_WRITE &&
           request->method != METHOD_IS_NONE;
}

/* METHOD_NEITHER leaves the meaning of Information to the driver: only what lies in the buffer is
 * looked at. */
SIZE_T verifier_reply_check(PIRP irp, struct verifier_exchange *request)
{
    struct verifier_place place = {.subject = request->control_code};
    SIZE_T length = irp->IoStatus.Information, room = request->output_length;
    if (length == 0 || !has_output(irp, request))
        return MAXSIZE_T;
    if (length > room && (request->method != METHOD_IS_NEITHER || request->major == IRP_MJ_READ))
        verifier_report_at(RULE_REPLY_TOO_LONG, &place, (ULONG_PTR[]){length, room, (ULONG_PTR)irp},
                           "the request was completed with Information %llu, but the caller's "
                           "buffer has %llu bytes",
                           length, room);
    if (length > room)
        length = room;
    if (request->method == METHOD_IS_BUFFERED && irp->AssociatedIrp.SystemBuffer)
        check_bytes(request, irp->AssociatedIrp.SystemBuffer,
                    length < MOST_EXAMINED ? length : MOST_EXAMINED);
    else if (request->method != METHOD_IS_BUFFERED)
        look_at_user(request, request->output, length, check_bytes);
    return length;
}
