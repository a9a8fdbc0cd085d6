/*
 * A lock and a thread, as both systems have them.
 */
#ifndef SYSBUF_CLIENT_THREAD_H
#define SYSBUF_CLIENT_THREAD_H

#include <stdbool.h>

struct sb_lock;
struct sb_thread;

/* NULL if there is no memory. */
struct sb_lock *sb_lock_create(void);
void sb_lock_acquire(struct sb_lock *lock);
void sb_lock_release(struct sb_lock *lock);
void sb_lock_delete(struct sb_lock *lock);

/* Runs run(context) in a thread of its own; NULL if there is none to be had. */
struct sb_thread *sb_thread_start(void (*run)(void *context), void *context);
/* Waits for its end and frees it. */
void sb_thread_join(struct sb_thread *thread);

#endif
