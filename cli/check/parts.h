/* The parts of the workload, each a kind of calls. */
#ifndef SYSBUF_CLI_PARTS_H
#define SYSBUF_CLI_PARTS_H

#include "cli/check/workload.h"

/* Starting and unloading, again and again. */
void part_start_and_stop(struct workload *workload);
/* Devices that stop, sleep and are removed, with and without files open on them. */
void part_plug_and_play(struct workload *workload);
/* Opens and closes in every order, by every kind of caller; unload with handles open. */
void part_open_and_close(struct workload *workload, struct device *device);
/* Lengths around every boundary, contents, pointers; notes which calls succeed. */
void part_buffers(struct workload *workload, struct device *device, struct entrance *entrance);
/* Values at the ends of what numbers can be in each field of a structure; numbers of the driver's.
 */
void part_fields(struct workload *workload, struct device *device, struct entrance *entrance);
/* What of these is added to a body for values in fields alone. */
void part_add_boundaries(struct lines *body, const struct entrance *entrance);
/* Some of an entrance's calls on machines that lay memory out and fill it in another way. */
void part_second_look(struct workload *workload, const struct device *device,
                      const struct entrance *entrance);
/* Calls on what other calls made, used and freed. */
void part_state(struct workload *workload, struct device *device);
/* Requests that pend: cancelled, closed, their process ended, the driver unloaded. */
void part_pending(struct workload *workload, struct device *device);
/* Calls after other calls on the same handle and on others. */
void part_sequences(struct workload *workload, struct device *device);

/* What the driver does for a user who is no administrator. */
void part_ordinary(struct workload *workload, struct device *device);

/* Two calls at the same time, under every schedule of their threads. */
void part_races(struct workload *workload, struct device *device);

/* ---- between the parts ---- */
/* What a script begins with: guard pages around buffers, the device open as d. */
void part_begin(struct lines *prologue, const struct device *device);
/* A visitor of workload_play: notes which calls of the entrance (context) succeed. */
void part_take_call(void *context, const char *statement, const struct case_line *line);

#endif
