#include "host/verifier/exchange.h"

#include <sysbuf/host.h>

#include "host/mm/mm.h"
#include "host/verifier/comparison.h"
#include "host/verifier/fill.h"
#include "host/verifier/reply.h"
#include "host/verifier/user_fetch.h"
#include "host/verifier/user_watch.h"

static enum verifier_method method_of(PIRP irp, const struct io_request *asked)
{
    BOOLEAN is_control =
        asked->major == IRP_MJ_DEVICE_CONTROL || asked->major == IRP_MJ_FILE_SYSTEM_CONTROL;
    if (!is_control && asked->major != IRP_MJ_READ && asked->major != IRP_MJ_WRITE)
        return METHOD_IS_NONE;
    if (is_control && METHOD_FROM_CTL_CODE(asked->control_code) == METHOD_BUFFERED)
        return METHOD_IS_BUFFERED;
    if (is_control)
        return METHOD_FROM_CTL_CODE(asked->control_code) == METHOD_NEITHER ? METHOD_IS_NEITHER
                                                                           : METHOD_IS_DIRECT;
    if (irp->Flags & IRP_BUFFERED_IO)
        return METHOD_IS_BUFFERED;
    return irp->MdlAddress ? METHOD_IS_DIRECT : METHOD_IS_NEITHER;
}

static struct verifier_exchange *describe(PIRP irp, const struct io_request *asked)
{
    struct verifier_exchange *request = linux_allocate(sizeof(*request));
    if (!request)
        return NULL;
    request->holds = 2;
    request->process = current_thread()->Tcb.process;
    request->major = asked->major;
    request->control_code = asked->control_code;
    request->method = method_of(irp, asked);
    request->input = asked->input;
    request->input_length = asked->input ? asked->input_length : 0;
    request->output = asked->output;
    request->output_length = asked->output ? asked->output_length : 0;
    return request;
}

/* The system buffer behind the input is nobody's yet. */
static void fill_system_buffer(PIRP irp, struct verifier_exchange *request)
{
    ULONG input = request->major == IRP_MJ_READ ? 0 : request->input_length;
    request->unwritten_from = input;
    if (request->method == METHOD_IS_BUFFERED && (irp->Flags & IRP_BUFFERED_IO) &&
        irp->AssociatedIrp.SystemBuffer && request->output_length > input)
        verifier_fill((uint8_t *)irp->AssociatedIrp.SystemBuffer + input,
                      request->output_length - input, VERIFIER_FILL_BUFFER);
}

/* Which rules look at exchanges; the others pay nothing. */
static BOOLEAN is_asked_for(void)
{
    return verifier_checks(SB_VERIFY_REPLY | SB_VERIFY_USER | SB_VERIFY_MDL);
}

BOOLEAN verifier_exchange_begin(PIRP irp, const struct io_request *asked)
{
    struct verifier_memory *memory = is_asked_for() ? verifier_memory() : NULL;
    struct verifier_exchange *request =
        asked->mode == UserMode && memory ? describe(irp, asked) : NULL;
    if (!request)
        return FALSE;
    linux_lock(&memory->lock);
    BOOLEAN entered = verifier_table_set(&memory->requests, irp, request);
    linux_unlock(&memory->lock);
    if (!entered) {
        linux_free(request);
        return FALSE;
    }
    if (verifier_checks(SB_VERIFY_REPLY)) {
        verifier_reply_note_given(irp, request);
        fill_system_buffer(irp, request);
    }
    if (current_machine()->comparison)
        request->number = comparison_next_request(current_machine()->comparison);
    request->outer = current_thread()->exchange;
    current_thread()->exchange = request;
    if (verifier_checks(SB_VERIFY_USER))
        verifier_user_watch_begin(irp, request);
    return TRUE;
}

struct verifier_exchange *verifier_exchange_current(void)
{
    return current_thread()->exchange;
}

void verifier_exchange_release(struct verifier_exchange *request)
{
    if (__atomic_sub_fetch(&request->holds, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    verifier_ranges_destroy(&request->probed);
    verifier_ranges_destroy(&request->probed_empty);
    verifier_fetches_free(request->fetches);
    linux_free(request);
}

void verifier_exchange_end(void)
{
    PETHREAD thread = current_thread();
    struct verifier_exchange *request = thread->exchange;
    if (verifier_checks(SB_VERIFY_USER))
        verifier_user_watch_end(request->process);
    thread->exchange = request->outer;
    verifier_exchange_release(request);
}

SIZE_T verifier_exchange_reply(PIRP irp)
{
    struct verifier_memory *memory = verifier_memory();
    if (!is_asked_for())
        return MAXSIZE_T;
    linux_lock(&memory->lock);
    struct verifier_exchange *request = verifier_table_remove(&memory->requests, irp);
    linux_unlock(&memory->lock);
    if (!request)
        return MAXSIZE_T;
    SIZE_T most = MAXSIZE_T;
    if (verifier_checks(SB_VERIFY_REPLY) && !NT_ERROR(irp->IoStatus.Status))
        most = verifier_reply_check(irp, request);
    verifier_exchange_release(request);
    return most;
}
