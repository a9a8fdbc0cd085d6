/*
 * Runs a driver image on the exception code alone: a loader of a page, one thread, and a
 * KeBugCheckEx that remembers. Plain C types.
 */
#ifndef TESTS_HOST_SEH_RIG_H
#define TESTS_HOST_SEH_RIG_H

#include <stdbool.h>
#include <stdint.h>

struct rig_stop {
    uint32_t code;
    uint64_t parameters[4];
    uint64_t address; /* where the machine stopped, as an RVA of the image; or as it is */
    bool in_image;
    uint64_t rcx; /* register at the stop */
};

/* Maps and binds the image; false with a message on standard error. */
bool rig_load(const char *path);
/* Calls the image's export run_tests; its NTSTATUS. */
uint32_t rig_run_tests(void);
/* Calls run_fatal(which) on a system or an application's thread; false when it came back. */
bool rig_run_fatal(uint32_t which, bool system_thread, struct rig_stop *stop);
/* The RVA of an exported routine. */
uint64_t rig_export(const char *name);
/* The unwinder on tables written by hand (unwind_check.c): 0, or the line of the claim that failed.
 */
uint32_t rig_check_unwinder(void);

#endif
