/* Local buffers and what is copied into them. */
#include "handlers.h"

enum { WORDS = 512, BYTES = 512 };

NOINLINE NTSTATUS stack_copy(struct request *request)
{
    NTSTATUS status = STATUS_SUCCESS;
    ULONG buffer[WORDS] = {0};

    TRY
    {
        ProbeForRead(request->input, sizeof buffer, 1);
        DbgPrint("[+] buffer 0x%p size 0x%X\n", (void *)buffer, (ULONG)sizeof buffer);
        RtlCopyMemory(buffer, request->input, request->input_length); /* MISTAKE: stack-overrun */
        use(buffer);
    }
    CATCH
    {
        status = STATUS_UNSUCCESSFUL;
    }
    return status;
}

/* The terminator is looked for behind the end. */
NOINLINE NTSTATUS stack_loop(struct request *request)
{
    NTSTATUS status = STATUS_SUCCESS;
    UCHAR buffer[64];
    volatile UCHAR *end = buffer;

    TRY
    {
        const UCHAR *input = request->input;
        ProbeForRead(request->input, request->input_length, 1);
        for (ULONG i = 0; i < request->input_length; i++)
            end[i] = input[i]; /* MISTAKE: stack-overrun */
        use(buffer);
    }
    CATCH
    {
        status = STATUS_UNSUCCESSFUL;
    }
    return status;
}

/* Like stack_copy; built with a cookie where there is a compiler for it. */
NOINLINE NTSTATUS stack_cookie(struct request *request)
{
    NTSTATUS status = STATUS_SUCCESS;
    UCHAR buffer[BYTES];

    TRY
    {
        RtlZeroMemory(buffer, sizeof buffer);
        ProbeForRead(request->input, sizeof buffer, 1);
        RtlCopyMemory(buffer, request->input, request->input_length); /* MISTAKE: stack-overrun */
        use(buffer);
    }
    CATCH
    {
        status = STATUS_UNSUCCESSFUL;
    }
    return status;
}

NOINLINE NTSTATUS stack_disclosure(struct request *request)
{
    NTSTATUS status = STATUS_SUCCESS;
    UCHAR buffer[256];

    TRY
    {
        ProbeForWrite(request->output, request->output_length, 1);
        RtlFillMemory(buffer, 32, 0x41);
        use(buffer);
        if (request->output_length <= sizeof buffer)
            RtlCopyMemory(request->output, buffer, request->output_length);
        request->information = request->output_length; /* (found at its completion) */
    }
    CATCH
    {
        status = STATUS_UNSUCCESSFUL;
    }
    return status;
}

NOINLINE NTSTATUS buffered_stack(struct request *request)
{
    WCHAR name[32];

    RtlCopyMemory(name, request->input, request->input_length); /* MISTAKE: stack-overrun */
    use(name);
    return STATUS_SUCCESS;
}

/* A text without its terminator: the copy goes on until there happens to be one. */
NOINLINE NTSTATUS buffered_text(struct request *request)
{
    volatile char copy[40];
    const char *text = request->input;
    ULONG i;

    if (request->input_length == 0)
        return STATUS_BUFFER_TOO_SMALL;
    for (i = 0; text[i]; i++) /* MISTAKE: pool-overrun */
        if (i < sizeof copy)
            copy[i] = text[i];
    use((void *)copy);
    return STATUS_SUCCESS;
}
