/*
 * Calls that move data: their buffers in the process's memory, and what became of them. A request
 * that pends, or runs on a thread of its own, stays in session->requests until it was waited for.
 */
#ifndef SYSBUF_CLI_REQUEST_H
#define SYSBUF_CLI_REQUEST_H

#include "cli/run/session.h"

/* ioctl, read and write. False: the run cannot go on, and why was said. */
bool request_execute(struct session *session, const struct action *action);
/* The same in three steps: makes the request ready (NULL: why was said); runs it, on any thread;
 * and shows how it ended, or that it pends, which frees or keeps it. */
struct request *request_prepare(struct session *session, const struct action *action);
void request_run(struct request *request);
void request_settle(struct session *session, struct request *request);
/* Frees one that was not run. */
void request_drop(struct request *request);
bool request_flush(struct session *session, const struct action *action);
/* Cancels a request by its name, or all on a handle. */
bool request_cancel(struct session *session, const struct action *action);
struct request *request_find(struct session *session, const char *name);
/* Waits up to limit milliseconds, then shows how it ended. */
bool request_wait(struct session *session, struct request *request, const struct action *action);
/* Before a process ends: frees its requests that are done. */
void requests_free_done(struct session *session, const struct session_process *owner);
/* After it has ended: its memory is gone. Shows the requests that its end completed. */
void requests_forget_memory(struct session *session, struct session_process *owner);
/* After the last process is gone. False: a request's thread is inside a driver and does not come
 * back within a second, so that the machine cannot be taken apart; that was said. */
bool requests_all_done(struct session *session);
/* Frees all, when they are all done. */
void requests_free(struct session *session);

#endif
