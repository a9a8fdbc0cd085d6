/*
 * The variables that ntoskrnl exports. Each machine has its own copy, in its kernel arena; a
 * driver's import of one is bound to that machine's field. Add a field here, set it in the owning
 * component's initialise function and export it with SB_EXPORT_DATA.
 */
#ifndef SYSBUF_HOST_DATA_EXPORTS_H
#define SYSBUF_HOST_DATA_EXPORTS_H

#include <stdint.h>

struct data_exports {
    /* Mm */
    uint64_t user_probe_address;
    void *highest_user_address;
    void *system_range_start;
    /* Object types: pointers to the type objects. */
    void *event_object_type;
    void *semaphore_object_type;
    void *mutant_object_type;
    void *timer_object_type;
    void *file_object_type;
    void *device_object_type;
    void *driver_object_type;
    void *process_type;
    void *thread_type;
    void *token_object_type;
    void *section_object_type;
    void *key_object_type;
    /* Ke, Ex, Ps, Se, Kd */
    uint64_t tick_count[2];
    void *initial_system_process;
    uint32_t nt_build_number;
    uint8_t debugger_enabled;
    uint8_t debugger_not_present;
    int8_t number_processors;
    uint8_t debugger_entered;
    uint8_t mm_64_bit_physical_address;
    void *bad_pointer;
    uint32_t safe_boot_mode;
    uint32_t nt_global_flag;
    uint16_t nls_ansi_code_page, nls_oem_code_page;
    void *se_exports;
    void *se_public_default_dacl;
    void *se_system_default_dacl;
    uint8_t nls_mb_code_page_tag;
    uint8_t nls_mb_oem_code_page_tag;
    void *loaded_modules[2]; /* PsLoadedModuleList: a LIST_ENTRY */
};

#endif
