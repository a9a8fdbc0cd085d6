/* Addresses: given by the caller, null, never set, of another kind; and values read twice. */
#include "handlers.h"

struct what_where {
    ULONG_PTR *what, *where;
};

NOINLINE NTSTATUS write_what_where(struct request *request)
{
    NTSTATUS status = STATUS_SUCCESS;

    TRY
    {
        ProbeForRead(request->input, sizeof(struct what_where), 1);
        ULONG_PTR *what = ((struct what_where *)request->input)->what;
        ULONG_PTR *where = ((struct what_where *)request->input)->where;
        DbgPrint("[+] what 0x%p where 0x%p\n", (void *)what, (void *)where);
        *(volatile ULONG_PTR *)where = *what; /* MISTAKE: request-pointer|user-memory-unprobed */
    }
    CATCH
    {
        status = STATUS_UNSUCCESSFUL;
    }
    return status;
}

NOINLINE NTSTATUS write_null(struct request *request)
{
    NTSTATUS status = STATUS_SUCCESS;

    TRY
    {
        volatile ULONG_PTR *where = request->input;
        *where = 0; /* MISTAKE: user-memory-unprobed|request-pointer */
    }
    CATCH
    {
        status = STATUS_UNSUCCESSFUL;
    }
    return status;
}

NOINLINE NTSTATUS increment(struct request *request)
{
    NTSTATUS status = STATUS_SUCCESS;

    TRY
    {
        ProbeForRead(request->input, sizeof(ULONG_PTR), 1);
        volatile ULONG_PTR *address = *(ULONG_PTR **)request->input;
        (*address)++; /* MISTAKE: request-pointer|user-memory-unprobed */
    }
    CATCH
    {
        status = STATUS_UNSUCCESSFUL;
    }
    return status;
}

struct read_input {
    const UCHAR *address;
    ULONG64 length;
};

NOINLINE NTSTATUS arbitrary_read(struct request *request)
{
    NTSTATUS status = STATUS_SUCCESS;
    struct read_input input;

    TRY
    {
        ProbeForRead(request->input, sizeof input, 1);
        RtlCopyMemory(&input, request->input, sizeof input);
        if (input.length > request->output_length)
            input.length = request->output_length;
        ProbeForWrite(request->output, request->output_length, 1);
        void *to = request->output;
        /* MISTAKE: request-pointer|user-memory-unprobed */
        RtlCopyMemory(to, input.address, input.length);
        request->information = input.length;
    }
    CATCH
    {
        status = STATUS_UNSUCCESSFUL;
    }
    return status;
}

typedef void callback(void);

struct user_object {
    ULONG_PTR id, type;
};

struct kernel_object {
    ULONG_PTR id;
    union {
        ULONG_PTR type;
        callback *routine;
    };
};

static NOINLINE void initialize(struct kernel_object *object)
{
    object->routine(); /* MISTAKE: request-pointer|wild-call */
    use(object);
}

NOINLINE NTSTATUS type_confusion(struct request *request)
{
    NTSTATUS status = STATUS_SUCCESS;
    struct kernel_object *object = NULL;

    TRY
    {
        ProbeForRead(request->input, sizeof(struct user_object), 1);
        object = ExAllocatePoolWithTag(NonPagedPool, sizeof *object, TAG);
        if (!object)
            return STATUS_NO_MEMORY;
        object->id = ((struct user_object *)request->input)->id;
        object->type = ((struct user_object *)request->input)->type;
        initialize(object);
        ExFreePoolWithTag(object, TAG);
    }
    CATCH
    {
        status = STATUS_UNSUCCESSFUL;
    }
    return status;
}

static void say(void)
{
    DbgPrint("[+] the right routine\n");
}

struct valued {
    ULONG value;
    callback *routine;
    ULONG padding[58];
};

