/* Variables that ntoskrnl exports and that say what system this is; they never change. */
#include "host/ex/ex.h"
#include "host/ob/object.h"
#include "host/rtl/rtl.h"
#include "host/zw/zw.h"

/* KeTickCount changes all the time: it is the field of the shared user data, whose reads the host
 * answers (host/seh/shared_data.c). */
enum { TICK_COUNT_OFFSET = 0x320 };
#define SHARED_USER_DATA 0xFFFFF78000000000ull

static const ULONG free_build = 0xF0000000;

extern OBJECT_TYPE ex_semaphore_type, ex_mutant_type; /* the files of their names */

void ex_data_initialize(struct machine *machine)
{
    struct data_exports *data = machine->data_exports;
    data->nt_build_number = free_build | RTL_NT_BUILD;
    data->number_processors = (int8_t)machine->processors;
    data->debugger_enabled = FALSE;
    data->debugger_not_present = TRUE;
    data->mm_64_bit_physical_address = TRUE;
    data->bad_pointer = (void *)(LINUX_KERNEL_END - LINUX_PAGE_SIZE); /* never mapped */
    data->semaphore_object_type = &ex_semaphore_type;
    data->mutant_object_type = &ex_mutant_type;
    data->timer_object_type = &zw_timer_type;
    data->nls_ansi_code_page = 1252;
    data->nls_oem_code_page = 437;
}
SB_EXPORT_DATA("NtBuildNumber", nt_build_number)
SB_EXPORT_DATA("KeNumberProcessors", number_processors)
SB_EXPORT_DATA("KdDebuggerEnabled", debugger_enabled)
SB_EXPORT_DATA("KdDebuggerNotPresent", debugger_not_present)
SB_EXPORT_DATA("KdEnteredDebugger", debugger_entered)
SB_EXPORT_DATA("Mm64BitPhysicalAddress", mm_64_bit_physical_address)
SB_EXPORT_DATA("MmBadPointer", bad_pointer)
SB_EXPORT_DATA("InitSafeBootMode", safe_boot_mode)
SB_EXPORT_DATA("NtGlobalFlag", nt_global_flag)
SB_EXPORT_DATA("NlsAnsiCodePage", nls_ansi_code_page)
SB_EXPORT_DATA("NlsOemCodePage", nls_oem_code_page)
SB_EXPORT_ENTRY("ntoskrnl.exe", "KeTickCount", (void *)(SHARED_USER_DATA + TICK_COUNT_OFFSET), 0)
