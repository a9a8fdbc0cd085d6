/* Shared by thread.c and signal.c. */
#ifndef SYSBUF_HOST_LINUX_STACK_H
#define SYSBUF_HOST_LINUX_STACK_H

#include <signal.h>

/* The signals the host handles; its own threads must not block them. */
void linux_fault_signals(sigset_t *signals);

#endif
