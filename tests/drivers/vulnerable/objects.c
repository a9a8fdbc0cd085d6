/* Objects that outlive a request: used when they are gone, freed twice, believed to be others. */
#include "handlers.h"

typedef void callback(void);

struct object {
    callback *routine;
    CHAR text[0x54];
};

struct fake {
    CHAR text[sizeof(struct object)];
};

static struct object *object, *twice;

static void say(void)
{
    DbgPrint("[+] the object's routine\n");
}

NOINLINE NTSTATUS object_allocate(struct request *request)
{
    NTSTATUS status = STATUS_SUCCESS;

    TRY
    {
        struct object *made = ExAllocatePoolWithTag(NonPagedPool, sizeof *made, TAG);
        if (!made)
            return STATUS_NO_MEMORY;
        RtlFillMemory(made->text, sizeof made->text, 0x41);
        made->text[sizeof made->text - 1] = 0;
        made->routine = say;
        object = made; /* (the one before is forgotten) */
    }
    CATCH
    {
        status = STATUS_UNSUCCESSFUL;
    }
    return status;
}

NOINLINE NTSTATUS object_use(struct request *request)
{
    NTSTATUS status = STATUS_UNSUCCESSFUL;

    TRY
    {
        if (object) {
            callback *volatile *place = &object->routine;
            callback *routine = *place; /* MISTAKE: use-after-free */
            if (routine)
                routine();
            status = STATUS_SUCCESS;
        }
    }
    CATCH
    {
        status = STATUS_UNSUCCESSFUL;
    }
    return status;
}

NOINLINE NTSTATUS object_free(struct request *request)
{
    NTSTATUS status = STATUS_UNSUCCESSFUL;

    TRY
    {
        if (object) {
            ExFreePoolWithTag(object, TAG); /* MISTAKE: pool-double-free */
            status = STATUS_SUCCESS;
        }
    }
    CATCH
    {
        status = STATUS_UNSUCCESSFUL;
    }
    return status;
}

NOINLINE NTSTATUS object_fake(struct request *request)
{
    NTSTATUS status = STATUS_SUCCESS;

    TRY
    {
        struct fake *fake = ExAllocatePoolWithTag(NonPagedPool, sizeof *fake, TAG);
        if (!fake)
            return STATUS_NO_MEMORY;
        ProbeForRead(request->input, sizeof *fake, 1);
        RtlCopyMemory(fake, request->input, sizeof *fake);
        fake->text[sizeof fake->text - 1] = 0;
    }
    CATCH
    {
        status = STATUS_UNSUCCESSFUL;
    }
    return status;
}

NOINLINE NTSTATUS twice_allocate(struct request *request)
{
    if (!twice)
        twice = ExAllocatePoolWithTag(PagedPool, sizeof *twice, TAG);
    return twice ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

NOINLINE NTSTATUS twice_free(struct request *request)
{
    TRY
    {
        if (!twice)
            return STATUS_INVALID_DEVICE_STATE;
        ExFreePool(twice); /* MISTAKE: pool-double-free */
    }
    CATCH
    {
    }
    return STATUS_SUCCESS;
}

/* ---- objects with names, found by an index that the caller gives ---- */
struct named {
    UCHAR *name;
    SIZE_T length;
};

enum { NAMED = 8 };
static struct named *named[NAMED];

struct named_input {
    ULONG64 index;
    ULONG64 length;
};

static NTSTATUS read_input(struct request *request, struct named_input *input)
{
    NTSTATUS status = STATUS_SUCCESS;

    if (request->input_length < sizeof *input)
        return STATUS_INVALID_PARAMETER;
    TRY
    {
        ProbeForRead(request->input, sizeof *input, 1);
        RtlCopyMemory(input, request->input, sizeof *input);
    }
    CATCH
    {
        status = STATUS_UNSUCCESSFUL;
    }
    if (input->index >= NAMED)
        status = STATUS_INVALID_PARAMETER;
    return status;
}

NOINLINE NTSTATUS named_create(struct request *request)
{
    struct named_input input;
    NTSTATUS status = read_input(request, &input);
    struct named *made;

    if (!NT_SUCCESS(status))
        return status;
    if (named[input.index])
        return STATUS_INVALID_DEVICE_STATE;
    if (input.length == 0 || input.length > 4096)
        return STATUS_INVALID_PARAMETER;
    made = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof *made, TAG);
    if (!made)
        return STATUS_NO_MEMORY;
    made->name = ExAllocatePoolWithTag(NonPagedPoolNx, input.length, TAG);
    made->length = input.length;
    if (!made->name) {
        ExFreePoolWithTag(made, TAG);
        return STATUS_NO_MEMORY;
    }
    RtlZeroMemory(made->name, made->length);
    named[input.index] = made;
    return STATUS_SUCCESS;
}

/* The length is the caller's again. */
NOINLINE NTSTATUS named_set(struct request *request)
{
    struct named_input input;
    NTSTATUS status = read_input(request, &input);

    if (!NT_SUCCESS(status) || !named[input.index] || input.length > 8192)
        return STATUS_INVALID_PARAMETER;
    TRY
    {
        struct named *set = named[input.index];
        /* MISTAKE: pool-overrun|use-after-free */ RtlFillMemory(set->name, input.length, 7);
    }
    CATCH
    {
        status = STATUS_UNSUCCESSFUL;
    }
    return status;
}

NOINLINE NTSTATUS named_get(struct request *request)
{
    struct named_input input;
    NTSTATUS status = read_input(request, &input);

    if (!NT_SUCCESS(status) || !named[input.index])
        return STATUS_INVALID_PARAMETER;
    TRY
    {
        ProbeForWrite(request->output, request->output_length, 1);
        volatile SIZE_T *place = &named[input.index]->length;
        SIZE_T length = *place; /* MISTAKE: use-after-free */
        if (length > request->output_length)
            length = request->output_length;
        RtlCopyMemory(request->output, named[input.index]->name, length);
        request->information = length;
    }
    CATCH
    {
        status = STATUS_UNSUCCESSFUL;
    }
    return status;
}

NOINLINE NTSTATUS named_delete(struct request *request)
{
    struct named_input input;
    NTSTATUS status = read_input(request, &input);

    if (!NT_SUCCESS(status) || !named[input.index])
        return STATUS_INVALID_PARAMETER;
    ExFreePoolWithTag(named[input.index]->name, TAG); /* MISTAKE: use-after-free */
    ExFreePoolWithTag(named[input.index], TAG);
    return status;
}

void release_objects(void)
{
    /* Nothing: what is left is lost. */
}
