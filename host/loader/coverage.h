/*
 * Which basic blocks of an image have run: an int3 on the first byte of each, taken away by the
 * signal handler when it is hit. The bytes are written through a second mapping of the image's
 * pages, so that the driver's own view of its code stays without write access.
 */
#ifndef SYSBUF_HOST_LOADER_COVERAGE_H
#define SYSBUF_HOST_LOADER_COVERAGE_H

#include "host/nt.h"

struct sb_coverage;
struct loaded_image;
struct machine;
struct linux_fault;

/* As sb_driver_coverage_start and its kin; load lock taken inside. */
NTSTATUS image_coverage_start(struct loaded_image *image, struct sb_coverage *coverage);
void image_coverage_again(struct loaded_image *image);
void image_coverage_stop(struct loaded_image *image);
/* The image is going; nothing of it runs any more. */
void image_coverage_free(struct loaded_image *image);

/* In the signal handler: TRUE when the breakpoint was one of these, or one that was taken away
 * meanwhile; registers->rip is then back on the instruction. */
BOOLEAN coverage_take_breakpoint(struct machine *machine, struct linux_fault *fault);

/* For who reads code: puts the driver's own bytes in the place of breakpoints, in a copy of what
 * begins at address. Inside the machine. */
void coverage_restore_code(uint64_t address, uint8_t *bytes, size_t length);

#endif