NOINLINE NTSTATUS null_pointer(struct request *request)
{
    NTSTATUS status = STATUS_SUCCESS;
    struct valued *valued = NULL;

    TRY
    {
        ProbeForRead(request->input, sizeof *valued, 1);
        valued = ExAllocatePoolWithTag(NonPagedPool, sizeof *valued, TAG);
        if (!valued)
            return STATUS_NO_MEMORY;
        ULONG value = *(ULONG *)request->input;
        if (value == MAGIC) {
            valued->value = value;
            valued->routine = say;
        } else {
            ExFreePoolWithTag(valued, TAG);
            valued = NULL;
        }
        use(&valued);
        (*(callback *volatile *)&valued->routine)(); /* MISTAKE: null-dereference|wild-call */
    }
    CATCH
    {
        status = STATUS_UNSUCCESSFUL;
    }
    return status;
}

NOINLINE NTSTATUS uninitialized_stack(struct request *request)
{
    NTSTATUS status = STATUS_SUCCESS;
    struct valued valued;

    use(&valued);
    TRY
    {
        ProbeForRead(request->input, 4, 1);
        ULONG value = *(ULONG *)request->input;
        if (value == MAGIC) {
            valued.value = value;
            valued.routine = say;
        }
        if (valued.routine)
            valued.routine(); /* MISTAKE: uninitialized-pointer|wild-call */
        use(&valued);
    }
    CATCH
    {
        status = STATUS_UNSUCCESSFUL;
    }
    return status;
}

NOINLINE NTSTATUS uninitialized_pool(struct request *request)
{
    NTSTATUS status = STATUS_SUCCESS;
    struct valued *valued = NULL;

    TRY
    {
        ProbeForRead(request->input, 4, 1);
        valued = ExAllocatePoolWithTag(PagedPool, sizeof *valued, TAG);
        if (!valued)
            return STATUS_NO_MEMORY;
        ULONG value = *(ULONG *)request->input;
        if (value == MAGIC) {
            valued->value = value;
            valued->routine = say;
            RtlFillMemory(valued->padding, sizeof valued->padding, 0);
        }
        use(valued);
        if (valued->routine)
            valued->routine(); /* MISTAKE: uninitialized-pointer|wild-call */
    }
    CATCH
    {
        status = STATUS_UNSUCCESSFUL;
    }
    return status;
}

struct fetched {
    void *buffer;
    SIZE_T size;
};

NOINLINE NTSTATUS double_fetch(struct request *request)
{
    NTSTATUS status = STATUS_SUCCESS;
    ULONG copy[512] = {0};

    TRY
    {
        volatile struct fetched *fetched = request->input;
        ProbeForRead(request->input, sizeof *fetched, 1);
        DbgPrint("[+] buffer 0x%p\n", fetched->buffer);
        if (fetched->size > sizeof copy)
            return STATUS_INVALID_PARAMETER;
        RtlCopyMemory(copy, fetched->buffer, /* MISTAKE: user-memory-fetched-twice */
                      fetched->size);
        use(copy);
    }
    CATCH
    {
        status = STATUS_UNSUCCESSFUL;
    }
    return status;
}

/* A file opened with the kernel's rights, in a folder that the caller may write to. */
NOINLINE NTSTATUS kernel_file(struct request *request)
{
    UNICODE_STRING name =
        RTL_CONSTANT_STRING(L"\\DosDevices\\C:\\Windows\\System32\\vulnerable.log");
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK block;
    HANDLE file = NULL;
    NTSTATUS status = STATUS_UNSUCCESSFUL;

    TRY
    {
        InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
        status = ZwCreateFile(&file, FILE_WRITE_DATA | SYNCHRONIZE, /* MISTAKE: drive-of-caller */
                              &attributes, &block, NULL, FILE_ATTRIBUTE_NORMAL, FILE_SHARE_READ,
                              FILE_OVERWRITE_IF,
                              FILE_SYNCHRONOUS_IO_NONALERT | FILE_NON_DIRECTORY_FILE, NULL, 0);
        if (NT_SUCCESS(status))
            ZwClose(file);
    }
    CATCH
    {
        status = STATUS_UNSUCCESSFUL;
    }
    return status;
}
