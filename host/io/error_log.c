/* The system event log: an entry a driver writes becomes one line of the machine's log. */
#include "host/io/io.h"
#include "host/ke/ke.h"
#include "host/ke/text.h"
#include "host/mm/mm.h"

enum { ERROR_LOG_TAG = 0x72456F49 };

/* In front of the packet the driver fills in. */
struct error_entry {
    PVOID source; /* device or driver */
    ULONG size;   /* of the packet */
    ULONG64 reserved[2];
};

PVOID NTAPI IoAllocateErrorLogEntry(PVOID source, UCHAR size)
{
    struct machine *machine = current_machine();
    if (size < FIELD_OFFSET(IO_ERROR_LOG_PACKET, DumpData) || size > ERROR_LOG_MAXIMUM_SIZE)
        return NULL;
    struct error_entry *entry =
        mm_pool_allocate_zero(machine, sizeof(*entry) + size, ERROR_LOG_TAG);
    if (!entry)
        return NULL;
    ob_reference(source);
    entry->source = source;
    entry->size = size;
    return entry + 1;
}
SB_EXPORT(IoAllocateErrorLogEntry)

VOID NTAPI IoFreeErrorLogEntry(PVOID packet)
{
    struct error_entry *entry = (struct error_entry *)packet - 1;
    ob_dereference(entry->source);
    mm_pool_free(current_machine(), entry);
}
SB_EXPORT(IoFreeErrorLogEntry)

static PUNICODE_STRING driver_name(PVOID source)
{
    if (object_header_of(source)->type == &io_device_type)
        source = ((PDEVICE_OBJECT)source)->DriverObject;
    return &((PDRIVER_OBJECT)source)->DriverName;
}

VOID NTAPI IoWriteErrorLogEntry(PVOID packet)
{
    struct error_entry *entry = (struct error_entry *)packet - 1;
    const IO_ERROR_LOG_PACKET *error = packet;
    struct machine *machine = current_machine();
    static const WCHAR none[] = L"";
    PCWSTR text = none;
    char line[512];
    if (error->NumberOfStrings && error->StringOffset < entry->size)
        text = (PCWSTR)((const char *)packet + error->StringOffset);
    SIZE_T length =
        text_format(line, sizeof(line),
                    "event log: %wZ: error 0x%08x, final status 0x%08x, unique value 0x%x: %ws\n",
                    driver_name(entry->source), error->ErrorCode, error->FinalStatus,
                    error->UniqueErrorValue, text);
    machine_log(machine, line, length);
    IoFreeErrorLogEntry(packet);
}
SB_EXPORT(IoWriteErrorLogEntry)
