/*
 * Which user memory is watched, and when. Only regions that a driver was given an address of: the
 * buffers of METHOD_NEITHER requests, what their contents or a buffered input point at, and so on.
 * They are without access while a driver works on a request of their process, so a process whose
 * requests carry no addresses pays for looking through their input alone.
 */
#ifndef SYSBUF_HOST_VERIFIER_USER_WATCH_H
#define SYSBUF_HOST_VERIFIER_USER_WATCH_H

#include "host/verifier/exchange.h"

void verifier_user_watch_begin(PIRP irp, struct verifier_exchange *request);
void verifier_user_watch_end(struct _EPROCESS *process);
/* Watches again what a copy of the host's routines has opened. */
void verifier_user_watch_again(void);
/* The thread leaves a machine that was stopped: everything is accessible again. */
void verifier_user_watch_stop(void);
/* Memory that a driver read, and that may hold further addresses. */
void verifier_user_watch_contents(struct verifier_exchange *request, const void *bytes,
                                  SIZE_T length);

/* The process' record, made when there is none (NULL: no memory). memory->lock held. */
struct verifier_process *verifier_process_of(struct _EPROCESS *process);

#endif
