/*
 * Low resources: a site is a routine that may fail for want of resources, called from one driver
 * call stack. Every site is counted; one, chosen by the machine's option, fails.
 */
#ifndef SYSBUF_HOST_VERIFIER_SITES_H
#define SYSBUF_HOST_VERIFIER_SITES_H

#include "host/verifier/state.h"

struct loaded_image;

/* Counts a call of the routine (a text that lives for ever) from the driver's return address
 * caller; TRUE when it is to fail. Calls of the host itself are no sites. */
BOOLEAN verifier_site_fails(const char *routine, const void *caller);
/* The image's code can be asked for names no longer. */
void verifier_sites_forget_image(const struct loaded_image *image);
void verifier_sites_destroy(struct verifier_sites *sites);

/* Calls that Windows cannot fail, or only as the driver allows: by their arguments. */
BOOLEAN site_mapping_may_fail(const uint64_t *arguments);
BOOLEAN site_locking_may_fail(const uint64_t *arguments);
BOOLEAN site_handle_may_fail(const uint64_t *arguments);
BOOLEAN site_string_is_allocated(const uint64_t *arguments);
BOOLEAN site_adds_routine(const uint64_t *arguments);
BOOLEAN site_registers_wmi(const uint64_t *arguments);

#endif
