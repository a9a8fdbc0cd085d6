/*
 * Standing between drivers and the host's exports, as Driver Verifier does: while the verifier is
 * on, a driver's import is bound to what stands in front of the routine, so that only calls of
 * drivers are seen, the caller is the driver's instruction, and nothing costs anything when off.
 *
 * One chain, from the driver on:
 *   1. the checks of before_list.h (before.h), which may keep the call from happening;
 *   2. the IRQL, by irql_list.h (irql.h);
 *   3. what was put in the routine's place, one for each routine at most:
 *
 *          SB_WATCH("KeSetTimer", watch_KeSetTimer)
 *
 *      beside the definition of a routine with the export's own prototype, which calls the export;
 *   4. the routine.
 * The first two are a stub that jumps on, so that variable arguments and unwinding are undisturbed.
 */
#ifndef SYSBUF_HOST_VERIFIER_INTERPOSE_H
#define SYSBUF_HOST_VERIFIER_INTERPOSE_H

#include "host/machine.h"

struct verifier_watch {
    const char *name;
    const void *address;
};

/* The redeclaration makes a routine with Linux's calling convention an error. */
#define SB_WATCH(name, function)                                     \
    extern __typeof__(function) function __attribute__((ms_abi));    \
    static const struct verifier_watch SB_EXPORT_UNIQUE(__COUNTER__) \
        __attribute__((used, section("sb_watches"), aligned(8))) = {name, function};

/* The last one that begins at or below the address, NULL if none does. */
const struct verifier_watch *verifier_watch_at(uint64_t address);

/* What a driver's import of the export is to be bound to; address itself when nobody cares. The
 * same for all machines of the process: what stands in front asks whether the machine checks its
 * rules. */
const void *verifier_bind(const char *name, const void *address);

#endif
