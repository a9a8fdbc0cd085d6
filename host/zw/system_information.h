/* What ZwQuerySystemInformation answers, as on x64 Windows 10. The DDK headers lack these. */
#ifndef SYSBUF_HOST_ZW_SYSTEM_INFORMATION_H
#define SYSBUF_HOST_ZW_SYSTEM_INFORMATION_H

#include "host/nt.h"

struct system_basic {
    ULONG reserved, timer_resolution, page_size, physical_pages, lowest_page, highest_page,
        granularity;
    ULONG_PTR least_user_address, most_user_address;
    KAFFINITY active_processors;
    CCHAR processor_count;
};
_Static_assert(sizeof(struct system_basic) == 64, "SYSTEM_BASIC_INFORMATION");

struct system_processor {
    USHORT architecture, level, revision, maximum_processors;
    ULONG features;
};
_Static_assert(sizeof(struct system_processor) == 12, "SYSTEM_PROCESSOR_INFORMATION");

struct system_time_of_day {
    int64_t boot_time, current_time, time_zone_bias;
    ULONG time_zone_id, reserved;
    uint64_t boot_time_bias, sleep_time_bias;
};
_Static_assert(sizeof(struct system_time_of_day) == 48, "SYSTEM_TIMEOFDAY_INFORMATION");

enum { THREAD_RUNNING = 2, THREAD_WAITING = 5 };

struct system_thread {
    int64_t kernel_time, user_time, create_time;
    ULONG wait_time;
    PVOID start_address;
    CLIENT_ID id;
    KPRIORITY priority;
    LONG base_priority;
    ULONG context_switches, state, wait_reason;
};
_Static_assert(sizeof(struct system_thread) == 80, "SYSTEM_THREAD_INFORMATION");

/* Its threads follow. */
struct system_process {
    ULONG next_offset, thread_count;
    int64_t working_set_private;
    ULONG hard_faults, most_threads;
    uint64_t cycles;
    int64_t create_time, user_time, kernel_time;
    UNICODE_STRING image_name;
    KPRIORITY base_priority;
    HANDLE process_id, parent_id;
    ULONG handle_count, session_id;
    ULONG_PTR unique_key;
    SIZE_T peak_virtual, virtual;
    ULONG page_faults;
    SIZE_T peak_working_set, working_set, peak_paged, paged, peak_nonpaged, nonpaged, page_file,
        peak_page_file, private_pages;
    int64_t io_counters[6];
};
_Static_assert(FIELD_OFFSET(struct system_process, image_name) == 0x38, "ImageName");
_Static_assert(FIELD_OFFSET(struct system_process, process_id) == 0x50, "UniqueProcessId");
_Static_assert(sizeof(struct system_process) == 0x100, "SYSTEM_PROCESS_INFORMATION");

struct system_module {
    PVOID section, mapped_base, image_base;
    ULONG image_size, flags;
    USHORT load_order, init_order, load_count, name_offset;
    char path[256];
};
_Static_assert(sizeof(struct system_module) == 296, "RTL_PROCESS_MODULE_INFORMATION");

struct system_modules {
    ULONG count, padding;
};

#endif
